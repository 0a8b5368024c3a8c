/** What the engine knows of a tool: what its calls can do, where they run, and how each is treated. */
import * as z from "zod"

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
  /** `object`: within the turn's step. `runner`: by a command that the turn waits for. `person`: whom it asks. */
  runsIn: z.enum(["object", "runner", "person"]).default("object"),
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
