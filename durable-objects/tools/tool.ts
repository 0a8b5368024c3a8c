/** A tool that runs inside the object: its contract with the model, the engine and the operator. */
import * as z from "zod"
import type { ToolSpec } from "../../core/model/call.ts"
import type { ToolPolicy } from "../../core/turn/policy.ts"
import type { EpochMs } from "../../core/units.ts"

export interface ToolContext {
  now(): EpochMs
  /** Guarded: reaches no private address and not the gateway itself. */
  fetch(request: Request): Promise<Response>
  /** Aborted when the turn is interrupted or the tool's time is over. */
  readonly signal: AbortSignal
}

export interface ToolResult {
  readonly text: string
  /** The text comes from outside (a page, a file, a stranger). */
  readonly tainted: boolean
}

export interface Tool extends ToolPolicy {
  readonly spec: ToolSpec
  readonly timeoutMs: number
  /** Parses the model's input, then runs. @returns the result, or what is wrong with the input */
  start(input: unknown, context: ToolContext): Promise<ToolOutcome>
}

export type ToolOutcome = ({ status: "ok" } & ToolResult) | { status: "invalid_input"; problem: string }

/** Every built-in tool's text stays below this; what is longer is cut with a note. */
export const maxToolTextBytes = 100_000

/** Makes a tool of its parts: the zod object is its contract with the model and the check of each call. */
export function defineTool<I extends z.ZodObject>(definition: {
  name: string
  description: string
  input: I
  /** May run twice after a crash without doing its work twice. */
  repeatable: boolean
  asksFirst: boolean
  /** 30 s when absent. */
  timeoutMs?: number
  run(input: z.infer<I>, context: ToolContext): Promise<ToolResult>
}): Tool {
  const { name, description, repeatable, asksFirst, timeoutMs = 30_000 } = definition
  return {
    name,
    repeatable,
    asksFirst,
    timeoutMs,
    spec: { name, description, inputSchema: inputSchema(definition.input) },
    async start(input, context) {
      const parsed = definition.input.safeParse(input)
      if (!parsed.success) return { status: "invalid_input", problem: z.prettifyError(parsed.error) }
      return { status: "ok", ...(await definition.run(parsed.data, context)) }
    },
  }
}

/** JSON Schema without the lines that cost tokens and say nothing. */
function inputSchema(input: z.ZodObject): ToolSpec["inputSchema"] {
  const { $schema: _, ...schema } = z.toJSONSchema(input)
  return z.record(z.string(), z.json()).parse(schema)
}
