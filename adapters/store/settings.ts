/** Settings of the whole gateway, by key and version; every version stays in the history. */
import * as z from "zod"
import { EpochMs } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { cutPage } from "./page.ts"
import { constant, parseRow, parseRows } from "./query.ts"
import type { Page } from "./rows.ts"
import { settings, settingsHistory } from "./schema.ts"
import type { Answer, Statement } from "./statement.ts"

/** `gateway`: what {@link import("../../core/settings.ts").Settings} describes; `file`: what the configuration file owns. */
export type SettingsKey = "gateway" | "file"

export const SettingsRow = z.object({
  key: z.string(),
  value: z.json(),
  version: z.number().int().positive(),
  updatedAt: EpochMs,
  updatedBy: z.string(),
})
export type SettingsRow = z.infer<typeof SettingsRow>

const select = constant("select * from settings where key = ?")
const insertFirst = constant("insert into settings values (?1, ?2, 1, ?3, ?4) on conflict (key) do nothing returning *")
const updateNext = constant(
  `update settings set value = ?2, version = version + 1, updated_at = ?3, updated_by = ?4
   where key = ?1 and version = ?5 returning *`,
)
const remember = constant(
  `insert into settings_history (key, version, value, updated_at, updated_by)
   select key, version, value, updated_at, updated_by from settings where key = ?1
   on conflict (key, version) do nothing`,
)

const selectHistory = constant(
  "select * from settings_history where key = ?1 and version < ?2 order by version desc limit ?3",
)

/** All versions that there were, the newest first; `before`: only older ones. */
export async function listSettingsHistory(
  libsql: Libsql,
  key: SettingsKey,
  { limit, before = Number.MAX_SAFE_INTEGER }: { readonly limit: number; readonly before?: number | undefined },
): Promise<Page<SettingsRow>> {
  const [found] = await libsql.read([selectHistory(key, before, limit + 1)])
  return cutPage(parseRows(settingsHistory, SettingsRow, found), limit)
}

/** To be read within a batch of someone else's, by {@link settingsOf}. */
export function selectSettings(key: SettingsKey): Statement {
  return select(key)
}

/** What {@link selectSettings} found; undefined: nothing was ever set. */
export function settingsOf(answer: Answer | undefined): SettingsRow | undefined {
  return parseRow(settings, SettingsRow, answer)
}

export async function readSettings(libsql: Libsql, key: SettingsKey): Promise<SettingsRow | undefined> {
  const [found] = await libsql.read([select(key)])
  return settingsOf(found)
}

/**
 * Stores the next version, where the stored one is still `version`; 0 stands for none.
 * `conflict`: someone changed it since it was read.
 */
export async function writeSettings(
  libsql: Libsql,
  next: Pick<SettingsRow, "value" | "version" | "updatedAt" | "updatedBy"> & { readonly key: SettingsKey },
): Promise<{ status: "written"; row: SettingsRow } | { status: "conflict" }> {
  const { key, value, version, updatedAt, updatedBy } = next
  const json = JSON.stringify(value)
  const write =
    version === 0 ? insertFirst(key, json, updatedAt, updatedBy) : updateNext(key, json, updatedAt, updatedBy, version)
  const [written] = await libsql.write([write, remember(key)])
  const row = settingsOf(written)
  return row === undefined ? { status: "conflict" } : { status: "written", row }
}
