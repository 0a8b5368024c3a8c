/** What a run segment's policy is made of, read in one round trip. */
import { type Settings, StoredSettings } from "../../core/settings.ts"
import type { ChannelId } from "../../core/units.ts"
import { type ApprovalRuleRow, approvalRulesOf, selectApprovalRules } from "./approval-rules.ts"
import type { Libsql } from "./libsql.ts"
import { constant, parseRow } from "./query.ts"
import { ChannelRow, GroupRow } from "./rows.ts"
import { agentGroups, channels } from "./schema.ts"
import { selectSettings, settingsOf } from "./settings.ts"

const selectChannel = constant("select * from channels where id = ?")
const selectGroup = constant(
  `select * from agent_groups
   where name = ?1 or (?1 is null and id = (select group_id from channels where id = ?2))`,
)

export interface PolicySource {
  /** The named group, or without a name the one that the channel is bound to. Null also when a named one is gone. */
  readonly group: GroupRow | null
  readonly channel: ChannelRow | null
  readonly settings: Settings
  readonly approvalRules: ApprovalRuleRow[]
}

export async function readPolicySource(
  libsql: Libsql,
  of: { readonly groupName?: string | null; readonly channelId?: ChannelId | null },
): Promise<PolicySource> {
  const groupName = of.groupName ?? null
  const channelId = of.channelId ?? null
  const [channel, group, settings, rules] = await libsql.read([
    selectChannel(channelId),
    selectGroup(groupName, channelId),
    selectSettings("gateway"),
    selectApprovalRules(),
  ])
  return {
    group: parseRow(agentGroups, GroupRow, group) ?? null,
    channel: parseRow(channels, ChannelRow, channel) ?? null,
    settings: StoredSettings.parse(settingsOf(settings)?.value ?? {}),
    approvalRules: approvalRulesOf(rules),
  }
}
