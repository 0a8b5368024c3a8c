/**
 * What a runner can be told to do, and what comes of it. Both sides parse it: a runner trusts no gateway's frame, a gateway no
 * runner's. Nothing here carries a secret, and nothing reaches a model that the gateway did not bound again.
 */
import * as z from "zod"
import { ImageMediaType } from "../model/message.ts"
import { ConversationId, EpochMs } from "../units.ts"

/**
 * Given by who asks, and the same for each repetition: a runner answers a repeated id with what it has stored. The command of a
 * tool call is `cmd_<turn id>_<n>`, one by the API `cmd_<24 hex>`.
 */
export const CommandId = z
  .string()
  .regex(/^cmd_[0-9a-z_]{1,120}$/)
  .brand("CommandId")
export type CommandId = z.infer<typeof CommandId>

export const RunnerId = z
  .string()
  .regex(/^run_[0-9a-f]{24}$/)
  .brand("RunnerId")
export type RunnerId = z.infer<typeof RunnerId>

/** What a runner must have to take a command. */
export const Capability = z.enum(["sandbox", "browser"])
export type Capability = z.infer<typeof Capability>

/** `argv` has no shell: what it means is what it says. `script` is read by an interpreter. */
export const Program = z.discriminatedUnion("form", [
  z.object({ form: z.literal("argv"), argv: z.array(z.string().max(100_000)).min(1).max(1_000) }),
  z.object({
    form: z.literal("script"),
    language: z.enum(["bash", "python", "node"]),
    script: z.string().min(1).max(200_000),
  }),
])
export type Program = z.infer<typeof Program>

/** Refers to an element as the last reading of the page numbered it. */
const ElementRef = z.number().int().positive()

/** One step in a conversation's browser. Each ends with the page as it then is. */
export const BrowserStep = z.discriminatedUnion("action", [
  z.object({ action: z.literal("open"), url: z.url({ protocol: /^https?$/ }).max(8_000) }),
  z.object({
    action: z.literal("read"),
    /** The character of the page's text to begin with: long pages are read in parts. */
    from: z.number().int().nonnegative().max(10_000_000).optional(),
  }),
  z.object({ action: z.literal("click"), ref: ElementRef }),
  z.object({
    action: z.literal("fill"),
    ref: ElementRef,
    text: z.string().max(20_000),
    /** Presses Enter behind it. */
    submit: z.boolean().default(false),
  }),
  z.object({ action: z.literal("back") }),
  z.object({ action: z.literal("screenshot"), wholePage: z.boolean().default(false) }),
])
export type BrowserStep = z.infer<typeof BrowserStep>

export const RunnerWork = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("sandbox.run"),
    /** Whose files it sees: they outlive the run. */
    workspace: ConversationId,
    program: Program,
    stdin: z.string().max(200_000).default(""),
    timeoutMs: z.number().int().min(1_000).max(3_600_000),
  }),
  /** Forgets the conversation's files. */
  z.object({ kind: z.literal("sandbox.erase"), workspace: ConversationId }),
  z.object({
    kind: z.literal("browser.act"),
    /** Whose cookies and open page it uses. */
    profile: ConversationId,
    step: BrowserStep,
    timeoutMs: z.number().int().min(1_000).max(300_000),
  }),
  /** Forgets the conversation's cookies and closes its page. */
  z.object({ kind: z.literal("browser.erase"), profile: ConversationId }),
])
export type RunnerWork = z.infer<typeof RunnerWork>

/** What the work needs of a runner. */
export function capabilityOf(work: RunnerWork): Capability {
  switch (work.kind) {
    case "sandbox.run":
    case "sandbox.erase":
      return "sandbox"
    case "browser.act":
    case "browser.erase":
      return "browser"
  }
}

/** Of each output kept; what is beyond is counted, not kept. */
export const maxOutputBytes = 200_000
/** Of a picture in base64. */
export const maxPictureCharacters = 4_000_000

/** What the work gave. Text is from outside: tainted wherever it goes. */
export const WorkResult = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("sandbox.run"),
    /** Null: ended by a signal. A program that fails has still run: that is no failure of the command. */
    exitCode: z.number().int().nullable(),
    stdout: z.string(),
    stderr: z.string(),
    /** Bytes of each that were not kept. */
    stdoutCutBytes: z.number().int().nonnegative(),
    stderrCutBytes: z.number().int().nonnegative(),
    durationMs: z.number().int().nonnegative(),
  }),
  z.object({
    kind: z.literal("browser.act"),
    url: z.string(),
    title: z.string(),
    /** The page as Markdown, with `[n]` before each element that can be clicked or filled. Empty for a screenshot. */
    text: z.string(),
    picture: z.object({ mediaType: ImageMediaType, base64: z.string().max(maxPictureCharacters) }).optional(),
  }),
  z.object({ kind: z.enum(["sandbox.erase", "browser.erase"]) }),
])
export type WorkResult = z.infer<typeof WorkResult>

/**
 * Why work came to nothing. `interrupted`: it had started when its runner died, outcome unknown. `runner_away`: no runner with
 * the capability came in time, it never ran. `resource_limit`: memory, processes or disk. `forbidden`: an address that is not
 * reached. `unavailable`: the engine or browser of the runner does not work.
 */
export const WorkFailure = z.object({
  code: z.enum([
    "interrupted",
    "runner_away",
    "resource_limit",
    "forbidden",
    "not_found",
    "unavailable",
    "invalid",
    "internal",
  ]),
  /** For the model and the operator: no secret, no path of the runner's machine. */
  message: z.string().max(2_000),
})
export type WorkFailure = z.infer<typeof WorkFailure>

/** How a command ended. `rejected`: no runner takes it. `canceled`: it was called back. */
export const CommandOutcome = z.discriminatedUnion("status", [
  z.object({ status: z.literal("succeeded"), result: WorkResult }),
  z.object({ status: z.literal("failed"), failure: WorkFailure }),
  z.object({ status: z.literal("timed_out") }),
  z.object({ status: z.literal("rejected"), reason: z.string().max(2_000) }),
  z.object({ status: z.literal("canceled") }),
])
export type CommandOutcome = z.infer<typeof CommandOutcome>

export const Command = z.object({
  id: CommandId,
  work: RunnerWork,
  /** Who is told of its end: the conversation whose tool call it is. Null: asked for by the API. */
  conversationId: ConversationId.nullable(),
  correlationId: z.string().max(200).nullable(),
  createdAt: EpochMs,
  /** Not started by then, it is not started any more. */
  expiresAt: EpochMs,
})
export type Command = z.infer<typeof Command>
