/** Budgets: what may be spent, what is, and a conversation's own limits. */
import {
  type BudgetLimitsView,
  type BudgetView,
  getBudgets,
  getConversationBudget,
  setConversationBudget,
} from "../../core/api/budgets.ts"
import { type BudgetLimits, noLimits } from "../../core/budget/limits.ts"
import type { BudgetsState, BudgetState } from "../../core/budget/terms.ts"
import { toUsd } from "../../core/budget/usd.ts"
import type { Window } from "../../core/budget/window.ts"
import { LoopError } from "../../core/errors.ts"
import { microUsdOf } from "../../core/settings.ts"
import { type ConversationId, toRfc3339 } from "../../core/units.ts"
import { listGroupNames } from "../../adapters/store/agents.ts"
import { conversationTerms, findConversationBudget, writeConversationBudget } from "../../adapters/store/budgets.ts"
import { findConversation } from "../../adapters/store/conversations.ts"
import { readPolicySource } from "../../adapters/store/policy.ts"
import { erasedIdHash } from "../../adapters/store/projection.ts"
import { tellBudget } from "../budgets.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"
import { tellLive } from "../live.ts"

/** Of changes that name no version and met another. */
const mostTries = 10

export function bindBudgets(binder: Binder, deps: EdgeDeps): void {
  const ledger = () => deps.peers("ledger", "main")

  bind(binder, getBudgets, async () => {
    const [state, names] = await Promise.all([ledger().call("budgets", { of: null }), listGroupNames(deps.libsql)])
    const data = state.scopes.map((one) => toView(one, names))
    return { ...toCalendar(state), data }
  })

  bind(binder, getConversationBudget, async ({ params }) => show(params.id))

  bind(binder, setConversationBudget, async ({ params: { id }, body: { version, ...body }, context }) => {
    await tellBudget(deps, conversationTerms(await write(id, toLimits(body), version)))
    tellLive(deps, { event: "settings:changed", data: { what: "conversation-budget", id } })
    // The trail never forgets, so it gets the digest that the database keeps too, and not the id.
    const target = ["conversation", erasedIdHash(id)] as const
    binder.audit.record(context, { action: "budget_changed", target, details: { fields: Object.keys(body).join(" ") } })
    return show(id)
  })

  /** @param version - that was seen; undefined: whatever there is now */
  async function write(id: ConversationId, changes: Partial<BudgetLimits>, version: number | undefined) {
    for (let tries = 1; ; tries += 1) {
      const before = await findConversationBudget(deps.libsql, id)
      const seen = version ?? before?.version ?? 0
      const limits = { ...(before ?? noLimits), ...changes }
      const outcome = await writeConversationBudget(deps.libsql, id, limits, { seen, now: deps.now() })
      switch (outcome.status) {
        case "written":
          return outcome.row
        case "not_found":
          throw new LoopError("conversation_not_found")
        case "conflict":
          // Others who name other limits at the same instant lose nothing by it.
          if (version !== undefined || tries === mostTries) throw new LoopError("edit_conflict")
      }
    }
  }

  async function show(id: ConversationId) {
    const [conversation, own] = await Promise.all([
      findConversation(deps.libsql, id),
      findConversationBudget(deps.libsql, id),
    ])
    if (conversation === undefined) throw new LoopError("conversation_not_found")
    const { group } = await readPolicySource(deps.libsql, conversation)
    const state = await ledger().call("budgets", { of: { conversationId: id, groupId: group?.id ?? null } })
    const one = state.scopes.find(({ scope }) => scope.kind === "conversation")
    if (one === undefined) throw new LoopError("internal")
    const { version = 0 } = own ?? {}
    return { ...toCalendar(state), own: toLimitsView(own ?? noLimits), version, budget: toView(one, new Map()) }
  }
}

function toCalendar({ timeZone, day, month }: BudgetsState) {
  const span = ({ startsAt, endsAt }: Window) => ({ startsAt: toRfc3339(startsAt), endsAt: toRfc3339(endsAt) })
  return { timeZone, day: span(day), month: span(month) }
}

function toView({ scope, limits, day, month }: BudgetState, names: ReadonlyMap<string, string>): BudgetView {
  const id = scope.kind === "global" ? null : scope.kind === "group" ? scope.groupId : scope.conversationId
  const name = id === null ? null : (names.get(id) ?? null)
  return { scope: scope.kind, id, name, limits: toLimitsView(limits), day, month }
}

/** Limits as callers see them: in dollars. */
export function toLimitsView({ maxTokensDay, maxTokensMonth, maxMicroUsdDay, maxMicroUsdMonth }: BudgetLimits) {
  const usd = (micro: number | null) => (micro === null ? null : toUsd(micro))
  return { maxTokensDay, maxTokensMonth, maxUsdDay: usd(maxMicroUsdDay), maxUsdMonth: usd(maxMicroUsdMonth) }
}

/** The named ones. */
function toLimits({ maxUsdDay, maxUsdMonth, ...tokens }: Partial<BudgetLimitsView>): Partial<BudgetLimits> {
  return {
    ...tokens,
    ...(maxUsdDay === undefined ? {} : { maxMicroUsdDay: microUsdOf(maxUsdDay) }),
    ...(maxUsdMonth === undefined ? {} : { maxMicroUsdMonth: microUsdOf(maxUsdMonth) }),
  }
}
