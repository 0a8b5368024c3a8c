/** A tool: its contract with the model, the engine and the operator. It runs inside the object, or on a runner. */
import * as z from "zod"
import { type ToolAdmission, useToolAdmission } from "../../core/admission.ts"
import type { ToolSpec } from "../../core/model/call.ts"
import type { ImageMediaType } from "../../core/model/message.ts"
import type { Capability, CommandOutcome, RunnerWork } from "../../core/runner/command.ts"
import { ToolPolicy, type ToolTraits } from "../../core/turn/tool-policy.ts"
import type { ConversationId, EpochMs } from "../../core/units.ts"

export interface ToolContext {
  now(): EpochMs
  /** Guarded: reaches no private address and not the gateway itself. For addresses that a model, message or page chose. */
  fetch(request: Request): Promise<Response>
  /** For addresses that the operator configured, and no other. */
  operatorFetch(request: Request): Promise<Response>
  /** What a call of this conversation gave, by the call's id. */
  outputOf(callId: string): Promise<FoundOutput>
  /** Aborted when the turn is interrupted or the tool's time is over. */
  readonly signal: AbortSignal
}

export type FoundOutput =
  | { readonly status: "unknown" }
  | {
      readonly status: "found"
      /** Null: not known any more. */
      readonly tool: string | null
      readonly text: string
      /** False: the text is what is left of a longer one. */
      readonly isWhole: boolean
      /** Where the text is from, if that is outside. */
      readonly marks: readonly string[]
    }

export interface ToolResult {
  readonly text: string
  /** The text comes from outside (a page, a file, a stranger). */
  readonly tainted: boolean
  /** Where from, if the call itself does not say it. */
  readonly marks?: readonly string[]
  /** The text says why there is no result. */
  readonly failed?: true
}

/** What is wrong with a model's input, for the model. */
export interface InvalidInput {
  readonly status: "invalid_input"
  readonly problem: string
}
export type ToolOutcome = ({ status: "ok" } & ToolResult) | InvalidInput

interface Described extends ToolPolicy {
  readonly spec: ToolSpec
  readonly timeoutMs: number
  /** Of the result's text in UTF-8, as a model is shown it; a longer one is kept whole and shown in part. */
  readonly maxTextBytes: number
}

export interface ObjectTool extends Described {
  readonly runsIn: "object"
  /**
   * Parses the model's input, then runs. @returns the result, or what is wrong with the input
   * @param admission - for this tool with this input
   * @throws LoopError `internal` without it
   */
  start(input: unknown, context: ToolContext, admission: ToolAdmission): Promise<ToolOutcome>
}

/** A call that ended, as the model gets it. */
export interface FinishedCall extends Omit<ToolResult, "failed"> {
  readonly outcome: "ok" | "error" | "unknown"
  readonly picture?: { readonly mediaType: ImageMediaType; readonly base64: string }
}

export interface RunnerTool extends Described {
  readonly runsIn: "runner"
  /** Without a runner that has it the tool is not offered. */
  readonly capability: Capability
  /** What a runner is told: the same for the same input. */
  plan(input: unknown, of: { conversationId: ConversationId }): { status: "ok"; work: RunnerWork } | InvalidInput
  read(outcome: CommandOutcome): FinishedCall
}

/** Runs nowhere: it asks a person, and their answer is its result. */
export interface PersonTool extends Described {
  readonly runsIn: "person"
}

export type Tool = ObjectTool | RunnerTool | PersonTool

/** What every kind of tool says of itself. */
interface Definition<I extends z.ZodObject> extends ToolTraits {
  readonly name: string
  readonly description: string
  /** The contract with the model and the check of each call. */
  readonly input: I
  readonly cases?: ToolPolicy["cases"]
  /** 30 s when absent. */
  readonly timeoutMs?: number
  /** 100,000 when absent. */
  readonly maxTextBytes?: number
}

export function defineTool<I extends z.ZodObject>(
  definition: Definition<I> & { run(input: z.infer<I>, context: ToolContext): Promise<ToolResult> },
): ObjectTool {
  return {
    ...describe(definition),
    runsIn: "object",
    async start(input, context, admission) {
      useToolAdmission(admission, definition.name, input)
      const parsed = definition.input.safeParse(input)
      if (!parsed.success) return { status: "invalid_input", problem: z.prettifyError(parsed.error) }
      return { status: "ok", ...(await definition.run(parsed.data, context)) }
    },
  }
}

/** @param definition - its `timeoutMs` is the runner's, which the work carries too */
export function defineRunnerTool<I extends z.ZodObject>(
  definition: Definition<I> & {
    readonly capability: Capability
    plan(input: z.infer<I>, of: { conversationId: ConversationId }): RunnerWork
    read(outcome: CommandOutcome): FinishedCall
  },
): RunnerTool {
  return {
    ...describe(definition),
    runsIn: "runner",
    capability: definition.capability,
    plan(input, of) {
      const parsed = definition.input.safeParse(input)
      if (!parsed.success) return { status: "invalid_input", problem: z.prettifyError(parsed.error) }
      return { status: "ok", work: definition.plan(parsed.data, of) }
    },
    read: (outcome) => definition.read(outcome),
  }
}

export function definePersonTool(
  definition: Pick<Definition<z.ZodObject>, "name" | "description" | "input">,
): PersonTool {
  const traits = { risk: "low", repeatable: true, outward: "none" } as const
  return { ...describe({ ...definition, ...traits }), runsIn: "person" }
}

/** What the engine and the record keep of a tool. */
export function policyOf(tool: Tool): ToolPolicy {
  return ToolPolicy.parse(tool)
}

function describe<I extends z.ZodObject>(definition: Definition<I>): Omit<Described, "runsIn"> {
  const { name, description, risk, repeatable, outward, cases = [] } = definition
  const { timeoutMs = 30_000, maxTextBytes = 100_000 } = definition
  const spec = { name, description, inputSchema: inputSchema(definition.input) }
  return { name, risk, repeatable, outward, cases, timeoutMs, maxTextBytes, spec }
}

/** JSON Schema without the lines that cost tokens and say nothing. */
function inputSchema(input: z.ZodObject): ToolSpec["inputSchema"] {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: "input" })
  return z.record(z.string(), z.json()).parse(schema)
}
