/** Agent groups and their bindings to channels. Keys are sealed on the way in and shown to nobody. */
import {
  type AgentGroupChanges,
  assignChannel,
  createAgentGroup,
  deleteAgentGroup,
  getAgentGroup,
  listAgentGroups,
  unassignChannel,
  updateAgentGroup,
} from "../../core/api/agents.ts"
import { toUsd } from "../../core/budget/usd.ts"
import { LoopError } from "../../core/errors.ts"
import { HotSwapConfig } from "../../core/routing/hot-swap.ts"
import { microUsdOf } from "../../core/settings.ts"
import { type ChannelId, GroupId, toHex, toRfc3339 } from "../../core/units.ts"
import * as store from "../../adapters/store/agents.ts"
import { groupTerms } from "../../adapters/store/budgets.ts"
import { bindChannel, listBindings, unbindChannel } from "../../adapters/store/channels.ts"
import { isOwned, readOwnership } from "../../adapters/store/ownership.ts"
import { fallbackKeyPlace, StoredFallbackChain } from "../../adapters/store/fallback-chain.ts"
import type { GroupRow } from "../../adapters/store/rows.ts"
import { tellBudget } from "../budgets.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"
import { tellLive } from "../live.ts"
import { retryEdit } from "./retry-edit.ts"

export function bindAgents(binder: Binder, deps: EdgeDeps): void {
  const show = async (row: GroupRow) => {
    const [bound, owned] = await Promise.all([listBindings(deps.libsql, [row.id]), readOwnership(deps.libsql)])
    return toView(row, bound.get(row.id) ?? [], isOwned(owned.groups, row.id))
  }
  const refuseOwned = async (groupId: GroupId | undefined, channelId?: ChannelId) => {
    const owned = await readOwnership(deps.libsql)
    const isRefused =
      (groupId !== undefined && isOwned(owned.groups, groupId)) ||
      (channelId !== undefined && isOwned(owned.channels, channelId))
    if (isRefused) throw new LoopError("managed_by_file")
  }
  const find = async (groupId: GroupId) => {
    const row = await store.findGroup(deps.libsql, groupId)
    if (row === undefined) throw new LoopError("group_not_found")
    return row
  }

  bind(binder, listAgentGroups, async ({ query }) => {
    const after = query.after === undefined ? undefined : GroupId.safeParse(query.after)
    if (after?.success === false) throw new LoopError("invalid_cursor")
    const page = await store.listGroups(deps.libsql, { limit: query.limit, after: after?.data })
    const ids = page.rows.map(({ id }) => id)
    const [bound, owned] = await Promise.all([listBindings(deps.libsql, ids), readOwnership(deps.libsql)])
    return {
      data: page.rows.map((row) => toView(row, bound.get(row.id) ?? [], isOwned(owned.groups, row.id))),
      nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null,
    }
  })

  bind(binder, createAgentGroup, async ({ body }) => {
    const made = await store.createGroup(deps.libsql, applyGroupChanges(deps, newGroup(deps, body.name), body))
    if (made.status === "name_taken") throw new LoopError("name_taken", { field: "name" })
    await tellBudget(deps, groupTerms(made.group))
    tellLive(deps, { event: "group:created", data: { groupId: made.group.id } })
    return toView(made.group, [], false)
  })

  bind(binder, getAgentGroup, async ({ params }) => show(await find(params.groupId)))

  bind(binder, updateAgentGroup, async ({ params, body }) => {
    await refuseOwned(params.groupId)
    const row = await retryEdit<GroupRow>(async () => {
      const outcome = await store.updateGroup(deps.libsql, applyGroupChanges(deps, await find(params.groupId), body))
      switch (outcome.status) {
        case "updated":
          return { status: "done", value: outcome.group }
        case "not_found":
          throw new LoopError("group_not_found")
        case "name_taken":
          throw new LoopError("name_taken", { field: "name" })
        case "conflict":
          return { status: "conflict" }
      }
    })
    await tellBudget(deps, groupTerms(row))
    tellLive(deps, { event: "group:updated", data: { groupId: row.id } })
    return show(row)
  })

  bind(binder, deleteAgentGroup, async ({ params }) => {
    await refuseOwned(params.groupId)
    const { status } = await store.removeGroup(deps.libsql, params.groupId)
    if (status === "not_found") throw new LoopError("group_not_found")
    if (status === "group_in_use") throw new LoopError("group_in_use")
    tellLive(deps, { event: "group:deleted", data: params })
    return {}
  })

  bind(binder, assignChannel, async ({ params }) => {
    await refuseOwned(undefined, params.channelId)
    const { status } = await bindChannel(deps.libsql, params.channelId, params.groupId, deps.now())
    if (status !== "bound") throw new LoopError(status)
    tellLive(deps, { event: "group:updated", data: { groupId: params.groupId } })
    return show(await find(params.groupId))
  })

  bind(binder, unassignChannel, async ({ params }) => {
    await refuseOwned(undefined, params.channelId)
    const group = await find(params.groupId)
    const { status } = await unbindChannel(deps.libsql, params.channelId, params.groupId, deps.now())
    if (status === "channel_not_found") throw new LoopError(status)
    tellLive(deps, { event: "group:updated", data: { groupId: params.groupId } })
    return show(group)
  })
}

