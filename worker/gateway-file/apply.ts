/**
 * Makes the gateway what `loop-gateway.yaml` says. A file with any mistake changes nothing. Idempotent: things are known by their
 * names, and what is already as the file says is not touched; a run that was cut short is finished by the next one.
 */
import {
  type FileChannel,
  type FileGroup,
  type FileMistake,
  type FileOwnership,
  type FileReport,
  type GatewayFile,
  variableOf,
} from "../../core/gateway-file.ts"
import { LoopError } from "../../core/errors.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { type SettingName, SettingName as SettingNames, type SettingsChanges } from "../../core/settings.ts"
import type { ChannelId, GroupId } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import * as groups from "../../adapters/store/agents.ts"
import { groupTerms } from "../../adapters/store/budgets.ts"
import * as channels from "../../adapters/store/channels.ts"
import { readOwnership } from "../../adapters/store/ownership.ts"
import { readAll } from "../../adapters/store/page.ts"
import type { ChannelRow, GroupRow } from "../../adapters/store/rows.ts"
import { readSettings, writeSettings } from "../../adapters/store/settings.ts"
import type { AuditNote } from "../access/audit.ts"
import { tellBudget } from "../budgets.ts"
import type { EdgeDeps } from "../deps.ts"
import { tellLive } from "../live.ts"
import { applyGroupChanges, newGroup } from "../routes/agents.ts"
import { applyChannelChanges, askChannel, newChannel } from "../routes/channels.ts"
import { changeSettings, currentSettings } from "../settings/change.ts"

export type ApplyDeps = Pick<
  EdgeDeps,
  "config" | "libsql" | "vault" | "peers" | "now" | "random" | "background" | "log"
>

export interface ApplyOptions {
  readonly source: FileOwnership["source"]
  /** The value of an environment variable. */
  readonly secret: (variable: string) => string | undefined
  /** Who is named as the author of changed settings. */
  readonly by: string
  /** Told of each change once it is made, for the audit trail. */
  readonly note: (note: AuditNote) => void
}

type Done = Extract<FileReport, { status: "applied" }>
type Owned<T> = { id: T; name: string; digest: string; version: number }

interface World {
  readonly groups: Map<string, GroupRow>
  readonly channels: Map<string, ChannelRow[]>
  readonly owned: FileOwnership
}

/**
 * @throws LoopError `database_unavailable`; `edit_conflict` where others change the same things at the same time: what was done
 * so far stays, and the next run does the rest
 */
export async function applyGatewayFile(deps: ApplyDeps, text: string, options: ApplyOptions): Promise<FileReport> {
  // Only here, since a reader of YAML takes 2 MB of memory, and most have no such file.
  const { readGatewayFile } = await import("../../adapters/gateway-file.ts")
  const read = readGatewayFile(text)
  if (read.status === "invalid") return read
  const world = await readWorld(deps)
  const [first, ...rest] = findMistakes(read.file, (path, message) => read.mistakeAt(path, message), world, options)
  if (first !== undefined) return { status: "invalid", mistakes: [first, ...rest] }
  return new Applying(deps, options, world).run(read.file)
}

async function readWorld({ libsql }: ApplyDeps): Promise<World> {
  const [allGroups, allChannels, owned] = await Promise.all([
    readAll<GroupId, GroupRow>((after) => groups.listGroups(libsql, { limit: 1_000, after })),
    readAll<ChannelId, ChannelRow>((after) => channels.listChannels(libsql, { limit: 1_000, after })),
    readOwnership(libsql),
  ])
  return {
    groups: new Map(allGroups.map((group) => [group.name, group])),
    channels: new Map(allChannels.map(({ name }) => [name, allChannels.filter((other) => other.name === name)])),
    owned,
  }
}

