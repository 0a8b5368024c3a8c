/** Brings libSQL, the system of record, up to date: one batch a flush, repeated for as long as libSQL is away. */
import type { Libsql } from "../../adapters/store/libsql.ts"
import { isLoopError } from "../../core/errors.ts"
import type { ConversationRow, Projection } from "../../core/projection.ts"
import { foldTurn, pendingChoice } from "../../core/turn/fold.ts"
import { projectApprovals } from "../../core/approval/project.ts"
import { projectTurn } from "../../core/turn/project.ts"
import { after, type EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { Outbox } from "./outbox.ts"
import type { ConversationState } from "./state.ts"

const firstPauseMs = 1_000
const longestPauseMs = 60_000

export interface ProjectionWatch {
  /** Holds this conversation's id while libSQL does not take its rows. */
  readonly behind: Set<string>
  /** @param known - version of the conversation's row that libSQL had before; 0: none */
  onProjected(rows: Projection, known: number): void
}

export class Projector {
  readonly #host: ObjectHost
  readonly #libsql: Libsql
  readonly #state: ConversationState
  readonly #outbox: Outbox
  readonly #watch: ProjectionWatch
  #flushing: Promise<void> | undefined
  #failures = 0
  #retryAt: EpochMs | null = null

  constructor(host: ObjectHost, state: ConversationState, outbox: Outbox, watch: ProjectionWatch) {
    this.#watch = watch
    this.#host = host
    this.#libsql = host.libsql
    this.#state = state
    this.#outbox = outbox
  }

  /** When the next flush is due; null when libSQL has everything or a flush runs. */
  get dueAt(): EpochMs | null {
    return this.isBehind && this.#flushing === undefined ? (this.#retryAt ?? this.#host.now()) : null
  }

  get isBehind(): boolean {
    const { meta, turns } = this.#state
    if (meta === undefined) return false
    const last = turns.at(-1)
    const isTurnBehind =
      last !== undefined &&
      (meta.projected.turn < last.number ||
        (meta.projected.turn === last.number && meta.projected.index < last.events.length))
    return isTurnBehind || meta.projectedVersion < meta.version || this.#outbox.hasNews
  }

  /**
   * Flushes what is there now; whoever comes during a flush gets one more behind it.
   * @throws LoopError `database_unavailable`; the next try is then due at `dueAt`
   */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing.catch(() => {})
    if (!this.isBehind) return
    this.#flushing = this.#flushOnce().finally(() => {
      this.#flushing = undefined
    })
    await this.#flushing
  }

  async #flushOnce(): Promise<void> {
    const { rows, end } = this.#rows()
    try {
      await this.#libsql.project(rows)
    } catch (error) {
      this.#failures += 1
      this.#watch.behind.add(this.#host.id)
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#failures - 1))
      this.#retryAt = after(this.#host.now(), pauseMs)
      throw error
    }
    this.#failures = 0
    this.#watch.behind.delete(this.#host.id)
    this.#retryAt = null
    // Erased meanwhile.
    if (this.#state.meta === undefined) return
    const projectedVersion = rows.conversations[0]?.version ?? 0
    const { projectedVersion: known } = this.#state.meta
    this.#state.change({ projected: end, projectedVersion }, "internal")
    this.#outbox.markProjected(rows.deliveries)
    this.#watch.onProjected(rows, known)
  }

  #rows(): { rows: Projection; end: { turn: number; index: number } } {
    const meta = this.#state.require()
    const rows: Projection = {
      conversations: [this.#conversationRow()],
      messages: [],
      turns: [],
      modelCalls: [],
      deliveries: this.#outbox.deliveries,
      approvals: [],
    }
    let end = meta.projected
    for (const turn of this.#state.turns) {
      if (turn.number < meta.projected.turn) continue
      const from = turn.number === meta.projected.turn ? meta.projected.index : 0
      end = { turn: turn.number, index: turn.events.length }
      if (from === turn.events.length) continue
      const groupId = this.#state.lastPolicy()?.groupId ?? null
      const place = { conversationId: meta.id, turnId: turn.id, turn: turn.number, groupId }
      const projected = projectTurn(place, turn.events, from)
      rows.messages.push(...projected.messages)
      rows.modelCalls.push(...projected.modelCalls)
      rows.approvals.push(...projectApprovals(place, turn.events, from))
      if (projected.turn !== null) rows.turns.push(projected.turn)
    }
    return { rows, end }
  }

  #conversationRow(): ConversationRow {
    const meta = this.#state.require()
    const open = this.#state.openTurn
    const isWaiting = open !== undefined && pendingChoice(foldTurn(open.events)) !== undefined
    return {
      id: meta.id,
      kind: meta.kind,
      ownerId: meta.ownerId,
      channelId: meta.channelId,
      groupName: meta.profiles[0] ?? null,
      title: meta.title,
      metadata: meta.metadata,
      profiles: meta.profiles,
      status: open === undefined ? "idle" : isWaiting ? "waiting" : "running",
      turnCount: meta.turn,
      createdAt: meta.createdAt,
      lastActivityAt: meta.lastActivityAt,
      archivedAt: meta.archivedAt,
      version: meta.version,
    }
  }
}

/** libSQL may be away: the alarm flushes again. */
export function passUnlessDatabase(error: unknown): void {
  if (!isLoopError(error) || error.code !== "database_unavailable") throw error
}