/** A group that says nothing yet, not stored. */
export function newGroup(deps: Pick<EdgeDeps, "now" | "random">, name: string): GroupRow {
  const now = deps.now()
  return {
    id: GroupId.parse(`grp_${toHex(deps.random(12))}`),
    name,
    description: "",
    systemPrompt: "",
    model: null,
    apiKeySealed: null,
    skills: [],
    tools: null,
    budgetMaxTokensDay: null,
    budgetMaxTokensMonth: null,
    budgetMaxMicroUsdDay: null,
    budgetMaxMicroUsdMonth: null,
    conversationMaxTokensDay: null,
    conversationMaxTokensMonth: null,
    conversationMaxMicroUsdDay: null,
    conversationMaxMicroUsdMonth: null,
    hotSwapConfig: null,
    fallbackChainConfig: null,
    historyMessages: null,
    maxOutputTokens: null,
    createdAt: now,
    updatedAt: now,
    version: 0,
  }
}

/** The row with the named fields changed. Fields that the body leaves out stay. */
export function applyGroupChanges(
  deps: Pick<EdgeDeps, "vault" | "now">,
  row: GroupRow,
  changes: AgentGroupChanges,
): GroupRow {
  const { apiKey, fallbackChainConfig, budgetMaxUsdDay, budgetMaxUsdMonth, ...others } = changes
  const { conversationMaxUsdDay, conversationMaxUsdMonth, ...plain } = others
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined))
  const keyPlace = { table: "agent_groups", row: row.id, column: "api_key" }
  return {
    ...row,
    ...given,
    ...inMicroUsd("budgetMaxMicroUsdDay", budgetMaxUsdDay),
    ...inMicroUsd("budgetMaxMicroUsdMonth", budgetMaxUsdMonth),
    ...inMicroUsd("conversationMaxMicroUsdDay", conversationMaxUsdDay),
    ...inMicroUsd("conversationMaxMicroUsdMonth", conversationMaxUsdMonth),
    ...(apiKey === undefined ? {} : { apiKeySealed: apiKey === null ? null : deps.vault.seal(keyPlace, apiKey) }),
    ...(fallbackChainConfig === undefined
      ? {}
      : { fallbackChainConfig: fallbackChainConfig && sealChain(deps, row, fallbackChainConfig) }),
    updatedAt: deps.now(),
  }
}

/** A limit in dollars as its column; nothing when it stays as it is. */
function inMicroUsd(column: keyof GroupRow, usd: number | null | undefined): Record<string, number | null> {
  return usd === undefined ? {} : { [column]: microUsdOf(usd) }
}

/**
 * A provider without a key in the body keeps the stored one under its label, as long as the key would still go to the same
 * place: with another type or address it is forgotten, so that nobody can have it sent to an address of theirs.
 */
function sealChain(
  deps: Pick<EdgeDeps, "vault">,
  row: GroupRow,
  chain: NonNullable<AgentGroupChanges["fallbackChainConfig"]>,
): StoredFallbackChain {
  const stored = readChain(row)?.providers ?? []
  const providers = chain.providers.map(({ apiKey, baseUrl, ...plain }) => {
    const before = stored.find(({ label }) => label === plain.label)
    const isSamePlace = before?.type === plain.type && before.baseUrl === baseUrl
    const kept = apiKey === undefined && isSamePlace ? before.apiKeySealed : undefined
    const apiKeySealed = typeof apiKey === "string" ? deps.vault.seal(fallbackKeyPlace(row.id), apiKey) : kept
    // JSON knows no undefined.
    return {
      ...plain,
      ...(baseUrl === undefined ? {} : { baseUrl }),
      ...(apiKeySealed === undefined ? {} : { apiKeySealed }),
    }
  })
  return { enabled: chain.enabled, providers }
}

function readChain(row: GroupRow): StoredFallbackChain | null {
  return row.fallbackChainConfig && StoredFallbackChain.parse(row.fallbackChainConfig)
}

function toView(row: GroupRow, channelIds: readonly ChannelId[], managed: boolean) {
  const { apiKeySealed, hotSwapConfig, createdAt, updatedAt } = row
  const usd = (micro: number | null) => (micro === null ? null : toUsd(micro))
  const chain = readChain(row)
  return {
    ...row,
    managed,
    budgetMaxUsdDay: usd(row.budgetMaxMicroUsdDay),
    budgetMaxUsdMonth: usd(row.budgetMaxMicroUsdMonth),
    conversationMaxUsdDay: usd(row.conversationMaxMicroUsdDay),
    conversationMaxUsdMonth: usd(row.conversationMaxMicroUsdMonth),
    hotSwapConfig: hotSwapConfig && HotSwapConfig.parse(hotSwapConfig),
    hasApiKey: apiKeySealed !== null,
    fallbackChainConfig: chain && {
      enabled: chain.enabled,
      providers: chain.providers.map(({ apiKeySealed: key, ...shown }) => ({ ...shown, hasApiKey: key !== undefined })),
    },
    channelIds: [...channelIds],
    createdAt: toRfc3339(createdAt),
    updatedAt: toRfc3339(updatedAt),
  }
}
