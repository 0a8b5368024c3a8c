/** What a run segment may do: read once at its start, journaled, and the same for all its decisions. */
import * as z from "zod"
import { ApprovalRule } from "../approval/rule.ts"
import { GroupId } from "../units.ts"
import { ToolPolicy } from "./tool-policy.ts"

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
  /** Of operators, for all tools that have one. */
  approvalRules: z.array(ApprovalRule).default([]),
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
