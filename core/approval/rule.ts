/**
 * When a person is asked before a tool runs: by the call's risk, by what operators ruled for the tool, and by what the model has
 * read before. Pure; the strictest of the three wins.
 */
import * as z from "zod"
import { Risk, type ToolPolicy, type ToolTraits } from "../turn/tool-policy.ts"
import { GroupId } from "../units.ts"
import { Condition, conditionOf, fits, hopsOf, type Hop } from "./condition.ts"

export const TimeoutAction = z.enum(["reject", "approve"])
export type TimeoutAction = z.infer<typeof TimeoutAction>

/** What operators ruled for one tool, in one agent group or in all that have no rule of their own for it. */
export const ApprovalRule = z.object({
  toolName: z.string().min(1).max(100),
  groupId: GroupId.nullable(),
  /** In place of the tool's own. */
  riskLevel: Risk.nullable(),
  /** False: calls run without a question, unless the context holds content from outside. */
  requireApproval: z.boolean(),
  /** Null: the gateway's default. */
  timeoutSeconds: z
    .number()
    .int()
    .min(10)
    .max(30 * 24 * 60 * 60)
    .nullable(),
  /** What no answer in time means. Never `approve` for a critical call, whatever stands here. */
  timeoutAction: TimeoutAction,
  /** Calls that fit one of these run without a question, unless the context holds content from outside. */
  autoApprove: z.array(Condition).max(200),
})
export type ApprovalRule = z.infer<typeof ApprovalRule>

export type Requirement =
  /** `hops`: it runs only as long as every address that it reaches, redirects too, is one of these. Null: no such bound. */
  | { readonly ask: false; readonly why: string; readonly hops: readonly Hop[] | null }
  | {
      readonly ask: true
      readonly risk: Risk
      /** A sentence for the person. */
      readonly reason: string
      /** Null: the gateway's default. */
      readonly timeoutMs: number | null
      readonly onTimeout: TimeoutAction
      /** What "always for this" would allow. Null: nothing, or it would help only until content from outside is read again. */
      readonly always: Condition | null
    }

export interface Circumstances {
  readonly groupId: GroupId | null
  readonly rules: readonly ApprovalRule[]
  /** Where each piece of content from outside in the context is from; empty: there is none. */
  readonly marks: readonly string[]
  /** True when the call does no more than read an address that the person named, or one that the marked content is from. */
  readonly isExpectedRead: boolean
}

/** Whether a person is asked before this call. @param input - of the tool, as the model wrote it */
export function requirementFor(
  tool: Pick<ToolPolicy, "name" | "runsIn">,
  traits: ToolTraits,
  input: unknown,
  { groupId, rules, marks, isExpectedRead }: Circumstances,
): Requirement {
  const rule = ruleFor(rules, tool.name, groupId)
  const risk = rule?.riskLevel ?? traits.risk
  const timeoutMs = rule?.timeoutSeconds == null ? null : rule.timeoutSeconds * 1_000
  const onTimeout = risk === "critical" ? "reject" : (rule?.timeoutAction ?? "reject")
  const ask = (reason: string, always: Condition | null) =>
    ({ ask: true, risk, reason, timeoutMs, onTimeout, always }) as const
  const because = whyAsked(rule, risk)
  const condition = because === null ? undefined : conditionFor(rule, tool, input)
  if (because !== null && condition === undefined) {
    return ask(withMarks(because, marks), conditionOf(tool, input) ?? null)
  }
  const isRisky = risk === "high" || risk === "critical"
  const isOutward = traits.outward === "acts" || (traits.outward === "reads" && !isExpectedRead)
  if (marks.length > 0 && (isRisky || isOutward)) {
    return ask(
      `This would run by itself, but the agent has read content from outside, which may have told it to: ${listed(marks)}.`,
      null,
    )
  }
  if (condition !== undefined) {
    return { ask: false, why: "A rule allows exactly this.", hops: hopsOf(condition) }
  }
  const why = rule === undefined ? `Its risk is ${risk}.` : "A rule says that nobody is asked."
  return { ask: false, why, hops: null }
}

/** The group's own rule, else the one for all. */
export function ruleFor(
  rules: readonly ApprovalRule[],
  toolName: string,
  groupId: GroupId | null,
): ApprovalRule | undefined {
  const ofTool = rules.filter((rule) => rule.toolName === toolName)
  const own = groupId === null ? undefined : ofTool.find((rule) => rule.groupId === groupId)
  return own ?? ofTool.find((rule) => rule.groupId === null)
}

/** Null: by risk and rule alone nobody is asked. */
function whyAsked(rule: ApprovalRule | undefined, risk: Risk): string | null {
  if (rule !== undefined) return rule.requireApproval ? "A rule says that a person is asked for this tool." : null
  switch (risk) {
    case "low":
    case "medium":
      return null
    case "high":
      return "The tool's risk is high."
    case "critical":
      return "The tool's risk is critical."
  }
}

function conditionFor(
  rule: ApprovalRule | undefined,
  tool: Pick<ToolPolicy, "runsIn">,
  input: unknown,
): Condition | undefined {
  return rule?.autoApprove.find((condition) => fits(condition, tool, input))
}

function withMarks(reason: string, marks: readonly string[]): string {
  return marks.length === 0 ? reason : `${reason} The agent has read content from outside: ${listed(marks)}.`
}

const mostListed = 5

function listed(marks: readonly string[]): string {
  const shown = marks.slice(0, mostListed).join(", ")
  return marks.length <= mostListed ? shown : `${shown} and ${marks.length - mostListed} more`
}
