/**
 * The sums of every scope in the running day and month. A Ledger that begins, for the first time or after it lost its storage,
 * takes over what is on record: sums are never below it.
 */
import * as z from "zod"
import { readConversationSpending, readSpending } from "../../adapters/store/budgets.ts"
import { Account, addSpent, inWindows, nothing, plus } from "../../core/budget/account.ts"
import { type BudgetScope, scopeKey } from "../../core/budget/limits.ts"
import { Windows, windowsAt } from "../../core/budget/window.ts"
import { after, type ConversationId, EpochMs, GroupId } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"

/** `isComplete`: what was recorded before the Ledger began is in it. */
const StoredAccount = z.object({ account: Account, isComplete: z.boolean() })
type StoredAccount = z.infer<typeof StoredAccount>

const prefix = "sum/"
/** Kept in memory at most; others are read again. */
const mostCached = 1_000

export class Accounts {
  readonly #host: ObjectHost
  readonly #timeZone: () => string
  readonly #cache = new Map<string, StoredAccount>()
  #windows: Windows | undefined
  #beganAt: EpochMs | null
  #beginning: Promise<void> | undefined

  /** @param timeZone - in which the next windows begin */
  constructor(host: ObjectHost, timeZone: () => string) {
    this.#host = host
    this.#timeZone = timeZone
    this.#windows = Windows.optional().parse(host.storage.get("windows"))
    this.#beganAt = EpochMs.nullable().parse(host.storage.get("began") ?? null)
  }

  get windows(): Windows {
    const windows = windowsAt(this.#host.now(), this.#timeZone(), this.#windows)
    if (windows !== this.#windows) this.#enter(windows)
    return windows
  }

  get(scope: BudgetScope): Account {
    return inWindows(this.#stored(scopeKey(scope))?.account, this.windows)
  }

  put(scope: BudgetScope, account: Account): void {
    const key = scopeKey(scope)
    const isComplete = this.#stored(key)?.isComplete ?? !this.#lacksRecord(scope)
    this.#save(key, { account, isComplete })
  }

  /** Groups that have spent. */
  get groups(): GroupId[] {
    return this.#host.storage
      .list({ prefix: `${prefix}group/` })
      .map(([key]) => GroupId.parse(key.slice(`${prefix}group/`.length)))
  }

  forget(conversationId: ConversationId): void {
    const key = scopeKey({ kind: "conversation", conversationId })
    this.#cache.delete(key)
    this.#host.storage.delete(prefix + key)
  }

  /** @throws LoopError `database_unavailable` when this Ledger has to begin and cannot */
  async begin(): Promise<void> {
    if (this.#beganAt !== null) return
    this.#beginning ??= this.#begin().finally(() => {
      this.#beginning = undefined
    })
    await this.#beginning
  }

  /** False: the record may have calls of the conversation, from before the Ledger began, that are not in its sums. */
  isComplete(conversationId: ConversationId): boolean {
    const scope = { kind: "conversation", conversationId } as const
    return this.#stored(scopeKey(scope))?.isComplete ?? !this.#lacksRecord(scope)
  }

  /**
   * Adds what the record has of the conversation. Exact before its first call here; later it may count that call twice.
   * @throws LoopError `database_unavailable`
   */
  async complete(conversationId: ConversationId): Promise<void> {
    const { windows } = this
    if (this.isComplete(conversationId)) return
    const before = after(this.#beganAt ?? this.#host.now(), 1)
    const spent = await readConversationSpending(this.#host.libsql, conversationId, windows, before)
    // Someone else has read it meanwhile, or the windows that it is of are over.
    if (!this.isComplete(conversationId) && this.windows === windows) this.addRecord(conversationId, spent)
  }

  /** @param spent - undefined: the record has nothing of the conversation */
  addRecord(conversationId: ConversationId, spent: Parameters<typeof addSpent>[1] | undefined): void {
    const scope = { kind: "conversation", conversationId } as const
    this.#addRecord(scope, this.windows, spent ?? { day: nothing, month: nothing })
  }

  async #begin(): Promise<void> {
    const { windows } = this
    const rows = await readSpending(this.#host.libsql, windows)
    let all = { day: nothing, month: nothing }
    for (const { groupId, ...spent } of rows) {
      all = { day: plus(all.day, spent.day), month: plus(all.month, spent.month) }
      if (groupId !== null) this.#addRecord({ kind: "group", groupId }, windows, spent)
    }
    this.#addRecord({ kind: "global" }, windows, all)
    this.#beganAt = this.#host.now()
    this.#host.storage.put("began", this.#beganAt)
  }

  #addRecord(scope: BudgetScope, windows: Windows, spent: Parameters<typeof addSpent>[1]): void {
    const key = scopeKey(scope)
    const account = addSpent(inWindows(this.#stored(key)?.account, windows), spent)
    this.#save(key, { account, isComplete: true })
  }

  /** Only the window in which the Ledger began may hold calls that it did not see. */
  #lacksRecord(scope: BudgetScope): boolean {
    const { day, month } = this.windows
    return scope.kind === "conversation" && Math.min(day.startsAt, month.startsAt) < (this.#beganAt ?? Infinity)
  }

  /**
   * Of conversations, whose number has no bound, sums of an earlier month are let go; not while a day goes on that outlasts it,
   * as one does after a change of the time zone.
   */
  #enter(windows: Windows): void {
    const { day, month } = this.#windows ?? windows
    if (day.startsAt !== windows.day.startsAt && month.startsAt !== windows.month.startsAt) {
      this.#host.storage.deleteRange({ prefix: `${prefix}conversation/` })
      this.#cache.clear()
    }
    this.#windows = windows
    this.#host.storage.put("windows", windows)
  }

  #stored(key: string): StoredAccount | undefined {
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    const stored = StoredAccount.optional().parse(this.#host.storage.get(prefix + key))
    if (stored !== undefined) this.#remember(key, stored)
    return stored
  }

  #save(key: string, stored: StoredAccount): void {
    this.#remember(key, stored)
    this.#host.storage.put(prefix + key, stored)
  }

  #remember(key: string, stored: StoredAccount): void {
    if (this.#cache.size >= mostCached) this.#cache.clear()
    this.#cache.set(key, stored)
  }
}
