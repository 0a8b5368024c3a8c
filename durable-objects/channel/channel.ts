/**
 * One account on a platform: takes in what people write there and sends what answers them. Keeps its own copy of its settings,
 * so that it works while libSQL is away. It knows nothing of conversations but their ids.
 */
import type { Telegram } from "../../adapters/channels/telegram.ts"
import type { Vault } from "../../adapters/vault.ts"
import { findChannel } from "../../adapters/store/channels.ts"
import { safeEqual } from "../../adapters/digest.ts"
import type { ChannelRow } from "../../adapters/store/rows.ts"
import type { OutgoingPart, SendOutcome } from "../../core/channel/outgoing.ts"
import { updateIdOf, type TelegramPlace } from "../../core/channel/telegram-update.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import { after, ChannelId, type EpochMs } from "../../core/units.ts"
import type { Log } from "../../core/log.ts"
import { openTrail } from "../audit.ts"
import type { Config } from "../config.ts"
import type { HostedObject, ObjectHost } from "../host.ts"
import type { LiveInterest } from "../live/interest.ts"
import { LivePublisher } from "../live/publisher.ts"
import { methods, on, routeOf, type ChannelStatus, type Routes } from "../peers.ts"
import { ChatAnswers } from "./chat-answers.ts"
import { Connection, type ConnectionConfig } from "./connection.ts"
import { Credentials, settingsOf, type Opened } from "./credentials.ts"
import { Intake, type Taken } from "./intake.ts"
import { Pace } from "./pace.ts"
import { ChannelStore } from "./records.ts"

export interface ChannelParts {
  readonly liveInterest?: LiveInterest
  readonly config: ConnectionConfig & Pick<Config, "TELEGRAM_API_ROOT">
  readonly vault: Vault
  readonly log: Log
}

/** A channel that libSQL did not know is not asked for again so soon: anyone can name one in an address. */
const unknownForMs = 5_000
const disconnected = { status: "disabled", mode: null, problem: null, lastInboundAt: null } as const

