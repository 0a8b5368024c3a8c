/** What a Channel keeps in its object storage. Nothing is written for a channel that does not exist. */
import * as z from "zod"
import { ChannelRow } from "../../adapters/store/rows.ts"
import { ChoiceId, type ConversationId, conversationOfChoice, EpochMs } from "../../core/units.ts"
import type { OrderedStore } from "../host.ts"

/** The channel's row as libSQL had it last; its secrets stay sealed. */
export const Settings = z.object({ schema: z.literal(1), row: ChannelRow })

const trouble = {
  /** Public sentence; null while nothing is wrong. */
  problem: z.string().nullable(),
  failures: z.number().int().nonnegative(),
  /** When it is tried again, or looked at. */
  dueAt: EpochMs,
}

/** How updates come in. `connecting`: they do not yet, or no longer. */
export const Link = z.discriminatedUnion("status", [
  z.object({ status: z.literal("connecting"), ...trouble }),
  z.object({ status: z.literal("webhook"), url: z.string(), ...trouble }),
  z.object({ status: z.literal("polling"), ...trouble }),
])
export type Link = z.infer<typeof Link>

export const Bot = z.object({ id: z.number().int(), username: z.string() })
export type Bot = z.infer<typeof Bot>

/** All updates before `next` are accepted or ignored. */
const Offset = z.object({ next: z.number().int().nonnegative(), savedAt: EpochMs })

/** Whose polls count. A poller that finds another holder here drops what it got. */
export const Lease = z.object({ holder: z.string(), expiresAt: EpochMs })
export type Lease = z.infer<typeof Lease>

const HandledUpdates = z.array(z.number().int())

/** A question that was asked in a chat: people there call it by `number`. */
export const AskedQuestion = z.object({
  number: z.number().int().positive(),
  choiceId: ChoiceId,
  /** Its place among several; null: whether a call may run. */
  question: z.number().int().nullable(),
  /** Telegram's number of the message; null: not known to be there. */
  messageId: z.number().int().nullable(),
})
export type AskedQuestion = z.infer<typeof AskedQuestion>
const AskedQuestions = z.object({ last: z.number().int().nonnegative(), open: z.array(AskedQuestion) })

const keys = {
  settings: "settings",
  link: "link",
  bot: "bot",
  offset: "offset",
  lease: "lease",
  lastInboundAt: "lastInboundAt",
  handled: "stopped",
  asked: (chatId: number) => `asked/${chatId}`,
  askedAll: "asked/",
} as const

/** How many updates are remembered that must not act on what came after them: a `/stop`, an answer to a question. */
const handledKept = 50
/** Of one chat; the oldest are forgotten, and then answered by their buttons or on the page. */
const askedKept = 50
/** After a week without updates Telegram counts on from any number (Bot API "Update"), also from one below the offset. */
const offsetKeptMs = 6 * 24 * 60 * 60_000
/** `lastInboundAt` is for people: it may be this old. */
const inboundGrainMs = 5 * 60_000

/** The object's storage, parsed once and then kept in memory. */
export class ChannelStore {
  readonly #storage: OrderedStore
  #row: ChannelRow | null
  #link: Link | null
  #bot: Bot | null
  #lastInboundAt: EpochMs | null

  constructor(storage: OrderedStore) {
    this.#storage = storage
    this.#row = Settings.optional().parse(storage.get(keys.settings))?.row ?? null
    this.#link = Link.optional().parse(storage.get(keys.link)) ?? null
    this.#bot = Bot.optional().parse(storage.get(keys.bot)) ?? null
    this.#lastInboundAt = EpochMs.optional().parse(storage.get(keys.lastInboundAt)) ?? null
  }

  get row(): ChannelRow | null {
    return this.#row
  }

  get link(): Link | null {
    return this.#link
  }

  get bot(): Bot | null {
    return this.#bot
  }

  get lastInboundAt(): EpochMs | null {
    return this.#lastInboundAt
  }

