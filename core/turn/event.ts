/** The journal of one turn: what happened, in order. Appended before its effects can be seen, never changed. */
import * as z from "zod"
import { Condition } from "../approval/condition.ts"
import { Answers, Question } from "../approval/question.ts"
import { TimeoutAction } from "../approval/rule.ts"
import { CallId, Denial } from "../budget/reserve.ts"
import { InboundMessage } from "../channel/message.ts"
import { ImageBlock, Message, WholeOutput } from "../model/message.ts"
import { CommandId } from "../runner/command.ts"
import { ModelAnswer, ModelFailure, Usage } from "../model/call.ts"
import { ChoiceId, EpochMs, GroupId } from "../units.ts"
import { Risk } from "./tool-policy.ts"

/** How a turn ended. `code` is one of the loop API's error codes; `message` is for the person. */
export const TurnOutcome = z.discriminatedUnion("status", [
  z.object({ status: z.literal("done") }),
  z.object({ status: z.literal("interrupted") }),
  z.object({ status: z.literal("failed"), code: z.string(), message: z.string() }),
])
export type TurnOutcome = z.infer<typeof TurnOutcome>

export const ChoiceAnswer = z.union([z.object({ allow: z.boolean() }), z.object({ answers: Answers })])
export type ChoiceAnswer = z.infer<typeof ChoiceAnswer>

const at = EpochMs
/** What a failed call costs; `unknown`: its worst case counts. */
const billed = z.enum(["nothing", "unknown"])
const costMicroUsd = z.number().int().nonnegative().nullable()

/** Whom a call of a model asks, why, and what was set aside for it. Calls of earlier releases have none of it. */
const asked = {
  /** Its reservation in the Ledger. */
  callId: CallId.optional(),
  /** The model's place in the turn's chain. */
  candidate: z.number().int().nonnegative().optional(),
  provider: z.string().optional(),
  /** What the operator calls its tier, where one was chosen by complexity. */
  tier: z.string().optional(),
  complexity: z.number().int().min(0).max(100).optional(),
  /** The model that the conversation went to before, where this is another by complexity. */
  from: z.string().optional(),
  /** Why this model: its tier, or the failure that it stands in for. For the operator. */
  reason: z.string().optional(),
  /** Whom it stands in for, and why that one does not answer. */
  instead: z.object({ provider: z.string(), model: z.string(), reason: z.string() }).optional(),
  /** Names what the model was shown: its thoughts hold behind that alone. */
  prompt: z.string().optional(),
  /** What in the context sent came from outside: where each piece was from. Empty: nothing did. */
  marks: z.array(z.string()).optional(),
  /** No bill for the call is higher; it counts where the real one is never known. */
  worstCase: z
    .object({
      inputTokens: z.number().int().nonnegative(),
      outputTokens: z.number().int().nonnegative(),
      costMicroUsd,
    })
    .optional(),
  /** When the Ledger allowed it: in the day and month of this instant it counts, and in this group. */
  countedAt: EpochMs.optional(),
  groupId: GroupId.nullable().optional(),
}