/** What the file's form cannot show: names that are given twice or to nothing, and variables that are not set. */
function findMistakes(
  file: GatewayFile,
  mistakeAt: (path: readonly PropertyKey[], message: string) => FileMistake,
  world: World,
  { secret }: ApplyOptions,
): FileMistake[] {
  const mistakes: FileMistake[] = []
  const add = (path: readonly PropertyKey[], message: string) => void mistakes.push(mistakeAt(path, message))
  const groupNames = new Set([...world.groups.keys(), ...file.groups.map(({ name }) => name)])
  const channelNames = new Set([...world.channels.keys(), ...file.channels.map(({ name }) => name)])
  const keyForm = /^\S{1,1000}$/
  const mustBeSet = (path: readonly PropertyKey[], reference: string | undefined, form: RegExp, what: string) => {
    const variable = reference === undefined ? undefined : variableOf(reference)
    if (variable === undefined) return
    const value = secret(variable) ?? ""
    if (value === "") add(path, `The environment variable ${variable} is not set.`)
    else if (!form.test(value)) add(path, `The environment variable ${variable} does not hold ${what}.`)
  }
  file.groups.forEach((group, at) => {
    if (file.groups.findIndex(({ name }) => name === group.name) < at)
      add(["groups", at, "name"], "This name is given twice.")
    mustBeSet(["groups", at, "apiKey"], group.apiKey, keyForm, "a key")
    group.fallbackChainConfig?.providers.forEach(({ apiKey }, provider) =>
      mustBeSet(["groups", at, "fallbackChainConfig", "providers", provider, "apiKey"], apiKey, keyForm, "a key"),
    )
  })
  file.channels.forEach((channel, at) => {
    const path = ["channels", at]
    if (file.channels.findIndex(({ name }) => name === channel.name) < at)
      add([...path, "name"], "This name is given twice.")
    if ((world.channels.get(channel.name)?.length ?? 0) > 1)
      add([...path, "name"], "Several channels have this name. Give all but one another name first.")
    if (channel.group !== undefined && !groupNames.has(channel.group))
      add([...path, "group"], "There is no agent group of this name.")
    mustBeSet([...path, "botToken"], channel.botToken, /^\d{1,20}:[\w-]{1,179}$/, "a bot token as @BotFather prints it")
  })
  const { home } = file.settings
  if (home && !channelNames.has(home.channel)) add(["settings", "home", "channel"], "There is no channel of this name.")
  return mistakes
}

/** One run over a file without mistakes. */
class Applying {
  readonly #deps: ApplyDeps
  readonly #options: ApplyOptions
  readonly #world: World
  readonly #news: LiveEvent[] = []
  readonly #report: Done = { status: "applied", created: [], updated: [], unchanged: [], released: [], deleted: [] }

  constructor(deps: ApplyDeps, options: ApplyOptions, world: World) {
    this.#deps = deps
    this.#options = options
    this.#world = world
  }

