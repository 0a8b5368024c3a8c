/** Channels: where people write from. Secrets arrive here sealed. */
import { and, eq, inArray } from "drizzle-orm"
import * as z from "zod"
import { ChannelId, type EpochMs, GroupId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { type ListOptions, listByCreation } from "./page.ts"
import { build, constant, parseRow, statement } from "./query.ts"
import { ChannelRow, type Page } from "./rows.ts"
import { channels } from "./schema.ts"

const selectChannel = constant("select * from channels where id = ?")
const selectIds = constant("select id from channels order by id")

/** Stores a new channel, bound to no group; its `version` becomes 1. */
export async function createChannel(
  libsql: Libsql,
  channel: Omit<ChannelRow, "version" | "groupId">,
): Promise<ChannelRow> {
  const row: ChannelRow = { ...channel, groupId: null, version: 1 }
  await libsql.write([statement(build.insert(channels).values(row))])
  return row
}

/**
 * Channels in the order of their creation.
 * @throws LoopError `invalid_cursor` when `after` names no channel
 */
export function listChannels(libsql: Libsql, options: ListOptions<ChannelId>): Promise<Page<ChannelRow>> {
  return listByCreation(libsql, channels, ChannelRow, options)
}

/** All of them, also those that are disabled. */
export async function listChannelIds(libsql: Libsql): Promise<ChannelId[]> {
  const [found] = await libsql.read([selectIds()])
  return (found?.rows ?? []).map(({ id }) => ChannelId.parse(id))
}

export async function findChannel(libsql: Libsql, channelId: ChannelId): Promise<ChannelRow | undefined> {
  const [found] = await libsql.read([selectChannel(channelId)])
  return parseRow(channels, ChannelRow, found)
}

/**
 * Stores the whole row where the stored one still has its `version`, which then grows by one. Kind, binding and
 * `createdAt` stay. `conflict`: someone changed it since it was read.
 */
export async function updateChannel(
  libsql: Libsql,
  channel: ChannelRow,
): Promise<{ status: "updated"; channel: ChannelRow } | { status: "not_found" | "conflict" }> {
  const { id, version, name, config, secretSealed, webhookSecretSealed, enabled, updatedAt } = channel
  const [updated, stored] = await libsql.write([
    statement(
      build
        .update(channels)
        .set({ name, config, secretSealed, webhookSecretSealed, enabled, updatedAt, version: version + 1 })
        .where(and(eq(channels.id, id), eq(channels.version, version)))
        .returning(),
    ),
    selectChannel(id),
  ])
  const row = parseRow(channels, ChannelRow, updated)
  if (row) return { status: "updated", channel: row }
  return { status: stored?.rows.length === 1 ? "conflict" : "not_found" }
}

/** Deletes a channel. Its conversations stay on record. */
export async function removeChannel(
  libsql: Libsql,
  channelId: ChannelId,
): Promise<{ status: "removed" | "not_found" }> {
  const [deleted] = await libsql.write([
    statement(build.delete(channels).where(eq(channels.id, channelId)).returning({ id: channels.id })),
  ])
  return { status: deleted?.rows.length === 1 ? "removed" : "not_found" }
}

const bindToGroup = constant(
  `update channels set group_id = ?1, updated_at = ?2, version = version + 1
   where id = ?3 and exists (select 1 from agent_groups where id = ?1) returning *`,
)

/** Binds a channel to a group, in place of the one it was bound to. */
export async function bindChannel(
  libsql: Libsql,
  channelId: ChannelId,
  groupId: GroupId,
  now: EpochMs,
): Promise<{ status: "bound"; channel: ChannelRow } | { status: "channel_not_found" | "group_not_found" }> {
  const [updated, stored] = await libsql.write([bindToGroup(groupId, now, channelId), selectChannel(channelId)])
  const channel = parseRow(channels, ChannelRow, updated)
  if (channel) return { status: "bound", channel }
  return { status: stored?.rows.length === 1 ? "group_not_found" : "channel_not_found" }
}

const unbindFromGroup = constant(
  `update channels set group_id = null, updated_at = ?, version = version + 1
   where id = ? and group_id = ? returning *`,
)

/** Takes a channel's binding to this group away. `not_bound`: it is bound to another group or to none. */
export async function unbindChannel(
  libsql: Libsql,
  channelId: ChannelId,
  groupId: GroupId,
  now: EpochMs,
): Promise<{ status: "unbound"; channel: ChannelRow } | { status: "channel_not_found" | "not_bound" }> {
  const [updated, stored] = await libsql.write([unbindFromGroup(now, channelId, groupId), selectChannel(channelId)])
  const channel = parseRow(channels, ChannelRow, updated)
  if (channel) return { status: "unbound", channel }
  return { status: stored?.rows.length === 1 ? "not_bound" : "channel_not_found" }
}

const Binding = z.object({ id: ChannelId, group_id: GroupId })

/** The channels bound to each of the groups, in the order of their creation; a group without any has no entry. */
export async function listBindings(
  libsql: Libsql,
  groupIds: readonly GroupId[],
): Promise<ReadonlyMap<GroupId, readonly ChannelId[]>> {
  if (groupIds.length === 0) return new Map()
  const [found] = await libsql.read([
    statement(
      build
        .select({ id: channels.id, groupId: channels.groupId })
        .from(channels)
        .where(inArray(channels.groupId, [...groupIds]))
        .orderBy(channels.createdAt, channels.id),
    ),
  ])
  const bound = new Map<GroupId, ChannelId[]>()
  for (const row of found?.rows ?? []) {
    const { id, group_id } = Binding.parse(row)
    bound.set(group_id, [...(bound.get(group_id) ?? []), id])
  }
  return bound
}