  /** Where the next poll begins; 0 takes all that wait, which is right once the earlier ones are long confirmed. */
  offsetAt(now: EpochMs): number {
    const offset = Offset.optional().parse(this.#storage.get(keys.offset))
    return offset === undefined || now - offset.savedAt > offsetKeptMs ? 0 : offset.next
  }

  /** As it stands in storage now: another incarnation may have changed it. */
  get lease(): Lease | null {
    return Lease.optional().parse(this.#storage.get(keys.lease)) ?? null
  }

  saveRow(row: ChannelRow): void {
    this.#row = row
    this.#storage.put(keys.settings, { schema: 1, row })
  }

  saveLink(link: Link | null): void {
    this.#link = link
    if (link === null) this.#storage.delete(keys.link)
    else this.#storage.put(keys.link, link)
  }

  /** Another bot counts its updates otherwise. */
  saveBot(bot: Bot): void {
    if (this.#bot !== null && this.#bot.id !== bot.id) this.#storage.delete(keys.offset)
    this.#bot = bot
    this.#storage.put(keys.bot, bot)
  }

  saveOffset(next: number, savedAt: EpochMs): void {
    this.#storage.put(keys.offset, { next, savedAt })
  }

  saveLease(lease: Lease | null): void {
    if (lease === null) this.#storage.delete(keys.lease)
    else this.#storage.put(keys.lease, lease)
  }

  noteInbound(at: EpochMs): void {
    const isFresh = this.#lastInboundAt !== null && at - this.#lastInboundAt < inboundGrainMs
    if (isFresh) return
    this.#lastInboundAt = at
    this.#storage.put(keys.lastInboundAt, at)
  }

  hasHandled(updateId: number): boolean {
    return this.#handled.includes(updateId)
  }

  noteHandled(updateId: number): void {
    this.#storage.put(keys.handled, [...this.#handled, updateId].slice(-handledKept))
  }

  /** Questions that wait for an answer in the chat, the oldest first. */
  askedIn(chatId: number): AskedQuestion[] {
    return this.#asked(chatId).open
  }

  /** Gives a question its number in the chat; asked again, it keeps it. */
  noteAsked(chatId: number, { choiceId, question }: Pick<AskedQuestion, "choiceId" | "question">): AskedQuestion {
    const { last, open } = this.#asked(chatId)
    const known = open.find((asked) => asked.choiceId === choiceId && asked.question === question)
    if (known !== undefined) return known
    const asked = { number: last + 1, choiceId, question, messageId: null }
    this.#storage.put(keys.asked(chatId), { last: asked.number, open: [...open, asked].slice(-askedKept) })
    return asked
  }

  noteShown(chatId: number, number: number, messageId: number): void {
    const { last, open } = this.#asked(chatId)
    const shown = open.map((asked) => (asked.number === number ? { ...asked, messageId } : asked))
    this.#storage.put(keys.asked(chatId), { last, open: shown })
  }

  noteAnswered(chatId: number, choiceId: ChoiceId): void {
    const { last, open } = this.#asked(chatId)
    const left = open.filter((asked) => asked.choiceId !== choiceId)
    if (left.length < open.length) this.#storage.put(keys.asked(chatId), { last, open: left })
  }

  /** Forgets what a conversation asked, in every chat. Numbers are not given again: old messages name them. */
  forgetAsked(conversationId: ConversationId): void {
    for (const [key, value] of this.#storage.list({ prefix: keys.askedAll })) {
      const { last, open } = AskedQuestions.parse(value)
      const left = open.filter(({ choiceId }) => conversationOfChoice(choiceId) !== conversationId)
      if (left.length < open.length) this.#storage.put(key, { last, open: left })
    }
  }

  #asked(chatId: number): z.infer<typeof AskedQuestions> {
    return AskedQuestions.optional().parse(this.#storage.get(keys.asked(chatId))) ?? { last: 0, open: [] }
  }

  clear(): void {
    this.#storage.deleteRange({ prefix: "" })
    this.#row = null
    this.#link = null
    this.#bot = null
    this.#lastInboundAt = null
  }

  get #handled(): number[] {
    return HandledUpdates.optional().parse(this.#storage.get(keys.handled)) ?? []
  }
}
