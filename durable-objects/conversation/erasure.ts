/**
 * Erases a conversation until no byte of it is left with runners, in channels, in libSQL, in the Ledger, in blobs and in the
 * object's storage, in this order: what is stored last says that it has to go on. A runner that is away erases when it is back.
 */
import { listChannelIds } from "../../adapters/store/channels.ts"
import { eraseConversation } from "../../adapters/store/erasure.ts"
import type { ObjectHost } from "../host.ts"
import type { Projector } from "./projector.ts"
import type { ConversationState } from "./state.ts"

export interface ErasureHooks {
  /** Tells the Ledger what it does not know of calls that are over. */
  settle(): Promise<void>
  /** The alarm is gone too; called before anyone can begin a new life of the conversation. */
  onErased(): void
}

export class Erasure {
  readonly #host: ObjectHost
  readonly #state: ConversationState
  readonly #projector: Projector
  readonly #hooks: ErasureHooks
  #running: Promise<void> | undefined

  constructor(host: ObjectHost, state: ConversationState, projector: Projector, hooks: ErasureHooks) {
    this.#host = host
    this.#state = state
    this.#projector = projector
    this.#hooks = hooks
  }

  /** Asked for and not yet complete. */
  get isUnderWay(): boolean {
    return this.#running !== undefined || (this.#state.meta?.erasingAt ?? null) !== null
  }

  /** Goes on to the end; a second caller joins the first. @throws LoopError `database_unavailable`: the alarm goes on then */
  finish(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<void> {
    // What the last calls used is still counted.
    await this.#projector.flush()
    const meta = this.#state.require()
    const life = { lastTurn: meta.turn, lastVersion: meta.version }
    // Before the database's files are written anew: the rows of its commands go with them.
    await this.#host.peer("runners", "main").call("forget", { conversationId: meta.id })
    // All channels: what has no chat of its own asks in the home chat, which may have been another then.
    for (const channelId of await listChannelIds(this.#host.libsql)) {
      await this.#host.peer("channel", channelId).call("forget", { conversationId: meta.id })
    }
    await eraseConversation(this.#host.libsql, meta.id, life, this.#host.now())
    // What is known of its last calls is charged so, and not at its worst.
    await this.#hooks.settle()
    await this.#host.peer("ledger", "main").call("forget", { conversationId: meta.id })
    // From here on whatever still runs finds nothing that it could write to.
    this.#state.forget()
    try {
      await this.#host.erase()
    } catch (error) {
      this.#state.meta = meta
      throw error
    }
    this.#hooks.onErased()
  }
}
