/** Stores changed settings and tells those who keep a copy. */
import { effectiveLimits } from "../../core/edge-mode.ts"
import { applySettings, noSettings, type Settings, type SettingsChanges, StoredSettings } from "../../core/settings.ts"
import { globalTerms } from "../../adapters/store/budgets.ts"
import { readSettings, type SettingsRow, writeSettings } from "../../adapters/store/settings.ts"
import { describeFailure } from "../../core/log.ts"
import { tellBudget } from "../budgets.ts"
import type { EdgeDeps } from "../deps.ts"
import { tellLive } from "../live.ts"

export type SettingsDeps = Pick<EdgeDeps, "config" | "libsql" | "peers" | "now" | "background" | "log">

export interface CurrentSettings {
  readonly settings: Settings
  /** Undefined: nothing was ever set. */
  readonly row: SettingsRow | undefined
}

export async function currentSettings(deps: Pick<EdgeDeps, "libsql">): Promise<CurrentSettings> {
  const row = await readSettings(deps.libsql, "gateway")
  return { row, settings: row === undefined ? noSettings : StoredSettings.parse(row.value) }
}

/** `conflict`: another change came first, and nothing was done. */
export async function changeSettings(
  deps: SettingsDeps,
  before: CurrentSettings,
  changes: SettingsChanges,
  by: string,
): Promise<{ status: "changed"; current: CurrentSettings } | { status: "conflict" }> {
  const settings = applySettings(before.settings, changes)
  const outcome = await writeSettings(deps.libsql, {
    key: "gateway",
    value: settings,
    version: before.row?.version ?? 0,
    updatedAt: deps.now(),
    updatedBy: by,
  })
  if (outcome.status === "conflict") return outcome
  const current = { settings, row: outcome.row }
  await tellLedger(deps, current)
  tellLive(deps, { event: "settings:changed", data: { what: "gateway", id: null } })
  return { status: "changed", current }
}

/** Turns that wait get their slots now, and the next model call its budget; other settings are read by each stretch of a turn. */
export async function tellLedger(
  deps: Pick<SettingsDeps, "config" | "peers" | "log">,
  current: CurrentSettings,
): Promise<void> {
  const asked = current.settings.concurrentTurns
  const { ceiling } = effectiveLimits(deps.config).concurrentTurns
  await tellBudget(deps, globalTerms(current.row))
  const told = { limit: asked === null ? null : Math.min(asked, ceiling), version: current.row?.version ?? 0 }
  try {
    await deps.peers("ledger", "main").call("setLimit", told)
  } catch (error) {
    deps.log({
      level: "warn",
      event: "ledger_not_told",
      ...told,
      limit: told.limit ?? 0,
      cause: describeFailure(error),
    })
  }
}
