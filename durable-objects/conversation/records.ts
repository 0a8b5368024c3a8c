/** What a Conversation keeps in its object storage: the layout of its keys and the shape of each value. */
import * as z from "zod"
import { Answers } from "../../core/approval/question.ts"
import { ChannelKind } from "../../core/channel/message.ts"
import { EventId, LoopEvent } from "../../core/loop/event.ts"
import { WholeOutput } from "../../core/model/message.ts"
import { TurnOutcome } from "../../core/turn/event.ts"
import { TurnCost } from "../../core/turn/report.ts"
import { ChoiceId, ChannelId, ConversationId, EpochMs, TurnId, UserId } from "../../core/units.ts"
import { OutgoingPart } from "../../core/channel/outgoing.ts"

/** Step events, how turns ended, and what an `Idempotency-Key` stands for. */
export const eventsKeptMs = 24 * 60 * 60_000
export const inboxKeptMs = 30 * 24 * 60 * 60_000

const padded = (number: number, width: number) => String(number).padStart(width, "0")

/** Numbers are padded, so that byte order is their order. */
export const keys = {
  meta: "meta",
  inbox: (externalId: string) => `in/${externalId}`,
  queued: (sequence: number) => `q/${padded(sequence, 10)}`,
  journal: (turn: number, index: number) => `j/${padded(turn, 10)}/${padded(index, 6)}`,
  journalOf: (turn: number) => `j/${padded(turn, 10)}/`,
  policy: (version: string) => `p/${version}`,
  event: (id: EventId) => {
    const [segment = "0", n = "0"] = id.split(".")
    return `e/${segment.padStart(10, "0")}.${n.padStart(10, "0")}`
  },
  eventsFrom: (segment: number) => `e/${padded(segment, 10)}`,
  ended: (turn: number) => `t/${padded(turn, 10)}`,
  asked: (choiceId: ChoiceId) => `c/${choiceId}`,
  outgoing: (sequence: number) => `o/${padded(sequence, 10)}`,
  owed: (callId: string) => `s/${callId}`,
  owedAll: "s/",
  summary: "summary",
  kept: (number: number) => `w/${padded(number, 10)}`,
  keptAll: "w/",
} as const

/** The conversation itself. `schema` is the layout's version: a later release reads every earlier one. */
export const Meta = z.object({
  schema: z.literal(1),
  id: ConversationId,
  kind: z.enum(["loop", ...ChannelKind.options]),
  ownerId: UserId.nullable(),
  channelId: ChannelId.nullable(),
  title: z.string(),
  metadata: z.record(z.string(), z.string()),
  profiles: z.array(z.string()),
  createdAt: EpochMs,
  lastActivityAt: EpochMs,
  archivedAt: EpochMs.nullable(),
  /** Number of the newest turn; 0 before the first. */
  turn: z.number().int().nonnegative(),
  segment: z.number().int().nonnegative(),
  /** The segment in which the newest turn began: none of its step events stands before it. */
  turnSegment: z.number().int().nonnegative(),
  /** Next numbers of queue entries and outgoing parts. */
  nextQueued: z.number().int().nonnegative(),
  nextOutgoing: z.number().int().nonnegative(),
  /** All turns before `turn`, and its events before `index`, are in libSQL. */
  projected: z.object({ turn: z.number().int().nonnegative(), index: z.number().int().nonnegative() }),
  /** Version of the conversation's row, and the newest that libSQL has. */
  version: z.number().int().nonnegative(),
  projectedVersion: z.number().int().nonnegative(),
  /** When old step events and inbox ids are looked through; null while there are none. */
  expireAt: EpochMs.nullable(),
  /** When a person asked to erase the conversation; it goes on until no byte is left, and nothing else is answered. */
  erasingAt: EpochMs.nullable().default(null),
  /** The model that a person chose for this conversation; null: it is chosen for each message, or the agent's. */
  model: z.string().nullable().default(null),
  /** The object was made new and libSQL, then away, may know earlier turns. */
  recallDue: z.boolean(),
})
export type Meta = z.infer<typeof Meta>

/** A message that was accepted: `turn` is null while it waits in the queue; `segment` is where the turn's events begin. */
export const InboxRecord = z.object({
  at: EpochMs,
  bodyHash: z.string().nullable(),
  queued: z.number().int().nonnegative(),
  turn: z.object({ number: z.number().int().positive(), segment: z.number().int().nonnegative() }).nullable(),
})
export type InboxRecord = z.infer<typeof InboxRecord>

/** An output of a tool that is kept whole in a blob. */
export const KeptOutput = WholeOutput.pick({ sha256: true, sizeBytes: true })
export type KeptOutput = z.infer<typeof KeptOutput>

export const StoredEvent = z.object({ id: EventId, turn: z.number().int().positive(), at: EpochMs, event: LoopEvent })
export type StoredEvent = z.infer<typeof StoredEvent>

/** An ended turn and all that the agent said in it, for replays: kept as long as its step events. */
export const EndedTurn = z.object({
  at: EpochMs,
  outcome: TurnOutcome,
  text: z.string(),
  /** Turns that ended under an earlier release have none. */
  cost: TurnCost.optional(),
})
export type EndedTurn = z.infer<typeof EndedTurn>

/** Where a question was asked, until all of its messages say how it ended. */
export const AskedRecord = z.object({
  choiceId: ChoiceId,
  turnId: TurnId,
  channelId: ChannelId,
  place: z.object({ chatId: z.number().int(), threadId: z.number().int().optional() }),
  messages: z.array(
    z.object({
      /** Of its part. */
      id: z.string(),
      text: z.string(),
      question: z.number().int().nullable(),
      /** The platform's number; null: not known to be there. `closed` has its end, or will never be there. */
      messageId: z.number().int().nullable(),
      isClosed: z.boolean(),
    }),
  ),
  /** What was answered so far, where several things are asked. */
  answers: Answers,
  /** How it ended; null while it is open. */
  outcome: z.string().nullable(),
})
export type AskedRecord = z.infer<typeof AskedRecord>

/** One outgoing part and what became of it. `sending` on waking means that a crash hid the outcome. */
export const OutboxRow = z.object({
  id: z.string(),
  sequence: z.number().int().nonnegative(),
  turnId: TurnId,
  channelId: ChannelId,
  part: OutgoingPart,
  /** The id of a file that must have gone before; refused, `fallback` stands in this part's place. */
  needs: z.string().nullable().default(null),
  fallback: OutgoingPart.nullable().default(null),
  status: z.enum(["pending", "sending", "sent", "failed"]),
  attempts: z.number().int().nonnegative(),
  /** Attempts whose outcome nobody knows: each may have reached the person. */
  unknownAttempts: z.number().int().nonnegative(),
  maybeRepeated: z.boolean(),
  externalId: z.string().nullable(),
  reason: z.string().nullable(),
  nextAttemptAt: EpochMs,
  createdAt: EpochMs,
  updatedAt: EpochMs,
  version: z.number().int().nonnegative(),
  /** The newest version that libSQL has; -1 for none. */
  projectedVersion: z.number().int().min(-1),
})
export type OutboxRow = z.infer<typeof OutboxRow>