export const TurnEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("turn_started"), messages: z.array(InboundMessage).min(1), at }),
  /**
   * Context that a rehydrated object took from the database, or (`isNew`) that a conversation began with and the database is
   * yet to learn; stands alone in a turn of its own.
   */
  z.object({
    type: z.literal("history_recalled"),
    messages: z.array(Message),
    isNew: z.boolean().optional(),
    /** Some of it came from outside: where it was from. */
    marks: z.array(z.string()).optional(),
    at,
  }),
  /** Begins a stretch of work. Attempts still open from an earlier segment were cut off by a crash. */
  z.object({ type: z.literal("segment_started"), segment: z.number().int().positive(), policyVersion: z.string(), at }),
  z.object({ type: z.literal("message_joined"), message: InboundMessage, at }),
  z.object({
    type: z.literal("model_started"),
    call: z.number().int().positive(),
    attempt: z.number().int().positive(),
    model: z.string(),
    ...asked,
    at,
  }),
  z.object({
    type: z.literal("model_ended"),
    call: z.number().int().positive(),
    answer: ModelAnswer,
    firstDeltaMs: z.number().int().nullable(),
    /** Rounded up; null: the price is not known. Computed once, and the same in every sum. */
    costMicroUsd: costMicroUsd.optional(),
    at,
  }),
  z.object({
    type: z.literal("model_failed"),
    call: z.number().int().positive(),
    failure: ModelFailure,
    /** Of a model that was not even asked: its place in the turn's chain. */
    candidate: z.number().int().nonnegative().optional(),
    /** What people have read of it, beyond what earlier attempts had said. */
    partialText: z.string().optional(),
    billed: billed.optional(),
    at,
  }),
  /** The Ledger does not let the call go ahead. */
  z.object({ type: z.literal("call_denied"), call: z.number().int().positive(), denial: Denial, at }),
  /** The gateway itself says something in the turn, such as the answer to a command. No model is shown it. */
  z.object({ type: z.literal("gateway_said"), text: z.string(), at }),
  /** A model is asked to sum up the turns up to `upToTurn`, since the whole no longer fits. */
  z.object({
    type: z.literal("summary_started"),
    upToTurn: z.number().int().positive(),
    model: z.string(),
    ...asked,
    at,
  }),
  z.object({
    type: z.literal("summary_made"),
    /** Stands in place of these turns in all that models are shown. */
    upToTurn: z.number().int().positive(),
    text: z.string(),
    /** What it is made of came from outside: where each piece was from. */
    marks: z.array(z.string()),
    model: z.string(),
    usage: Usage,
    costMicroUsd,
    at,
  }),
  z.object({ type: z.literal("summary_failed"), failure: ModelFailure, billed, at }),
  z.object({
    type: z.literal("tool_started"),
    toolUseId: z.string(),
    attempt: z.number().int().positive(),
    /** Runs on a runner, which tells of its end: a crash of the gateway does not cut it off. */
    commandId: CommandId.optional(),
    at,
  }),
  z.object({
    type: z.literal("tool_ended"),
    toolUseId: z.string(),
    /** `unknown`: it had started and a crash hid its end. `refused`: it never ran. */
    outcome: z.enum(["ok", "error", "unknown", "refused"]),
    text: z.string(),
    /** Where the text is a part of what the tool said. */
    whole: WholeOutput.optional(),
    /** For the model to see. */
    images: z.array(ImageBlock).optional(),
    tainted: z.boolean(),
    /** Where tainted text is from, if the call itself does not say it. */
    marks: z.array(z.string()).optional(),
    at,
  }),
  z.object({
    type: z.literal("choice_requested"),
    choiceId: ChoiceId,
    toolUseId: z.string(),
    expiresAt: EpochMs,
    /** `permission` in journals of earlier releases, which have none of what follows. */
    kind: z.enum(["permission", "question"]).optional(),
    risk: Risk.optional(),
    /** Why a person is asked: a sentence. */
    reason: z.string().optional(),
    /** What content from outside was in the context: where each piece was from. */
    marks: z.array(z.string()).optional(),
    /** Of the canonical arguments: what a yes is bound to. */
    argumentsSha256: z.string().optional(),
    /** What "always for this" would allow; null or absent: nothing. */
    always: Condition.nullable().optional(),
    /** What no answer in time means. */
    onTimeout: TimeoutAction.optional(),
    /** Of a `question`. */
    questions: z.array(Question).optional(),
    at,
  }),
  z.object({
    type: z.literal("choice_resolved"),
    choiceId: ChoiceId,
    /** True for a question that has its answers. */
    allow: z.boolean(),
    /** `api`, `web`, a channel's kind, or `timeout`. */
    source: z.string(),
    /** Who answered; absent after a time-out. */
    by: z.object({ id: z.string(), name: z.string() }).optional(),
    /** The person's words beside a yes or no. */
    comment: z.string().optional(),
    answers: Answers.optional(),
    at,
  }),
  z.object({ type: z.literal("turn_ended"), outcome: TurnOutcome, at }),
])
export type TurnEvent = z.infer<typeof TurnEvent>
