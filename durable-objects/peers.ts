/** What objects and the HTTP edge may ask of an object: one table of methods a kind, checked at both ends of a call. */
import * as z from "zod"
import { CredentialKey } from "../adapters/store/standings.ts"
import { LoopError } from "../core/errors.ts"
import { InboundMessage } from "../core/channel/message.ts"
import { CallId, ReserveAnswer, ReserveRequest, SettleAnswer, SettleRequest } from "../core/budget/reserve.ts"
import { BudgetsState, BudgetTerms, ProviderState } from "../core/budget/terms.ts"
import { OutgoingPart, SendOutcome } from "../core/channel/outgoing.ts"
import { LiveEvent, LiveSeq } from "../core/live/event.ts"
import { EventId } from "../core/loop/event.ts"
import { ImageBlock, ImageMediaType, Message } from "../core/model/message.ts"
import { Capability, Command, CommandId, CommandOutcome, RunnerId } from "../core/runner/command.ts"
import { CommandView, RunnerOrder, RunnerView } from "../core/runner/fleet.ts"
import { ChoiceAnswer } from "../core/turn/event.ts"
import { TurnReport } from "../core/turn/report.ts"
import { ChannelId, ConversationId, ChoiceId, EpochMs, GroupId, TokenId, TurnId, UserId } from "../core/units.ts"

const method = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output })
const nothing = z.object({})

/** A loop as its owner sees it; instants still in milliseconds. */
export const LoopState = z.object({
  id: ConversationId,
  ownerId: UserId.nullable(),
  title: z.string(),
  metadata: z.record(z.string(), z.string()),
  profiles: z.array(z.string()),
  createdAt: EpochMs,
  archivedAt: EpochMs.nullable(),
  queueDepth: z.number().int().nonnegative(),
  turnCount: z.number().int().nonnegative(),
  currentTurn: z.object({ turnId: TurnId, startedAt: EpochMs, pendingChoiceId: ChoiceId.nullable() }).nullable(),
})
export type LoopState = z.infer<typeof LoopState>

/** Who asks: null is the gateway itself (a channel). A user sees only loops of their own: `not_loop_owner`. */
const viewer = UserId.nullable()

export const ChannelStatus = z.object({
  status: z.enum(["connected", "connecting", "disabled", "failing"]),
  mode: z.enum(["webhook", "polling"]).nullable(),
  /** Public sentence on what is wrong and what to do; null when nothing is. */
  problem: z.string().nullable(),
  lastInboundAt: EpochMs.nullable(),
})
export type ChannelStatus = z.infer<typeof ChannelStatus>

/** How a command is; its outcome once it has one. */
export const SubmitAnswer = z.discriminatedUnion("status", [
  z.object({ status: z.enum(["pending", "accepted", "running"]) }),
  z.object({ status: z.literal("ended"), outcome: CommandOutcome }),
])
export type SubmitAnswer = z.infer<typeof SubmitAnswer>

/** At once; more come in several calls. */
export const mostPublished = 100

/** What someone in a chat does about a question. Places of questions and options count from 0. */
export const ChatAnswer = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["allow", "always", "deny"]) }),
  z.object({ kind: z.literal("option"), question: z.number().int(), option: z.number().int() }),
  z.object({ kind: z.literal("text"), question: z.number().int(), text: z.string() }),
])
export type ChatAnswer = z.infer<typeof ChatAnswer>

