/** The names behind ids, for lists that people read. */
import * as z from "zod"
import type { ChannelId, UserId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { constant } from "./query.ts"

const selectUsers = constant("select id, username as name from users where id in (select value from json_each(?))")
const selectChannels = constant("select id, name from channels where id in (select value from json_each(?))")
const Named = z.array(z.object({ id: z.string(), name: z.string() }))

export interface Names {
  readonly users: ReadonlyMap<string, string>
  readonly channels: ReadonlyMap<string, string>
}

/** Ids of those who are gone have no name. One round trip. */
export async function readNames(
  libsql: Libsql,
  rows: readonly { readonly ownerId: UserId | null; readonly channelId: ChannelId | null }[],
): Promise<Names> {
  const [users, channels] = await libsql.read([
    selectUsers(listOf(rows.map(({ ownerId }) => ownerId))),
    selectChannels(listOf(rows.map(({ channelId }) => channelId))),
  ])
  return { users: mapOf(users), channels: mapOf(channels) }
}

function listOf(ids: readonly (string | null)[]): string {
  return JSON.stringify([...new Set(ids)].filter((id) => id !== null))
}

function mapOf(answer: { readonly rows: readonly unknown[] } | undefined): Map<string, string> {
  return new Map(Named.parse(answer?.rows ?? []).map(({ id, name }) => [id, name]))
}
