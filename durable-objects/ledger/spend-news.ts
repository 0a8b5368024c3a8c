/** Tells people once that a budget runs low or is used up: the live feed, the audit trail and the home chat. */
import type { AuditTrail } from "../../adapters/audit-trail.ts"
import { erasedIdHash } from "../../adapters/store/projection.ts"
import { type Account, amountOf, tell } from "../../core/budget/account.ts"
import type { Held, Refused } from "../../core/budget/judge.ts"
import { type BudgetScope, scopeKey, setLimits } from "../../core/budget/limits.ts"
import type { Windows } from "../../core/budget/window.ts"
import { type BudgetUse, stoppedText, warningText } from "../../core/budget/words.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { type ConversationId, toRfc3339 } from "../../core/units.ts"
import { openTrail } from "../audit.ts"
import type { ObjectHost } from "../host.ts"
import { HomeNotices } from "../notices/home-notices.ts"
import type { GatewayParts } from "../parts.ts"
import type { KnownTerms } from "./terms.ts"

/** Of a limit, in hundredths. */
const warnAtPercent = 80

export class SpendNews {
  readonly #host: ObjectHost
  readonly #terms: KnownTerms
  readonly #publish: (events: LiveEvent[]) => void
  readonly #trail: AuditTrail
  readonly notices: HomeNotices

  constructor(
    host: ObjectHost,
    parts: Pick<GatewayParts, "vault" | "log">,
    work: { terms: KnownTerms; publish: (events: LiveEvent[]) => void; onChange: () => void },
  ) {
    this.#host = host
    this.#terms = work.terms
    this.#publish = work.publish
    this.#trail = openTrail(host, parts)
    this.notices = new HomeNotices(host, {
      home: () => work.terms.global.home,
      log: parts.log,
      onChange: work.onChange,
    })
  }

  /** The account with a note of every limit that people are now warned of. */
  warn({ scope, limits, account }: Held, windows: Windows): Account {
    let told = account
    for (const limit of setLimits(limits)) {
      const { unit, period, value } = limit
      const field = amountOf(unit)
      const { spent, warned } = told[period]
      if (spent[field] * 100 < value * warnAtPercent || warned[field] === value) continue
      told = tell(told, "warned", limit)
      const use = { scope, unit, period, used: spent[field], limit: value }
      const window = windows[period]
      this.#publish([{ event: "spend:warning", data: toData(use) }])
      const text = warningText(use, this.#nameOf(scope), window.endsAt, this.#terms.global.timeZone)
      this.notices.add(`${scopeKey(scope)}/warned/${unit}/${period}/${window.startsAt}/${value}`, text)
    }
    return told
  }

  /** The account with a note that people were told of what stops calls; itself when they were before. */
  stop({ scope, account }: Held, refusal: Extract<Refused, { status: "refused" }>, windows: Windows): Account {
    const { unit, period } = refusal.limit
    const value = refusal.limitValue
    if (account[period].stopped[amountOf(unit)] === value) return account
    const use = { scope, unit, period, used: refusal.usedValue, limit: value }
    const { nextAllowedAt } = refusal
    const resumesAt = nextAllowedAt === null ? null : toRfc3339(nextAllowedAt)
    this.#publish([{ event: "spend:stopped", data: { ...toData(use), resumesAt } }])
    const text = stoppedText(use, this.#nameOf(scope), nextAllowedAt, this.#terms.global.timeZone)
    this.notices.add(`${scopeKey(scope)}/stopped/${unit}/${period}/${windows[period].startsAt}/${value}`, text)
    this.#record(use)
    return tell(account, "stopped", { unit, period, value })
  }

  forget(conversationId: ConversationId): void {
    this.notices.drop(`${scopeKey({ kind: "conversation", conversationId })}/`)
  }

  #record({ scope, unit, period, used, limit }: BudgetUse): void {
    this.#trail.record({
      at: this.#host.now(),
      action: "spend_stopped",
      actorId: null,
      actorName: "",
      credential: "none",
      ...targetOf(scope),
      requestId: "",
      address: "",
      details: { scope: scope.kind, unit, period, used, limit },
    })
  }

  #nameOf(scope: BudgetScope): string | undefined {
    return scope.kind === "group" ? this.#terms.group(scope.groupId)?.name : undefined
  }
}

/** The trail never forgets, so it gets a conversation's digest and not its id. */
function targetOf(scope: BudgetScope) {
  switch (scope.kind) {
    case "global":
      return { targetKind: "settings" as const, targetId: null }
    case "group":
      return { targetKind: "group" as const, targetId: scope.groupId }
    case "conversation":
      return { targetKind: "conversation" as const, targetId: erasedIdHash(scope.conversationId) }
  }
}

function toData({ scope, unit, period, used, limit }: BudgetUse) {
  const id = scope.kind === "global" ? null : scope.kind === "group" ? scope.groupId : scope.conversationId
  return { scope: scope.kind, id, period, unit, used, limit }
}