export class Channel implements HostedObject {
  readonly #host: ObjectHost
  readonly #store: ChannelStore
  readonly #credentials: Credentials
  readonly #pace: Pace
  readonly #intake: Intake
  readonly #connection: Connection
  readonly #live: LivePublisher
  /** Status and mode as the live feed last heard of them. */
  #announced: string | undefined
  #unknownUntil: EpochMs | null = null
  #isAwake = false
  readonly #routes: Routes<"channel"> = {
    refresh: on(methods.channel.refresh, () => this.#refresh()),
    status: on(methods.channel.status, async () => this.#connection.status(await this.#load())),
    webhook: on(methods.channel.webhook, ({ secret, body }) => this.#receive(secret, body)),
    send: on(methods.channel.send, (part) => this.#send(part)),
    showTyping: on(methods.channel.showTyping, (place) => this.#showTyping(place)),
    forget: on(methods.channel.forget, ({ conversationId }) => {
      this.#store.forgetAsked(conversationId)
      return {}
    }),
  }

  constructor(host: ObjectHost, parts: ChannelParts) {
    this.#host = host
    this.#store = new ChannelStore(host.storage)
    this.#pace = new Pace(host.storage)
    this.#credentials = new Credentials(host, parts.vault, parts.config.TELEGRAM_API_ROOT)
    const voice = {
      tell: (place: TelegramPlace, text: string) => this.#tell(place, text),
      answerPress: (pressId: string, text: string) => this.#answerPress(pressId, text),
    }
    const answers = new ChatAnswers(host, this.#store, voice, openTrail(host, parts))
    this.#intake = new Intake(host, this.#store, answers, (place, text) => this.#tell(place, text))
    this.#connection = new Connection({
      host,
      store: this.#store,
      credentials: this.#credentials,
      intake: this.#intake,
      config: parts.config,
      reload: () => this.#reload(),
      onChange: () => this.#announce(),
    })
    this.#live = new LivePublisher(host, parts.liveInterest)
  }

  async call(name: string, input: unknown): Promise<unknown> {
    if (!this.#isAwake) {
      // After a restart the alarm may stand half a minute ahead; nobody's message waits for it.
      this.#isAwake = true
      this.#connection.work()
    }
    return routeOf(this.#routes, name)(input)
  }

  stream(name: string): ReadableStream<Uint8Array> {
    throw new LoopError("internal", { method: name })
  }

  async alarm(): Promise<void> {
    this.#isAwake = true
    this.#connection.work()
  }

  /** @throws LoopError `channel_not_found`, and then nothing was written; `database_unavailable` */
  async #load(): Promise<ChannelRow> {
    const known = this.#store.row
    if (known !== null) return known
    const id = ChannelId.safeParse(this.#host.id)
    const isKnownMissing = this.#unknownUntil !== null && this.#host.now() < this.#unknownUntil
    if (!id.success || isKnownMissing) throw new LoopError("channel_not_found")
    const row = await findChannel(this.#host.libsql, id.data)
    if (row === undefined) {
      this.#unknownUntil = after(this.#host.now(), unknownForMs)
      throw new LoopError("channel_not_found")
    }
    return this.#adopt(row)
  }

  async #refresh(): Promise<ChannelStatus> {
    this.#unknownUntil = null
    const id = ChannelId.safeParse(this.#host.id)
    const row = id.success ? await findChannel(this.#host.libsql, id.data) : undefined
    if (row === undefined) {
      this.#forget()
      return disconnected
    }
    const adopted = this.#adopt(row)
    this.#connection.nudge()
    return this.#connection.status(adopted)
  }

  /** As `refresh`, for changes whose news was lost; a database that is away changes nothing. */
  async #reload(): Promise<void> {
    try {
      await this.#refresh()
    } catch (error) {
      if (!isLoopError(error) || error.code !== "database_unavailable") throw error
    }
  }

  #adopt(row: ChannelRow): ChannelRow {
    const before = this.#store.row
    // Two reads may arrive in the wrong order.
    if (before !== null && before.version >= row.version) return before
    this.#store.saveRow(row)
    const isSame =
      before?.enabled === true &&
      before.secretSealed === row.secretSealed &&
      before.webhookSecretSealed === row.webhookSecretSealed
    if (!row.enabled) this.#connection.leave(before ?? row)
    else if (!isSame) this.#connection.restart()
    this.#announce()
    return row
  }

  /** Tells the live feed when the channel is in another state than it last heard of. */
  #announce(): void {
    const { row } = this.#store
    if (row === null || !this.#live.isHeard) return
    const { status, mode } = this.#connection.status(row)
    const state = `${status} ${mode}`
    if (state === this.#announced) return
    this.#announced = state
    this.#live.publish([{ event: "channel:status", data: { channelId: row.id, status, mode } }])
  }

  #forget(): void {
    const { row } = this.#store
    if (row === null) return
    this.#connection.leave(row)
    this.#store.clear()
  }

  async #receive(secret: string, body: string): Promise<{ status: Taken }> {
    const row = await this.#load()
    const opened = this.#credentials.open(row)
    if (opened.status !== "open") throw new LoopError("secret_unreadable")
    // Before anything of the body is looked at: only Telegram knows the secret.
    if (!safeEqual(secret, opened.webhookSecret)) throw new LoopError("invalid_webhook_secret")
    if (!row.enabled) return { status: "ignored" }
    const update = parseUpdate(body)
    await this.#ensureBot(row, opened)
    return { status: await this.#intake.take(update, settingsOf(this.#store)) }
  }

  /** An update may come before the connection is made: one that Telegram kept from an earlier web hook. */
  async #ensureBot(row: ChannelRow, opened: Opened & { status: "open" }): Promise<void> {
    if (this.#store.bot !== null) return
    const me = await opened.telegram.getMe()
    if (me.status !== "ok" || this.#store.row !== row) throw new LoopError("peer_unavailable")
    this.#store.saveBot(me.result)
  }

  async #send(part: OutgoingPart): Promise<SendOutcome> {
    const row = await this.#load().catch(nullWhenAway)
    if (row === null) return { status: "later", retryAfterMs: 1_000, reason: "The database does not answer." }
    if (!row.enabled) return { status: "refused", reason: "The channel is disabled." }
    const opened = this.#credentials.open(row)
    if (opened.status !== "open") return { status: "refused", reason: opened.problem }
    const waitMs = this.#pace.take(part.chatId, this.#host.now())
    if (waitMs > 0) return { status: "later", retryAfterMs: waitMs, reason: "Telegram's pace is kept." }
    const outcome = await this.#sendPart(opened.telegram, part)
    if (outcome.status === "later") this.#pace.hold(part.chatId, outcome.retryAfterMs, this.#host.now())
    return outcome
  }

  /** A question gets its number in the chat, by which it can be answered in words. */
  async #sendPart(telegram: Telegram, part: OutgoingPart): Promise<SendOutcome> {
    const { chatId, choice } = part
    if (choice === undefined) return telegram.sendPart(part)
    if (choice.isOver) {
      this.#store.noteAnswered(chatId, choice.choiceId)
      return telegram.sendPart(part)
    }
    const { number } = this.#store.noteAsked(chatId, choice)
    const words = choice.question === null ? `\nOr write /approve ${number} or /deny ${number}.` : ""
    const outcome = await telegram.sendPart({ ...part, text: part.text + words })
    if (outcome.status === "sent") this.#store.noteShown(chatId, number, Number(outcome.externalId))
    return outcome
  }

  /** Never fails: who pressed sees by the message what became of it. */
  async #answerPress(pressId: string, text: string): Promise<void> {
    const { row } = this.#store
    const opened = row?.enabled === true ? this.#credentials.open(row) : undefined
    if (opened?.status === "open") await opened.telegram.answerPress(pressId, text)
  }

  async #tell(place: TelegramPlace, text: string): Promise<void> {
    await this.#send({ ...place, text, format: "plain" })
  }

  /** Never fails: a sign of typing is worth nothing later. */
  async #showTyping(place: TelegramPlace): Promise<Record<string, never>> {
    const { row } = this.#store
    const opened = row?.enabled === true ? this.#credentials.open(row) : undefined
    if (opened?.status === "open" && this.#pace.holdMs(place.chatId, this.#host.now()) === 0) {
      await opened.telegram.sendTyping(place)
    }
    return {}
  }
}

function parseUpdate(body: string): unknown {
  let update: unknown
  try {
    update = JSON.parse(body)
  } catch {
    throw new LoopError("invalid_json")
  }
  if (updateIdOf(update) === undefined) throw new LoopError("invalid_body", { field: "update_id" })
  return update
}

function nullWhenAway(error: unknown): null {
  if (isLoopError(error) && error.code === "database_unavailable") return null
  throw error
}
