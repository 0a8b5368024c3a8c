/** How the gateway's parts are, looked at at most once in five seconds whoever asks how often. */
import type { Health } from "../core/api/operations.ts"
import { errorRule } from "../core/errors.ts"
import { effectiveSettings } from "../core/settings.ts"
import { type EpochMs, toRfc3339 } from "../core/units.ts"
import { listChannels } from "../adapters/store/channels.ts"
import { modelChoice } from "../durable-objects/conversation/policy.ts"
import type { EdgeDeps } from "./deps.ts"
import { askChannel } from "./routes/channels.ts"
import { currentSettings } from "./settings/change.ts"

type Parts = Health["parts"]

const keptMs = 5_000
/** Asking more channels costs more than the answer is worth. */
const mostChannels = 100
/** Below this the next day's messages may not fit. */
const leastFreeBytes = 200 * 1024 * 1024

/** The parts with all that a signed-in caller may see. Never rejects. */
export function createHealth(deps: EdgeDeps): () => Promise<Parts> {
  let last: { at: EpochMs; parts: Promise<Parts> } | undefined
  return () => {
    const now = deps.now()
    if (last === undefined || now - last.at >= keptMs || now < last.at) last = { at: now, parts: readParts(deps) }
    return last.parts
  }
}

async function readParts(deps: EdgeDeps): Promise<Parts> {
  const host = await deps.hostHealth().catch(() => undefined)
  const [database, objects, models, channels, runners] = await Promise.all([
    databaseHealth(deps),
    objectsHealth(deps, host?.lastLostCommitAt ?? null),
    modelsHealth(deps),
    channelsHealth(deps),
    runnersHealth(deps),
  ])
  return {
    database,
    objects,
    models,
    channels,
    runners,
    ...(host?.freeBytes === undefined ? {} : { disk: diskHealth(host.freeBytes) }),
    ...(host?.file === undefined ? {} : { file: host.file }),
  }
}

async function databaseHealth(deps: EdgeDeps): Promise<Parts["database"]> {
  const behind = deps.metrics.behind.size
  const startedAt = deps.now()
  try {
    const [key] = await Promise.all([deps.keyState(), deps.libsql.read([{ sql: "select 1", args: [] }])])
    if (key === "wrong") {
      const hint = errorRule("encryption_key_wrong").message
      return { status: "failing", hint, latencyMs: null, behind }
    }
    return { status: "ok", hint: null, latencyMs: Math.max(0, deps.now() - startedAt), behind }
  } catch {
    const hint = "The database does not answer. Messages are still accepted and are recorded when it is back."
    return { status: "degraded", hint, latencyMs: null, behind }
  }
}

async function objectsHealth(deps: EdgeDeps, lostAt: EpochMs | null): Promise<Parts["objects"]> {
  const lastLostCommitAt = lostAt === null ? null : toRfc3339(lostAt)
  try {
    await deps.peers("ledger", "main").call("check", {})
    return { status: "ok", hint: null, lastLostCommitAt }
  } catch {
    const hint = "The gateway cannot write down what it accepts, so it accepts nothing. Look at its disk and its log."
    return { status: "failing", hint, lastLostCommitAt }
  }
}

async function modelsHealth(deps: EdgeDeps): Promise<Parts["models"]> {
  const { config } = deps
  // Without the database the environment's model is the best guess.
  const settings = await currentSettings(deps).catch(() => undefined)
  const model =
    settings === undefined ? config.DEFAULT_MODEL : effectiveSettings(settings.settings, config).defaultModel
  const missing = deps.modelProblem(model)
  const down = await providersDown(deps)
  const providers = {
    anthropic: config.ANTHROPIC_API_KEY !== undefined,
    openai: config.OPENAI_API_KEY !== undefined,
    ollama: config.OLLAMA_URL !== undefined,
  }
  const numbers = { providers, down, choice: modelChoice(config, model) }
  if (missing !== null) return { status: "not_configured", hint: missing, ...numbers }
  if (down.length === 0) return { status: "ok", hint: null, ...numbers }
  const hint =
    "A model's provider failed too often in a row and is left out for a while. Others stand in where an agent group names some."
  return { status: "degraded", hint, ...numbers }
}

/** None also when the Ledger does not answer: the objects' own part says so. */
async function providersDown({ peers }: EdgeDeps) {
  const { providers } = await peers("ledger", "main")
    .call("providers", {})
    .catch(() => ({ providers: [] }))
  return providers.flatMap(({ provider, status, reason, openUntil }) =>
    status === "closed"
      ? []
      : [{ provider, status, reason, openUntil: openUntil === null ? null : toRfc3339(openUntil) }],
  )
}

async function channelsHealth(deps: EdgeDeps): Promise<Parts["channels"]> {
  try {
    const { rows } = await listChannels(deps.libsql, { limit: mostChannels })
    const states = await Promise.all(rows.map(({ id }) => askChannel(deps, id, "status")))
    const failing = states.filter(({ status }) => status === "failing").length
    const hint =
      failing === 0 ? null : `${failing} of ${rows.length} channels cannot reach their platform. See Channels.`
    return { status: failing === 0 ? "ok" : "degraded", hint, total: rows.length, failing }
  } catch {
    // The database's own part says so.
    return { status: "ok", hint: null, total: null, failing: null }
  }
}

/** What is missing on a runner is missing for agents alone: the rest works. */
async function runnersHealth(deps: EdgeDeps): Promise<Parts["runners"]> {
  try {
    const { runners } = await deps.peers("runners", "main").call("list", {})
    const online = runners.filter(({ state }) => state === "online")
    const offered = online.flatMap(({ capabilities }) => capabilities)
    const working = new Set(offered.flatMap(({ name, status }) => (status === "ok" ? name : [])))
    const problems = offered.flatMap(({ name, problem }) => (working.has(name) ? [] : (problem ?? [])))
    const hint =
      online.length === 0 ? "No runner is connected: agents have no programs and no browser." : problems.join(" ")
    const status = hint === "" ? "ok" : "not_configured"
    const capabilities = [...working]
    return { status, hint: hint === "" ? null : hint, total: runners.length, online: online.length, capabilities }
  } catch {
    const hint = "The hub of the runners does not answer."
    return { status: "degraded", hint, total: null, online: null, capabilities: [] }
  }
}

function diskHealth(freeBytes: number): NonNullable<Parts["disk"]> {
  const isLow = freeBytes < leastFreeBytes
  const hint = `Only ${Math.floor(freeBytes / 1024 / 1024)} MB are free under DATA_DIR. Make room before nothing can be accepted.`
  return { status: isLow ? "degraded" : "ok", hint: isLow ? hint : null, freeBytes }
}