export const methods = {
  conversation: {
    create: method(
      z.object({
        ownerId: UserId,
        title: z.string(),
        metadata: z.record(z.string(), z.string()),
        profiles: z.array(z.string()),
      }),
      LoopState,
    ),
    view: method(z.object({ viewer }), LoopState),
    /** Finds a loop whose id is made of something else, or begins it with what was said before. */
    open: method(z.object({ ownerId: UserId, profiles: z.array(z.string()), history: z.array(Message) }), LoopState),
    /** Keeps a picture that a message, or the history of `open`, refers to. `data` is base64. */
    keepPicture: method(z.object({ viewer, mediaType: ImageMediaType, data: z.string() }), ImageBlock),
    /** An output of a tool that is kept whole, by its digest; null where it is no longer. */
    keptOutput: method(z.object({ sha256: z.string() }), z.object({ text: z.string().nullable() })),
    /** Where a program's request goes that may be a repeated one. `elsewhere`: the conversation to begin where this one has begun. */
    claim: method(
      z.object({
        viewer,
        bodyHash: z.string(),
        isRetry: z.boolean(),
        externalId: z.string(),
        elsewhere: ConversationId.nullable(),
      }),
      z.object({ conversationId: ConversationId, externalId: z.string(), isAttached: z.boolean() }),
    ),
    report: method(z.object({ viewer, externalId: z.string() }), TurnReport),
    archive: method(z.object({ viewer }), nothing),
    unarchive: method(z.object({ viewer }), nothing),
    /** Leaves no byte of it in any store; throws `database_unavailable` when that takes longer, and goes on by itself. */
    erase: method(nothing, nothing),
    /** Durable when it returns. `position` is 0 when its turn runs or is over, else its place in the queue. */
    accept: method(
      z.object({ viewer, message: InboundMessage }),
      z.object({ status: z.enum(["accepted", "repeated"]), position: z.number().int().nonnegative() }),
    ),
    /**
     * Answers an open question, for good.
     * @throws LoopError `choice_not_found`: unknown, answered or expired; `choice_answer_invalid`; `choice_changed`: it is about
     * other arguments than those of the digest
     */
    answer: method(
      z.object({
        viewer,
        choiceId: ChoiceId,
        answer: ChoiceAnswer,
        source: z.string(),
        by: z.object({ id: z.string(), name: z.string() }).optional(),
        comment: z.string().max(2_000).optional(),
        argumentsSha256: z.string().optional(),
        /** Also makes the one rule that lets calls like this one run without a question. */
        always: z.boolean().optional(),
      }),
      nothing,
    ),
    /**
     * Someone in a chat answers a question that was asked there; `text` tells them what became of it. `noted`: others of the same
     * question still wait. `refused`: it is still open. `closed`: it was over before.
     */
    answerInChat: method(
      z.object({
        choiceId: ChoiceId,
        place: z.object({ channelId: ChannelId, chatId: z.number().int() }),
        by: z.object({ id: z.string(), name: z.string(), isApprover: z.boolean() }),
        given: ChatAnswer,
        /** Of the question, as the chat shows it, where it is known by that. */
        messageId: z.number().int().optional(),
      }),
      z.object({ text: z.string(), status: z.enum(["over", "noted", "refused", "closed"]) }),
    ),
    interrupt: method(z.object({ viewer }), nothing),
    /**
     * Which model answers from the next turn on, by its name or a clear part of it; null: as the agent has it.
     * @throws LoopError `model_unknown`
     */
    chooseModel: method(
      z.object({ viewer, model: z.string().max(200).nullable() }),
      z.object({ model: z.string().nullable() }),
    ),
    /** Tries to bring libSQL up to date with this object; throws `database_unavailable` when that fails. */
    flush: method(nothing, nothing),
    /** A runner is done with what a tool call asked of it, or never will be. Told until this answers. */
    commandEnded: method(z.object({ commandId: CommandId, outcome: CommandOutcome }), nothing),
    /** The Ledger has given a slot to this conversation's turn. */
    wake: method(z.object({ slotFor: TurnId }), nothing),
    /** There may be room now for the call that this turn was told to `wait` with: it asks again. */
    budgetFreed: method(z.object({ turnId: TurnId }), nothing),
  },
  channel: {
    /** Reads its row again: it was created, changed or deleted. */
    refresh: method(nothing, ChannelStatus),
    status: method(nothing, ChannelStatus),
    /** One update as the platform posted it. Accepted durably when it returns. */
    webhook: method(
      z.object({ secret: z.string(), body: z.string() }),
      z.object({ status: z.enum(["accepted", "ignored"]) }),
    ),
    send: method(OutgoingPart, SendOutcome),
    showTyping: method(z.object({ chatId: z.number().int(), threadId: z.number().int().optional() }), nothing),
    /** The conversation is erased: its open questions are forgotten in every chat, and with them its id. */
    forget: method(z.object({ conversationId: ConversationId }), nothing),
  },
  ledger: {
    /** Asks for one of the slots for running turns; asking again for the same turn renews it. A refused asker is woken. */
    acquireSlot: method(
      z.object({ turnId: TurnId, conversationId: ConversationId }),
      z.object({ granted: z.boolean() }),
    ),
    releaseSlot: method(z.object({ turnId: TurnId }), nothing),
    /** The conversation is erased: its slots, its places in line and its own sums are gone, and with them its id. */
    forget: method(z.object({ conversationId: ConversationId }), nothing),
    /** How many turns may run; null: the default. `version` is that of the settings: an older one than known changes nothing. */
    setLimit: method(
      z.object({ limit: z.number().int().positive().nullable(), version: z.number().int().nonnegative() }),
      nothing,
    ),
    /**
     * The one way to a model: reserves the worst case of a call before it starts. A repeated call of the same `callId` gives the
     * same reservation, and there is one. Unsettled, it is charged at its worst case after 20 minutes.
     * @throws LoopError `database_unavailable`: limits or sums are not known and the database is away; ask again
     */
    reserve: method(ReserveRequest, ReserveAnswer),
    /**
     * Says what became of a call that was `allowed`. May be repeated, with the same answer, and must be until it is answered;
     * after a restart that hid the call's end, with `started: true` and `usage: null`.
     */
    settle: method(SettleRequest, SettleAnswer),
    /** A call that tries a provider that was down has its first words: it is up for all, long before the call's end. */
    answering: method(z.object({ callId: CallId, provider: z.string() }), nothing),
    /** What is set for a scope. An older version than known changes nothing; a newer one acts on the next call. */
    setBudget: method(BudgetTerms, nothing),
    /** The gateway, every group that spent or has limits, and the conversation asked for or those with limits of their own. */
    budgets: method(
      z.object({ of: z.object({ conversationId: ConversationId, groupId: GroupId.nullable() }).nullable() }),
      BudgetsState,
    ),
    /** Providers that were called. */
    providers: method(nothing, z.object({ providers: z.array(ProviderState) })),
    /** Durable when it returns: shows that objects can write. */
    check: method(nothing, nothing),
  },
  live: {
    /** Tells all who watch. What is told must be durable before: the host sees to it where an object tells. */
    publish: method(z.object({ events: z.array(LiveEvent).min(1).max(mostPublished) }), nothing),
  },
  runners: {
    /** Durable when it returns. A repeated id answers how its command is now, and changes nothing. */
    submit: method(Command, SubmitAnswer),
    /** A command that is unknown or over stays as it is. */
    cancel: method(z.object({ commandId: CommandId, reason: z.string().max(500) }), nothing),
    /** The conversation is erased: calls back what runs for it, forgets it, and sees to it that its runners forget it too. */
    forget: method(z.object({ conversationId: ConversationId }), nothing),
    /** What some runner that is there now can do. */
    available: method(nothing, z.object({ capabilities: z.array(Capability) })),
    /** All runners that are known, the one that was seen last first. */
    list: method(nothing, z.object({ runners: z.array(RunnerView) })),
    /** @throws LoopError `command_not_found`: ended a day ago, or never was */
    show: method(z.object({ commandId: CommandId }), CommandView),
    /** @throws LoopError `runner_not_found`, `runner_away`, `runner_built_in` */
    order: method(z.object({ runnerId: RunnerId, order: RunnerOrder }), nothing),
    /** Ends the runner's link for good and takes its token. @throws LoopError `runner_not_found`, `runner_built_in` */
    revoke: method(z.object({ runnerId: RunnerId }), nothing),
    /** A credential may have lost its use: looks at once whether those of the linked runners still have theirs. */
    recheck: method(nothing, nothing),
  },
} as const
export type ObjectMethods = typeof methods
export type ObjectKind = keyof ObjectMethods

