/** What is set for each scope, as far as the Ledger knows: told by the API, read from libSQL at the beginning and now and then. */
import { readBudgetTerms } from "../../adapters/store/budgets.ts"
import { type BudgetLimits, type BudgetScope, firstSet, noLimits, scopeKey } from "../../core/budget/limits.ts"
import { BudgetTerms } from "../../core/budget/terms.ts"
import { isLoopError } from "../../core/errors.ts"
import { EpochMs, type ConversationId, type GroupId } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"

type Terms<K extends BudgetTerms["kind"]> = Extract<BudgetTerms, { kind: K }>

const prefix = "terms/"
/** News that got lost are found after so long. */
const reloadMs = 5 * 60_000
/** A refusal looks whether more is allowed meanwhile, but not again so soon. */
const lookAgainMs = 1_000

const noTerms: Terms<"global"> = {
  kind: "global",
  version: 0,
  limits: noLimits,
  conversationLimits: noLimits,
  timeZone: "UTC",
  home: null,
}

export class KnownTerms {
  readonly #host: ObjectHost
  readonly #known: Map<string, BudgetTerms>
  /** All that is set was read at least once. */
  #isComplete: boolean
  #loadedAt: EpochMs | null = null
  #loading: Promise<void> | undefined
  /** Keys that were told while a load was under way: what it read may be older. */
  readonly #toldMeanwhile = new Set<string>()

  constructor(host: ObjectHost) {
    this.#host = host
    const stored = host.storage.list({ prefix }).map(([key, value]) => [key, BudgetTerms.parse(value)] as const)
    this.#known = new Map(stored.map(([key, terms]) => [key.slice(prefix.length), terms]))
    this.#isComplete = host.storage.get("terms-complete") === true
  }

  get global(): Terms<"global"> {
    const known = this.#known.get("global")
    return known?.kind === "global" ? known : noTerms
  }

  group(groupId: GroupId): Terms<"group"> | undefined {
    const known = this.#known.get(scopeKey({ kind: "group", groupId }))
    return known?.kind === "group" ? known : undefined
  }

  get groups(): Terms<"group">[] {
    return [...this.#known.values()].filter((terms) => terms.kind === "group")
  }

  /** Those with limits of their own. */
  get conversations(): ConversationId[] {
    return [...this.#known.values()].flatMap((terms) =>
      terms.kind === "conversation" && Object.values(terms.limits).some((limit) => limit !== null)
        ? [terms.conversationId]
        : [],
    )
  }

  limitsOf(scope: BudgetScope, groupId: GroupId | null): BudgetLimits {
    switch (scope.kind) {
      case "global":
        return this.global.limits
      case "group":
        return this.group(scope.groupId)?.limits ?? noLimits
      case "conversation": {
        const own = this.#known.get(scopeKey(scope))?.limits ?? noLimits
        const groups = groupId === null ? undefined : this.group(groupId)
        return firstSet(own, groups?.conversationLimits ?? noLimits, this.global.conversationLimits)
      }
    }
  }

  /** Terms of an older version than the one known change nothing. */
  adopt(terms: BudgetTerms): void {
    const key = keyOf(terms)
    if (this.#loading !== undefined) this.#toldMeanwhile.add(key)
    this.#store(key, terms)
  }

  forget(conversationId: ConversationId): void {
    this.#remove(scopeKey({ kind: "conversation", conversationId }))
  }

  /**
   * Sees to it that the limits of a call are known.
   * @throws LoopError `database_unavailable`: they are not, and nobody can be asked
   */
  async ensure(groupId: GroupId | null): Promise<void> {
    const isKnown = groupId === null || this.group(groupId) !== undefined
    // A group that was just looked for and not found is deleted.
    if (!this.#isComplete || (!isKnown && this.#ageMs > lookAgainMs)) return this.#load()
    if (this.#ageMs > reloadMs) this.#host.keepAlive(this.#load().catch(passUnlessDatabase))
  }

  /** Reads again before a call is refused. While the database is away, the last known limits hold. */
  async lookAgain(): Promise<void> {
    if (this.#ageMs > lookAgainMs || this.#loading !== undefined) await this.#load().catch(passUnlessDatabase)
  }

  get #ageMs(): number {
    return this.#loadedAt === null ? Infinity : this.#host.now() - this.#loadedAt
  }

  #load(): Promise<void> {
    this.#loading ??= this.#loadOnce().finally(() => {
      this.#loading = undefined
      this.#toldMeanwhile.clear()
    })
    return this.#loading
  }

  async #loadOnce(): Promise<void> {
    const read = await readBudgetTerms(this.#host.libsql)
    const keys = new Set(read.map(keyOf))
    for (const terms of read) this.#store(keyOf(terms), terms)
    for (const key of this.#known.keys()) if (!keys.has(key) && !this.#toldMeanwhile.has(key)) this.#remove(key)
    if (!this.#isComplete) this.#host.storage.put("terms-complete", true)
    this.#isComplete = true
    this.#loadedAt = this.#host.now()
  }

  #store(key: string, terms: BudgetTerms): void {
    const known = this.#known.get(key)
    if (known !== undefined && known.version >= terms.version) return
    this.#known.set(key, terms)
    this.#host.storage.put(prefix + key, terms)
  }

  #remove(key: string): void {
    if (this.#known.delete(key)) this.#host.storage.delete(prefix + key)
  }
}

function keyOf(terms: BudgetTerms): string {
  return scopeKey(terms)
}

function passUnlessDatabase(error: unknown): void {
  if (!isLoopError(error) || error.code !== "database_unavailable") throw error
}
