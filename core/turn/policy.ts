/** What a run segment may do: read once at its start, journaled, and the same for all its decisions. */
import * as z from "zod"
import { GroupId } from "../units.ts"

/** What a call can do at worst. A person is asked before `high` and `critical`, unless a rule says otherwise. */
export const Risk = z.enum(["low", "medium", "high", "critical"])
export type Risk = z.infer<typeof Risk>

/** How a call is treated. */
export const ToolTraits = z.object({
  risk: Risk.default("high"),
  /** May run a second time after a crash without doing its work twice. */
  repeatable: z.boolean(),
  /** `reads`: reaches an address that the call names. `acts`: changes something beyond the gateway and its sandbox. */
  outward: z.enum(["none", "reads", "acts"]).default("acts"),
})
export type ToolTraits = z.infer<typeof ToolTraits>

/** What the engine knows of a tool besides its code. Values of an earlier release are read as the most dangerous kind. */
export const ToolPolicy = ToolTraits.extend({
  name: z.string(),
  /** `object`: within the turn's step. `runner`: by a command that the turn waits for. */
  runsIn: z.enum(["object", "runner"]).default("object"),
  /** Calls with one of these values in that field of their input are treated so instead; the first that fits. */
  cases: z.array(ToolTraits.extend({ field: z.string(), oneOf: z.array(z.string()) })).default([]),
})
export type ToolPolicy = z.infer<typeof ToolPolicy>

/** How this call of the tool is treated. */
export function traitsOf(tool: ToolPolicy, input: unknown): ToolTraits {
  const fields: Readonly<Record<string, unknown>> = typeof input === "object" && input !== null ? { ...input } : {}
  const fitting = tool.cases.find(({ field, oneOf }) => oneOf.some((value) => value === fields[field]))
  const { risk, repeatable, outward } = fitting ?? tool
  return { risk, repeatable, outward }
}

export const TurnPolicy = z.object({
  /** Changes whenever anything below changes. */
  version: z.string(),
  groupId: GroupId.nullable(),
  groupName: z.string(),
  model: z.string(),
  /** The operator's words. */
  system: z.string(),
  /** What the program that began the turn adds below them. */
  callerInstructions: z.string().optional(),
  maxOutputTokens: z.number().int().positive(),
  /** How many messages with text the model sees at most, the newest. */
  historyMessages: z.number().int().positive(),
  /** `plan`: the model sees no tools in this turn. */
  permissionMode: z.enum(["default", "plan"]),
  tools: z.array(ToolPolicy),
  maxModelCalls: z.number().int().positive(),
  maxAttempts: z.number().int().positive(),
  /** How long a question to a person stays open. */
  choiceTimeoutMs: z.number().int().positive(),
})
export type TurnPolicy = z.infer<typeof TurnPolicy>

/** Values where neither group nor environment says otherwise (seeds: edge table's default column; DESIGN 4). */
export const policyDefaults = {
  model: "claude-sonnet-5-5",
  maxOutputTokens: 16_384,
  historyMessages: 20,
  maxModelCalls: 50,
  maxAttempts: 3,
  choiceTimeoutMs: 24 * 60 * 60 * 1000,
  concurrentTurns: 10,
} as const
