/**
 * The frames between a runner and the gateway, as JSON texts over one WebSocket that the runner dials. Both sides parse what
 * they get and trust none of it. A command is begun in two steps, so that two runners never do the same one: the runner writes
 * it to its disk and says `accepted`, the gateway writes down who has it and says `start`.
 */
import * as z from "zod"
import { Capability, Command, CommandId, RunnerId } from "./command.ts"
import { CapabilityState, RunnerFacts, RunnerOrder } from "./fleet.ts"

/** Grows with a change that the other side cannot read. Both sides speak one version only. */
export const linkProtocol = 1

/** Of output that the gateway has not confirmed: then the program waits. */
export const maxUnconfirmedOutput = 64 * 1024
/** Characters of one output frame. */
export const maxOutputFrame = 16 * 1024
/** Characters of one part of a result: in UTF-8 and with JSON's escapes it stays below the limit of a frame. */
export const resultPartCharacters = 150_000
/** Of a result: a picture, two outputs and what is around them. */
export const maxResultParts = 40
/** Of a command as JSON in UTF-8, so that it fits a frame. */
export const maxCommandBytes = 900_000
/** Commands that a runner may have at once, ended ones without a receipt included. */
export const maxHeld = 1_000

const offset = z.number().int().nonnegative()

/** A command that the runner has on its disk. `ended`: its result follows until it is confirmed. */
export const Held = z.object({ id: CommandId, status: z.enum(["accepted", "running", "ended"]) })
export type Held = z.infer<typeof Held>

/** What a runner says. */
export const RunnerFrame = z.discriminatedUnion("type", [
  /** The first frame. */
  RunnerFacts.extend({
    type: z.literal("hello"),
    protocol: z.number().int(),
    runnerId: RunnerId,
    capabilities: z.array(CapabilityState).max(Capability.options.length),
    held: z.array(Held).max(maxHeld),
    isDraining: z.boolean(),
  }),
  z.object({
    type: z.literal("heartbeat"),
    capabilities: z.array(CapabilityState).max(Capability.options.length),
    isDraining: z.boolean(),
  }),
  /** It is on the disk. Not begun: that needs `start`. */
  z.object({ type: z.literal("accepted"), id: CommandId }),
  /** It will not take it, or gives it back: it was never begun. */
  z.object({ type: z.literal("handed_back"), id: CommandId, reason: z.string().max(500) }),
  z.object({ type: z.literal("running"), id: CommandId }),
  /** `offset`: characters of this command's output before these, of both streams together. */
  z.object({
    type: z.literal("output"),
    id: CommandId,
    offset,
    stream: z.enum(["stdout", "stderr"]),
    text: z.string().min(1).max(maxOutputFrame),
  }),
  /** A part of the outcome as JSON. Repeated until it is confirmed. */
  z.object({
    type: z.literal("result"),
    id: CommandId,
    index: z
      .number()
      .int()
      .nonnegative()
      .max(maxResultParts - 1),
    count: z.number().int().positive().max(maxResultParts),
    part: z.string().max(resultPartCharacters),
  }),
])
export type RunnerFrame = z.infer<typeof RunnerFrame>

/** What the gateway says. */
export const GatewayFrame = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    protocol: z.number().int(),
    /** What the token lets it do, of what it offered. */
    granted: z.array(Capability),
    /** Of the commands that it said it has, those that are still its own, and how much of their output arrived. */
    yours: z.array(z.object({ id: CommandId, offset })).max(maxHeld),
  }),
  /** Then the socket is closed. The message is for the operator of the runner. */
  z.object({
    type: z.literal("refused"),
    code: z.enum(["protocol", "token", "token_bound", "runner_taken", "revoked", "invalid"]),
    message: z.string().max(500),
  }),
  z.object({ type: z.literal("command"), command: Command }),
  /** It may begin now. */
  z.object({ type: z.literal("start"), id: CommandId }),
  z.object({ type: z.literal("cancel"), id: CommandId, reason: z.string().max(500) }),
  /** The result is kept, or nothing more is wanted of the command. */
  z.object({ type: z.literal("confirm"), id: CommandId }),
  /** Output up to there has arrived. */
  z.object({ type: z.literal("confirm_output"), id: CommandId, offset }),
  /** Answers each heartbeat. */
  z.object({ type: z.literal("heartbeat") }),
  z.object({ type: z.literal("order"), order: RunnerOrder }),
])
export type GatewayFrame = z.infer<typeof GatewayFrame>

/** Why a link is closed by the gateway, beside what ends any socket. */
export const linkClose = {
  /** The `refused` frame before it says why. To try again soon is of no use. */
  refused: { code: 4403, reason: "This runner is refused. The frame before says why." },
  /** A frame that is none, or that has no place here. */
  invalid: { code: 1008, reason: "That is no frame of the runner link." },
  replaced: { code: 4409, reason: "The same runner has connected again." },
  silent: { code: 1013, reason: "Nothing was heard of this runner for too long. Connect again." },
} as const
