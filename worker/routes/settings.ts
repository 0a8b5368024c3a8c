/** The gateway's settings: shown with what is in force, changed by whoever saw the newest version. */
import { applyFile, getSettings, listSettingsHistory, updateSettings } from "../../core/api/settings.ts"
import { LoopError } from "../../core/errors.ts"
import { effectiveSettings, noSettings, SettingName, StoredSettings } from "../../core/settings.ts"
import { toRfc3339 } from "../../core/units.ts"
import { findChannel } from "../../adapters/store/channels.ts"
import { readOwnership } from "../../adapters/store/ownership.ts"
import * as store from "../../adapters/store/settings.ts"
import type { AuditNote } from "../access/audit.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"
import { applyGatewayFile } from "../gateway-file/apply.ts"
import { changeSettings, type CurrentSettings, currentSettings } from "../settings/change.ts"

const fileOfMachine = "The gateway already follows a loop-gateway.yaml on its own machine. Change that file instead."

export function bindSettings(binder: Binder, deps: EdgeDeps): void {
  const show = ({ row, settings }: CurrentSettings, managed: SettingName[]) => ({
    version: row?.version ?? 0,
    settings,
    effective: effectiveSettings(settings, deps.config),
    managed,
    updatedAt: row === undefined ? null : toRfc3339(row.updatedAt),
    updatedBy: row?.updatedBy ?? null,
  })

  bind(binder, getSettings, async () => {
    const [current, owned] = await Promise.all([currentSettings(deps), readOwnership(deps.libsql)])
    return show(current, owned.settings)
  })

  bind(binder, listSettingsHistory, async ({ query: { limit, after } }) => {
    if (after !== undefined && !/^\d{1,15}$/.test(after)) throw new LoopError("invalid_cursor")
    const before = after === undefined ? undefined : Number(after)
    // One beyond the page, to know what its oldest version changed.
    const { rows } = await store.listSettingsHistory(deps.libsql, "gateway", { limit: limit + 1, before })
    const versions = rows.map((row) => ({ row, settings: StoredSettings.parse(row.value) }))
    const data = versions.slice(0, limit).map(({ row, settings }, at) => {
      const earlier = versions[at + 1]?.settings ?? noSettings
      const isNew = (name: SettingName) => JSON.stringify(settings[name]) !== JSON.stringify(earlier[name])
      const { version, updatedAt, updatedBy: by } = row
      return { version, settings, changed: SettingName.options.filter(isNew), at: toRfc3339(updatedAt), by }
    })
    return { data, nextCursor: rows.length > limit ? String(data.at(-1)?.version ?? "") : null }
  })

  bind(binder, applyFile, async ({ body, caller, context }) => {
    const { source } = await readOwnership(deps.libsql)
    if (source === "machine") throw new LoopError("managed_by_file", { message: fileOfMachine })
    const secrets = new Map(Object.entries(body.secrets))
    const secret = (variable: string) => secrets.get(variable)
    const note = (done: AuditNote) => binder.audit.record(context, done)
    return applyGatewayFile(deps, body.text, { source: "api", secret, by: caller.user.username, note })
  })

  bind(binder, updateSettings, async ({ body, caller }) => {
    const [before, owned] = await Promise.all([currentSettings(deps), readOwnership(deps.libsql)])
    if ((before.row?.version ?? 0) !== body.version) throw new LoopError("edit_conflict")
    const taken = SettingName.options.find((name) => body.settings[name] !== undefined && owned.settings.includes(name))
    if (taken !== undefined) throw new LoopError("managed_by_file", { field: taken })
    const { home } = body.settings
    if (home && (await findChannel(deps.libsql, home.channelId)) === undefined)
      throw new LoopError("channel_not_found", { field: "home.channelId" })
    const outcome = await changeSettings(deps, before, body.settings, caller.user.username)
    if (outcome.status === "conflict") throw new LoopError("edit_conflict")
    return show(outcome.current, owned.settings)
  })
}
