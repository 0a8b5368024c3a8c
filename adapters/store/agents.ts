/** Agent groups: named settings of an agent. Their keys arrive here sealed. */
import { and, eq, ne, notExists } from "drizzle-orm"
import { alias } from "drizzle-orm/sqlite-core"
import * as z from "zod"
import { GroupId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { type ListOptions, listByCreation } from "./page.ts"
import { build, constant, parseRow, statement } from "./query.ts"
import { GroupRow, type Page } from "./rows.ts"
import { agentGroups } from "./schema.ts"

const selectGroup = constant("select * from agent_groups where id = ?")

const selectNames = constant("select id, name from agent_groups")
const Named = z.array(z.object({ id: GroupId, name: z.string() }))

/** The name of every group by its id. */
export async function listGroupNames(libsql: Libsql): Promise<Map<string, string>> {
  const [found] = await libsql.read([selectNames()])
  return new Map(Named.parse(found?.rows ?? []).map(({ id, name }) => [id, name]))
}

/** Stores a new group; its `version` becomes 1. */
export async function createGroup(
  libsql: Libsql,
  group: Omit<GroupRow, "version">,
): Promise<{ status: "created"; group: GroupRow } | { status: "name_taken" }> {
  const [inserted] = await libsql.write([
    statement(
      build
        .insert(agentGroups)
        .values({ ...group, version: 1 })
        .onConflictDoNothing({ target: agentGroups.name })
        .returning(),
    ),
  ])
  const created = parseRow(agentGroups, GroupRow, inserted)
  return created ? { status: "created", group: created } : { status: "name_taken" }
}

/**
 * Groups in the order of their creation.
 * @throws LoopError `invalid_cursor` when `after` names no group
 */
export function listGroups(libsql: Libsql, options: ListOptions<GroupId>): Promise<Page<GroupRow>> {
  return listByCreation(libsql, agentGroups, GroupRow, options)
}

export async function findGroup(libsql: Libsql, groupId: GroupId): Promise<GroupRow | undefined> {
  const [found] = await libsql.read([selectGroup(groupId)])
  return parseRow(agentGroups, GroupRow, found)
}

export async function findGroupByName(libsql: Libsql, name: string): Promise<GroupRow | undefined> {
  const [found] = await libsql.read([statement(build.select().from(agentGroups).where(eq(agentGroups.name, name)))])
  return parseRow(agentGroups, GroupRow, found)
}

/**
 * Stores the whole row where the stored one still has its `version`, which then grows by one. `createdAt` stays.
 * `conflict`: someone changed it since it was read.
 */
export async function updateGroup(
  libsql: Libsql,
  group: GroupRow,
): Promise<{ status: "updated"; group: GroupRow } | { status: "not_found" | "conflict" | "name_taken" }> {
  const { id, createdAt: _createdAt, version, ...changed } = group
  const namesake = alias(agentGroups, "namesake")
  const takesName = build
    .select({ id: namesake.id })
    .from(namesake)
    .where(and(eq(namesake.name, group.name), ne(namesake.id, id)))
  const [updated, stored] = await libsql.write([
    statement(
      build
        .update(agentGroups)
        .set({ ...changed, version: version + 1 })
        .where(and(eq(agentGroups.id, id), eq(agentGroups.version, version), notExists(takesName)))
        .returning(),
    ),
    selectGroup(id),
  ])
  const row = parseRow(agentGroups, GroupRow, updated)
  if (row) return { status: "updated", group: row }
  const current = parseRow(agentGroups, GroupRow, stored)
  if (!current) return { status: "not_found" }
  return { status: current.version === version ? "name_taken" : "conflict" }
}

const deleteUnbound = constant(
  "delete from agent_groups where id = ?1 and not exists (select 1 from channels where group_id = ?1) returning id",
)

/** Deletes a group that no channel is bound to. */
export async function removeGroup(
  libsql: Libsql,
  groupId: GroupId,
): Promise<{ status: "removed" | "not_found" | "group_in_use" }> {
  const [deleted, left] = await libsql.write([deleteUnbound(groupId), selectGroup(groupId)])
  if (deleted?.rows.length === 1) return { status: "removed" }
  return { status: left?.rows.length === 1 ? "group_in_use" : "not_found" }
}
