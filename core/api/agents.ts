/** Contracts of agent groups: separate agents with their own prompt, model, keys and budget, bound to channels. */
import * as z from "zod"
import { mostFallbacks } from "../model/chain.ts"
import { HotSwapConfig } from "../routing/hot-swap.ts"
import { BudgetTokens, BudgetUsd } from "../settings.ts"
import { ChannelId, GroupId } from "../units.ts"
import { endpoint, Instant, nothing, page, pageLimit } from "./endpoint.ts"

const ModelName = z.string().trim().min(1).max(200)
const ApiKey = z.string().trim().min(1).max(1_000)
/** Credentials in the address would be shown with it. */
const BaseUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((value) => !/^https?:\/\/[^/?#]*@/i.test(value), "must not contain a user name or password")

const provider = {
  type: z.enum(["anthropic", "openai", "ollama"]),
  model: ModelName,
  baseUrl: BaseUrl.optional(),
  maxRetries: z.number().int().min(0).max(10).default(2),
  timeoutMs: z.number().int().min(1_000).max(600_000).default(60_000),
  label: z.string().trim().min(1).max(100),
}
/** Tried from first to last, with a key for each as its place writes keys. Labels are unique. */
export const fallbackChainWith = <Key extends z.ZodType>(apiKey: Key) =>
  z.object({
    enabled: z.boolean(),
    providers: z
      .array(z.object({ ...provider, apiKey }))
      .max(mostFallbacks)
      .refine((all) => new Set(all.map((one) => one.label)).size === all.length, "labels must differ"),
  })
/**
 * An update without `apiKey` keeps the key of the provider with that label as long as its type and `baseUrl` stay the same; null
 * forgets it.
 */
const FallbackChainInput = fallbackChainWith(ApiKey.nullish())
const FallbackChainView = z.object({
  enabled: z.boolean(),
  providers: z.array(z.object({ ...provider, hasApiKey: z.boolean() })),
})

const name = z.string().trim().min(1).max(64)
const settings = {
  description: z.string().max(2_000),
  systemPrompt: z.string().max(100_000),
  /** Null: the gateway's default model. */
  model: ModelName.nullable(),
  /** Kept for the agent; each skill is enabled by name. */
  skills: z.array(z.string().trim().min(1).max(100)).max(200),
  /** The tools that its agent may call, by name; null: all. */
  tools: z.array(z.string().trim().min(1).max(100)).max(200).nullable(),
  /** Null: no limit. */
  budgetMaxTokensDay: BudgetTokens,
  budgetMaxTokensMonth: BudgetTokens,
  budgetMaxUsdDay: BudgetUsd,
  budgetMaxUsdMonth: BudgetUsd,
  /** Of each conversation of the group; null: the gateway's. */
  conversationMaxTokensDay: BudgetTokens,
  conversationMaxTokensMonth: BudgetTokens,
  conversationMaxUsdDay: BudgetUsd,
  conversationMaxUsdMonth: BudgetUsd,
  /** Null: the gateway's defaults. */
  historyMessages: z.number().int().min(1).max(1_000).nullable(),
  maxOutputTokens: z.number().int().min(1).max(1_000_000).nullable(),
  hotSwapConfig: HotSwapConfig.nullable(),
}

export const AgentGroupView = z.object({
  id: GroupId,
  name,
  ...settings,
  hasApiKey: z.boolean(),
  fallbackChainConfig: FallbackChainView.nullable(),
  /** Channels bound to this group. */
  channelIds: z.array(ChannelId),
  /** The configuration file owns it: change it there. */
  managed: z.boolean(),
  createdAt: Instant,
  updatedAt: Instant,
})
export type AgentGroupView = z.infer<typeof AgentGroupView>

const secrets = {
  /** Write only. */
  apiKey: ApiKey.nullable(),
  fallbackChainConfig: FallbackChainInput.nullable(),
}
export const AgentGroupChanges = z.object({ name, ...settings, ...secrets }).partial()
export type AgentGroupChanges = z.infer<typeof AgentGroupChanges>
export const NewAgentGroup = AgentGroupChanges.required({ name: true })
export type NewAgentGroup = z.infer<typeof NewAgentGroup>

const path = "/api/agent-groups/{groupId}"
const params = z.object({ groupId: GroupId })
const maxBodyBytes = 1_048_576
const refusesUnknown = /^(budget|conversationMax)/i

export const listAgentGroups = endpoint({
  method: "get",
  path: "/api/agent-groups",
  summary: "List agent groups in the order of their creation",
  auth: "user",
  scope: "agents:read",
  params: nothing,
  query: z.object({ limit: pageLimit(100), after: z.string().max(200).optional() }),
  body: nothing,
  status: 200,
  response: page(AgentGroupView),
  errors: ["invalid_cursor"],
})

export const createAgentGroup = endpoint({
  method: "post",
  path: "/api/agent-groups",
  summary: "Create an agent group",
  auth: "user",
  scope: "agents:write",
  audit: { action: "group_created", kind: "group" },
  params: nothing,
  query: nothing,
  body: NewAgentGroup,
  refusesUnknown,
  status: 201,
  response: AgentGroupView,
  errors: ["name_taken"],
  maxBodyBytes,
})

export const getAgentGroup = endpoint({
  method: "get",
  path,
  summary: "Get an agent group",
  auth: "user",
  scope: "agents:read",
  params,
  query: nothing,
  body: nothing,
  status: 200,
  response: AgentGroupView,
  errors: ["group_not_found"],
  unknownId: "group_not_found",
})

export const updateAgentGroup = endpoint({
  method: "put",
  path,
  summary: "Change the named fields of an agent group; others stay",
  auth: "user",
  scope: "agents:write",
  audit: { action: "group_changed", kind: "group", id: "groupId" },
  params,
  query: nothing,
  body: AgentGroupChanges,
  refusesUnknown,
  status: 200,
  response: AgentGroupView,
  errors: ["group_not_found", "name_taken", "edit_conflict", "managed_by_file"],
  unknownId: "group_not_found",
  maxBodyBytes,
})

export const deleteAgentGroup = endpoint({
  method: "delete",
  path,
  summary: "Delete an agent group that no channel is bound to",
  auth: "user",
  scope: "agents:write",
  audit: { action: "group_deleted", kind: "group", id: "groupId" },
  params,
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["group_not_found", "group_in_use", "managed_by_file"],
  unknownId: "group_not_found",
})

const binding = z.object({ groupId: GroupId, channelId: ChannelId })

export const assignChannel = endpoint({
  method: "post",
  path: `${path}/assign/{channelId}`,
  summary: "Bind a channel to the group; a channel has one group, so an earlier binding is replaced",
  auth: "user",
  scope: "agents:write",
  audit: { action: "channel_bound", kind: "channel", id: "channelId" },
  params: binding,
  query: nothing,
  body: nothing,
  status: 200,
  response: AgentGroupView,
  errors: ["group_not_found", "channel_not_found", "managed_by_file"],
  unknownId: "group_not_found",
})

export const unassignChannel = endpoint({
  method: "post",
  path: `${path}/unassign/{channelId}`,
  summary: "Unbind a channel from the group; one that is not bound to it is no error",
  auth: "user",
  scope: "agents:write",
  audit: { action: "channel_unbound", kind: "channel", id: "channelId" },
  params: binding,
  query: nothing,
  body: nothing,
  status: 200,
  response: AgentGroupView,
  errors: ["group_not_found", "channel_not_found", "managed_by_file"],
  unknownId: "group_not_found",
})