export const streams = {
  conversation: {
    /** Events as text/event-stream, from `lastEventId` on; of one message's turn when `externalId` is given. */
    watch: z.object({ viewer, externalId: z.string().optional(), lastEventId: EventId.optional() }),
  },
} as const

/** What the edge tells an object of a client that asks for a WebSocket. */
export const upgrades = {
  /** A reader of the live feed, by its credential, with the last number it has. */
  live: z.object({ credential: CredentialKey, after: LiveSeq.nullable() }),
  /** A runner, by its token; or the one in the gateway's own process. */
  runners: z.discriminatedUnion("via", [
    z.object({ via: z.literal("token"), credential: CredentialKey, tokenId: TokenId }),
    z.object({ via: z.literal("memory"), runnerId: RunnerId }),
  ]),
} as const
type UpgradeInput<K extends ObjectKind> = K extends keyof typeof upgrades
  ? z.input<Extract<(typeof upgrades)[K], z.ZodType>>
  : unknown

export type MethodName<K extends ObjectKind> = keyof ObjectMethods[K] & string
type MethodOf<K extends ObjectKind, M extends MethodName<K>> = ObjectMethods[K][M] extends {
  input: infer I
  output: infer O
}
  ? { input: I; output: O }
  : never
export type MethodInput<K extends ObjectKind, M extends MethodName<K>> = z.infer<
  Extract<MethodOf<K, M>["input"], z.ZodType>
>
export type MethodOutput<K extends ObjectKind, M extends MethodName<K>> = z.infer<
  Extract<MethodOf<K, M>["output"], z.ZodType>
>

/** Another object, wherever it lives. Values are copied; a failure arrives as a LoopError with its code. */
export interface Peer<K extends ObjectKind> {
  call<M extends MethodName<K>>(name: M, input: MethodInput<K, M>): Promise<MethodOutput<K, M>>
  stream(name: string, input: unknown): Promise<ReadableStream<Uint8Array>>
}

/** How the HTTP edge reaches objects. */
export type Peers = <K extends ObjectKind>(kind: K, id: string) => Peer<K>

/**
 * How the HTTP edge asks an object to take the WebSocket of a request, which it has let in. The answer is the request's; the
 * edge may add headers to it, and anything else that it answers instead ends the socket again.
 * @throws LoopError by which the object refuses
 */
export type Upgrade = <K extends ObjectKind>(
  kind: K,
  id: string,
  request: Request,
  input: UpgradeInput<K>,
) => Promise<Response>

/** Answers one method: parses what came in, so that the object behind trusts its types. */
export type Route = (input: unknown) => Promise<unknown>
export type Routes<K extends ObjectKind> = Readonly<Record<MethodName<K>, Route>>

export function on<I extends z.ZodType, O extends z.ZodType>(
  contract: { input: I; output: O },
  answer: (input: z.infer<I>) => z.infer<O> | Promise<z.infer<O>>,
): Route {
  return async (input) => answer(contract.input.parse(input))
}

/** Picks the route of a method. @throws LoopError `internal` for a name that is no method */
export function routeOf(routes: Readonly<Record<string, Route>>, name: string): Route {
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined
  if (route === undefined) throw new LoopError("internal", { method: name })
  return route
}
