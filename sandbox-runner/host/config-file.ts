/**
 * Follows `loop-gateway.yaml` on this machine: applies it at the start and, but in edge mode, whenever it changes. A file that
 * cannot be applied changes nothing, and the gateway goes on as it is.
 */
import { readFile } from "node:fs/promises"
import { type FSWatcher, watch } from "node:fs"
import { basename, dirname } from "node:path"
import type { Health } from "../../core/api/operations.ts"
import type { FileMistake } from "../../core/gateway-file.ts"
import { effectiveLimits } from "../../core/edge-mode.ts"
import { describeFailure, type Log } from "../../core/log.ts"
import { readOwnership } from "../../adapters/store/ownership.ts"
import type { AuditNote, Auditor } from "../../worker/access/audit.ts"
import { type ApplyDeps, applyGatewayFile } from "../../worker/gateway-file/apply.ts"
import { systemCode } from "./start-problem.ts"

export interface ConfigFile {
  /** Undefined while there is no file. */
  health(): NonNullable<Health["parts"]["file"]> | undefined
  /** Resolves when what was seen so far is applied or refused. */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface ConfigFileOptions {
  readonly deps: ApplyDeps
  readonly path: string
  /** A file that must be there: the operator named it. */
  readonly isNamed: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly audit: Pick<Auditor, "recordOwn">
  readonly log: Log
}

/** Editors and deploys write in several steps. */
const debounceMs = 200
/** After a failure that is not the file's, such as a database that is away. */
const retryMs = 10_000

type State =
  | { status: "absent" }
  | { status: "applied" }
  | { status: "invalid"; mistakes: FileMistake[] }
  | { status: "failed"; hint: string }

/** @returns when the file as it is now was applied or refused */
export async function followConfigFile(options: ConfigFileOptions): Promise<ConfigFile> {
  const { path, log } = options
  let state: State = { status: "absent" }
  let running = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const look = async () => {
    if (isClosed) return
    state = await applyOnce(options).catch((error: unknown): State => {
      log({ level: "warn", event: "config_file_not_applied", path, failure: describeFailure(error) })
      schedule(retryMs)
      return { status: "failed", hint: "The configuration file could not be applied yet. It is tried again." }
    })
  }
  const schedule = (delayMs: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(look)
    }, delayMs)
  }
  // The directory, because an editor puts another file in this one's place.
  const { fileWatchers } = effectiveLimits(options.deps.config)
  const watcher = fileWatchers ? openWatcher(path, () => schedule(debounceMs), log) : undefined
  running = running.then(look)
  await running
  return {
    health: () => healthOf(path, state),
    async settled() {
      await running
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      watcher?.close()
      await running
    },
  }
}

async function applyOnce(options: ConfigFileOptions): Promise<State> {
  const { deps, path, environment, audit, log } = options
  const text = await readIfThere(path)
  if (text === undefined) return letGo(options)
  const by = basename(path)
  const report = await applyGatewayFile(deps, text, {
    source: "machine",
    secret: (name) => environment[name],
    by,
    note: (note) => audit.recordOwn(by, note),
  })
  if (report.status === "invalid") {
    for (const { line, column, path: place, message } of report.mistakes)
      log({ level: "error", event: "config_file_invalid", path, line, column, place, message })
    return { status: "invalid", mistakes: report.mistakes }
  }
  const { created, updated, unchanged, released, deleted } = report
  log({
    level: "info",
    event: "config_file_applied",
    path,
    created: created.join(", "),
    updated: updated.join(", "),
    released: released.join(", "),
    deleted: deleted.join(", "),
    unchanged: unchanged.length,
  })
  return { status: "applied" }
}

/** Without a file, what it owned belongs to the API again; nothing is deleted. */
async function letGo({ deps, isNamed, audit }: ConfigFileOptions): Promise<State> {
  if (isNamed) return { status: "failed", hint: "The configuration file is not there. What it set stays as it is." }
  const { source } = await readOwnership(deps.libsql)
  if (source === "machine") {
    const by = "no file"
    const note = (done: AuditNote) => audit.recordOwn(by, done)
    await applyGatewayFile(deps, "", { source: "api", secret: () => undefined, by, note })
  }
  return { status: "absent" }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8")
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined
    throw error
  }
}

function openWatcher(path: string, onChange: () => void, log: Log): FSWatcher | undefined {
  try {
    const name = basename(path)
    const watcher = watch(dirname(path), { persistent: false }, (_, changed) => {
      if (changed === null || changed === name) onChange()
    })
    watcher.on("error", (error) =>
      log({ level: "warn", event: "config_file_unwatched", failure: describeFailure(error) }),
    )
    return watcher
  } catch (error) {
    log({ level: "warn", event: "config_file_unwatched", path, failure: describeFailure(error) })
    return undefined
  }
}

function healthOf(path: string, state: State): NonNullable<Health["parts"]["file"]> | undefined {
  switch (state.status) {
    case "absent":
      return undefined
    case "applied":
      return { status: "ok", hint: null, mistakes: [] }
    case "failed":
      return { status: "degraded", hint: state.hint, mistakes: [] }
    case "invalid": {
      const count = state.mistakes.length
      const hint = `${basename(path)} has ${count === 1 ? "a mistake" : `${count} mistakes`}, so nothing of it was applied. See Operations.`
      return { status: "degraded", hint, mistakes: state.mistakes }
    }
  }
}
