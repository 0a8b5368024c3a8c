/** An admission for tests of a tool by itself: it passes the same gate, by a turn in which nobody need be asked. */
import * as z from "zod"
import { admitToolCall, type ToolAdmission } from "../../core/admission.ts"
import { policyDefaults } from "../../core/turn/policy.ts"
import { ToolPolicy } from "../../core/turn/tool-policy.ts"
import { EpochMs } from "../../core/units.ts"

/** @param input - the one that the tool is then started with: an admission holds for no other */
export function admitted(tool: z.input<typeof ToolPolicy>, input: unknown): ToolAdmission {
  const at = EpochMs.parse(1)
  const use = { type: "tool_use" as const, id: "use_1", name: tool.name, input: z.json().parse(input) }
  const usage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }
  const answer = { blocks: [use], stop: "tool_use" as const, usage, model: "test" }
  const rule = {
    toolName: tool.name,
    groupId: null,
    riskLevel: null,
    requireApproval: false,
    timeoutSeconds: null,
    timeoutAction: "reject" as const,
    autoApprove: [],
  }
  const policy = {
    ...policyDefaults,
    version: "test",
    groupId: null,
    groupName: "default",
    system: "",
    permissionMode: "default" as const,
    tools: [ToolPolicy.parse(tool)],
    approvalRules: [rule],
    home: null,
  }
  return admitToolCall([{ type: "model_ended", call: 1, answer, firstDeltaMs: null, at }], policy, use).admission
}