  async run(file: GatewayFile): Promise<Done> {
    try {
      return await this.#apply(file)
    } finally {
      // Who reads anew then finds all of it, and whose it is.
      if (this.#news.length > 0) tellLive(this.#deps, ...this.#news)
    }
  }

  async #apply(file: GatewayFile): Promise<Done> {
    const { owned } = this.#world
    const ownedGroups: Owned<GroupId>[] = []
    for (const group of file.groups) ownedGroups.push(await this.#applyGroup(group))
    const ownedChannels: Owned<ChannelId>[] = []
    for (const channel of file.channels) ownedChannels.push(await this.#applyChannel(channel))
    const settings = await this.#applySettings(file)
    const goneChannels = owned.channels.filter(({ id }) => !ownedChannels.some((now) => now.id === id))
    for (const { id, name } of goneChannels) await this.#letGoChannel(id, name, file.prune)
    const goneGroups = owned.groups.filter(({ id }) => !ownedGroups.some((now) => now.id === id))
    for (const { id, name } of goneGroups) await this.#letGoGroup(id, name, file.prune)
    this.#letGoSettings(owned.settings.filter((name) => !settings.includes(name)))
    const { source } = this.#options
    await this.#remember({ source, groups: ownedGroups, channels: ownedChannels, settings })
    return this.#report
  }

  async #applyGroup(wanted: FileGroup): Promise<Owned<GroupId>> {
    const { name, apiKey, fallbackChainConfig: chain, ...plain } = wanted
    const key = this.#secretOf(apiKey)
    const fallbackChainConfig = chain && {
      ...chain,
      providers: chain.providers.map((provider) => ({ ...provider, apiKey: this.#secretOf(provider.apiKey) ?? null })),
    }
    const digest = digestOf({ ...wanted, fallbackChainConfig, apiKey: key ?? null })
    const present = this.#world.groups.get(name)
    const known = this.#world.owned.groups.find(({ id }) => id === present?.id)
    if (present !== undefined && known?.digest === digest && known.version === present.version) {
      this.#report.unchanged.push(`group ${name}`)
      return known
    }
    const empty = newGroup(this.#deps, name)
    const { id, createdAt, version } = present ?? empty
    const changes = { ...plain, fallbackChainConfig, apiKey: key ?? null }
    const row = applyGroupChanges(
      this.#deps,
      { ...empty, id, createdAt, version, fallbackChainConfig: present?.fallbackChainConfig ?? null },
      changes,
    )
    const outcome =
      present === undefined
        ? await groups.createGroup(this.#deps.libsql, row)
        : await groups.updateGroup(this.#deps.libsql, row)
    if (outcome.status !== "created" && outcome.status !== "updated") throw new LoopError("edit_conflict")
    this.#report[outcome.status].push(`group ${name}`)
    const action = outcome.status === "created" ? "group_created" : "group_changed"
    this.#note({ action, target: ["group", id] })
    this.#tell({ event: outcome.status === "created" ? "group:created" : "group:updated", data: { groupId: id } })
    await tellBudget(this.#deps, groupTerms(outcome.group))
    this.#world.groups.set(name, outcome.group)
    return { id, name, digest, version: outcome.group.version }
  }

  async #applyChannel(wanted: FileChannel): Promise<Owned<ChannelId>> {
    const { libsql } = this.#deps
    const { name, kind, allowedUserIds, approverUserIds, enabled, group } = wanted
    const botToken = this.#secretOf(wanted.botToken) ?? ""
    const groupId = group === undefined ? null : (this.#world.groups.get(group)?.id ?? null)
    const digest = digestOf({ ...wanted, botToken, groupId })
    const [present] = this.#world.channels.get(name) ?? []
    const known = this.#world.owned.channels.find(({ id }) => id === present?.id)
    if (present !== undefined && known?.digest === digest && known.version === present.version) {
      this.#report.unchanged.push(`channel ${name}`)
      return known
    }
    let row = present
    if (row === undefined) {
      const made = newChannel(this.#deps, { kind, name, config: { botToken, allowedUserIds, approverUserIds } })
      row = await channels.createChannel(libsql, { ...made, enabled })
    } else {
      const isSameBot = this.#botTokenOf(row) === botToken
      const config = { allowedUserIds, approverUserIds, ...(isSameBot ? {} : { botToken }) }
      const outcome = await channels.updateChannel(libsql, applyChannelChanges(this.#deps, row, { enabled, config }))
      if (outcome.status !== "updated") throw new LoopError("edit_conflict")
      row = outcome.channel
    }
    this.#note({ action: present === undefined ? "channel_created" : "channel_changed", target: ["channel", row.id] })
    this.#tellChannel(row.id)
    row = await this.#bind(row, groupId)
    await askChannel(this.#deps, row.id, "refresh")
    this.#report[present === undefined ? "created" : "updated"].push(`channel ${name}`)
    this.#world.channels.set(name, [row])
    return { id: row.id, name, digest, version: row.version }
  }

  async #bind(row: ChannelRow, groupId: GroupId | null): Promise<ChannelRow> {
    const { libsql, now } = this.#deps
    const { id, groupId: before } = row
    if (before === groupId) return row
    const outcome =
      groupId !== null
        ? await channels.bindChannel(libsql, id, groupId, now())
        : before === null
          ? undefined
          : await channels.unbindChannel(libsql, id, before, now())
    if (outcome?.status !== "bound" && outcome?.status !== "unbound") throw new LoopError("edit_conflict")
    this.#note({ action: groupId === null ? "channel_unbound" : "channel_bound", target: ["channel", id] })
    for (const group of [before, groupId])
      if (group !== null) this.#tell({ event: "group:updated", data: { groupId: group } })
    return outcome.channel
  }

  async #applySettings({ settings: wanted }: GatewayFile): Promise<SettingName[]> {
    const { home, ...plain } = wanted
    const changes: SettingsChanges = plain
    if (home !== undefined) changes.home = home === null ? null : this.#homeOf(home)
    const named = SettingNames.options.filter((name) => changes[name] !== undefined)
    const before = await currentSettings(this.#deps)
    const isNew = (name: SettingName) => JSON.stringify(before.settings[name]) !== JSON.stringify(changes[name])
    const changed = named.filter(isNew)
    for (const name of named) this.#report[changed.includes(name) ? "updated" : "unchanged"].push(`setting ${name}`)
    if (changed.length === 0) return named
    const outcome = await changeSettings(this.#deps, before, changes, this.#options.by)
    if (outcome.status === "conflict") throw new LoopError("edit_conflict")
    this.#note({ action: "settings_changed", target: ["settings", "gateway"] }, { fields: changed.join(" ") })
    return named
  }

  #homeOf({ channel, chatId }: { channel: string; chatId: number }): { channelId: ChannelId; chatId: number } {
    const [row] = this.#world.channels.get(channel) ?? []
    if (row === undefined) throw new LoopError("channel_not_found")
    return { channelId: row.id, chatId }
  }

  #letGoSettings(names: readonly SettingName[]): void {
    if (names.length === 0) return
    for (const name of names) this.#report.released.push(`setting ${name}`)
    this.#note({ action: "settings_changed", target: ["settings", "gateway"] }, { released: names.join(" ") })
  }

  async #letGoChannel(id: ChannelId, name: string, prune: boolean): Promise<void> {
    const isThere = this.#world.channels.get(name)?.some((row) => row.id === id) ?? false
    if (!prune) {
      this.#report.released.push(`channel ${name}`)
      if (!isThere) return
      this.#note({ action: "channel_changed", target: ["channel", id] }, { released: true })
      return this.#tellChannel(id)
    }
    const { status } = await channels.removeChannel(this.#deps.libsql, id)
    if (status === "not_found") return
    this.#note({ action: "channel_deleted", target: ["channel", id] })
    this.#tellChannel(id)
    await askChannel(this.#deps, id, "refresh")
    this.#report.deleted.push(`channel ${name}`)
  }

  /** A group that a channel outside the file is bound to stays, whatever the file says. */
  async #letGoGroup(id: GroupId, name: string, prune: boolean): Promise<void> {
    const { status } = prune ? await groups.removeGroup(this.#deps.libsql, id) : { status: "released" as const }
    switch (status) {
      case "not_found":
        return
      case "removed":
        this.#report.deleted.push(`group ${name}`)
        this.#note({ action: "group_deleted", target: ["group", id] })
        return this.#tell({ event: "group:deleted", data: { groupId: id } })
      case "group_in_use":
      case "released":
        this.#report.released.push(`group ${name}`)
        if (this.#world.groups.get(name)?.id !== id) return
        this.#note({ action: "group_changed", target: ["group", id] }, { released: true })
        return this.#tell({ event: "group:updated", data: { groupId: id } })
    }
  }

  #note(note: Omit<AuditNote, "details">, details: AuditNote["details"] = {}): void {
    this.#options.note({ ...note, details: { source: "file", ...details } })
  }

  #tell(event: LiveEvent): void {
    this.#news.push(event)
  }

  #tellChannel(id: ChannelId): void {
    this.#tell({ event: "settings:changed", data: { what: "channel", id } })
  }

  async #remember(owned: FileOwnership): Promise<void> {
    if (JSON.stringify(owned) === JSON.stringify(this.#world.owned)) return
    const { libsql, now } = this.#deps
    const version = (await readSettings(libsql, "file"))?.version ?? 0
    const next = { key: "file", value: owned, version, updatedAt: now(), updatedBy: this.#options.by } as const
    const { status } = await writeSettings(libsql, next)
    if (status === "conflict") throw new LoopError("edit_conflict")
    this.#tell({ event: "settings:changed", data: { what: "file", id: null } })
  }

  #secretOf(reference: string | undefined): string | undefined {
    const variable = reference === undefined ? undefined : variableOf(reference)
    return variable === undefined ? undefined : this.#options.secret(variable)
  }

  #botTokenOf(row: ChannelRow): string | undefined {
    try {
      const place = { table: "channels", row: row.id, column: "secret" }
      return String(Object(JSON.parse(this.#deps.vault.open(place, row.secretSealed))).botToken)
    } catch {
      return undefined
    }
  }
}

function digestOf(value: unknown): string {
  return sha256Hex(JSON.stringify(value))
}
