/** The whole gateway in one process: everything of the one-machine host is constructed here, and nowhere else. */
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { statfs } from "node:fs/promises"
import { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { resolve } from "node:path"
import { createAdaptorServer } from "@hono/node-server"
import { createModels } from "../../adapters/models/models.ts"
import { isSetUp } from "../../adapters/store/access.ts"
import { listChannels } from "../../adapters/store/channels.ts"
import { coalesceProjections } from "../../adapters/store/coalesce.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { createVault } from "../../adapters/vault.ts"
import { effectiveLimits } from "../../core/edge-mode.ts"
import { isLoopError } from "../../core/errors.ts"
import { describeFailure, type Log, objectFields } from "../../core/log.ts"
import { createMetrics } from "../../core/metrics/metrics.ts"
import { effectiveSettings, noSettings } from "../../core/settings.ts"
import { toEpochMs } from "../../core/units.ts"
import type { Peers } from "../../durable-objects/peers.ts"
import { modelsConfig, type GatewayParts } from "../../durable-objects/parts.ts"
import type { Tool } from "../../durable-objects/tools/tool.ts"
import { toolsOf } from "../../durable-objects/tools/tools.ts"
import { createLiveInterest } from "../../durable-objects/live/interest.ts"
import { createObject } from "../../durable-objects/wiring.ts"
import { createAuditor } from "../../worker/access/audit.ts"
import { createApp } from "../../worker/app.ts"
import { currentSettings, tellLedger } from "../../worker/settings/change.ts"
import type { NodeConfig } from "../config.ts"
import { machineClock } from "../link/clock.ts"
import { openRunner, type OpenRunner } from "../link/runner.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import { createWorkers, slotsOf } from "../workers.ts"
import type { StartedGateway } from "./banner.ts"
import { buildDashboard, dashboardFile } from "./dashboard.ts"
import { readCatalogue } from "./catalogue.ts"
import { followConfigFile } from "./config-file.ts"
import { openDatabase } from "./database.ts"
import { openDataDirectory, readEncryptionKey, type DataDirectory } from "./data-directory.ts"
import { openEgress } from "./egress.ts"
import { collectProcess } from "./process-metrics.ts"
import { openObjectHost, type NodeObjects, type ObjectHostOptions, type ObjectHostStats } from "./objects/objects.ts"
import { startNotes } from "./start-notes.ts"
import { StartProblem, systemCode } from "./start-problem.ts"
import { memoryDial } from "./memory-link.ts"
import { openSystemPrompt } from "./system-prompt.ts"
import { asksForWebSocket, serveUpgrades } from "./upgrade.ts"
import packageJson from "../../package.json" with { type: "json" }

export interface GatewayOptions {
  readonly config: NodeConfig
  readonly log: Log
  /** For a person at the terminal. */
  readonly say: (line: string) => void
  /** Besides the built-in ones. */
  readonly tools?: readonly Tool[]
  /** In place of those of this machine. */
  readonly workers?: readonly RunnerWorker[]
  /** Default true. False where another process builds the page while it is worked on. */
  readonly buildsPage?: boolean
  /** See ObjectHostOptions: for benchmarks. Stands around each write of the embedded database too. */
  readonly aroundCommit?: ObjectHostOptions["aroundCommit"]
}

export interface Gateway {
  readonly started: StartedGateway
  stats(): ObjectHostStats
  /** Takes no new work, ends what runs within seconds, makes all durable. What did not end goes on at the next start. */
  close(): Promise<void>
}

/** @throws StartProblem with one line that says what to do; nothing is left behind but what a start may always make */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config } = options
  const directory = openDataDirectory(config.DATA_DIR)
  try {
    return await startIn(directory, options)
  } catch (error) {
    directory.release()
    throw error
  }
}

async function startIn(directory: DataDirectory, options: GatewayOptions): Promise<Gateway> {
  const { config, log, say } = options
  const now = () => toEpochMs(Date.now())
  const vault = createVault(readEncryptionKey(directory, config.ENCRYPTION_KEY))
  const egress = openEgress({
    allowPrivate: config.EGRESS_ALLOW_PRIVATE,
    ownOrigins: config.PUBLIC_URL === undefined ? [] : [new URL(config.PUBLIC_URL).origin],
    ...(config.PORT === 0 ? {} : { ownPort: config.PORT }),
  })
  const catalogue = readCatalogue(directory, config.MODELS_FILE)
  const database = await openDatabase({ directory, config, vault, fetch: egress.fetch.operator, now })
  if (database.isAway) log({ level: "warn", event: "libsql_away", hint: awayHint })
  if (options.buildsPage !== false) buildDashboard(say)

  const metrics = createMetrics("Of this process, since its start.")
  const parts: GatewayParts = {
    config,
    vault,
    tools: [...toolsOf(config), ...(options.tools ?? [])],
    concurrentTurns: effectiveLimits(config).concurrentTurns.fallback,
    log,
    metrics,
    liveInterest: createLiveInterest(),
    systemPrompt: openSystemPrompt(directory),
    catalogue,
  }
  const isOurDisk = config.LIBSQL_URL === undefined
  const written = isOurDisk ? aroundWrites(database.libsql, options.aroundCommit) : database.libsql
  const libsql = coalesceProjections(written, () => new Promise((resolve) => setImmediate(resolve)))
  const objects = openObjects(directory, {
    libsql,
    readsStayInside: isOurDisk,
    fetch: egress.fetch,
    create: (kind, host) => createObject(kind, host, parts),
    log: ({ object, during, error }) =>
      log({
        level: "error",
        event: "object_failed",
        ...objectFields(object),
        during,
        failure: describeFailure(error),
      }),
    ...(options.aroundCommit === undefined ? {} : { aroundCommit: options.aroundCommit }),
  })

  collectProcess(metrics.registry, () => objects.stats())

  const ownCode = config.SETUP_CODE ?? randomBytes(12).toString("base64url")
  const setupCode = (await unlessAway(isSetUp(libsql))) === false ? ownCode : undefined
  const models = createModels(modelsConfig(config), egress.fetch)
  const modelProblem = (model: string) => {
    const configured = models.isConfigured(model, false)
    return configured.configured ? null : configured.message
  }
  const random = (sizeBytes: number) => new Uint8Array(randomBytes(sizeBytes))
  const background = (work: Promise<void>) => void work
  const configFile = await followConfigFile({
    deps: { config, libsql, vault, peers: objects.peers, now, random, background, log },
    path: resolve(config.CONFIG_FILE ?? directory.file("loop-gateway.yaml")),
    isNamed: config.CONFIG_FILE !== undefined,
    environment: process.env,
    audit: createAuditor({ libsql, vault, now, background, log }),
    log,
  })
  const current = await unlessAway(currentSettings({ libsql }))
  if (current !== undefined) await tellLedger({ config, peers: objects.peers, log }, current)
  const { defaultModel } = effectiveSettings(current?.settings ?? noSettings, config)
  const app = createApp({
    config,
    libsql,
    vault,
    peers: objects.peers,
    upgrade: objects.upgrade,
    // Made sure of by openDatabase.
    keyState: async () => "fits",
    version: packageJson.version,
    startedAt: now(),
    now,
    random,
    every(intervalMs, tick) {
      const timer = setInterval(() => tick(), intervalMs)
      return () => clearInterval(timer)
    },
    background,
    setupCode: () => ownCode,
    modelProblem,
    catalogue,
    tools: parts.tools,
    async hostHealth() {
      const { bavail, bsize } = await statfs(directory.path)
      const { lastLostAt: lastLostCommitAt } = objects.stats()
      return { lastLostCommitAt, freeBytes: bavail * bsize, file: configFile.health() }
    },
    metrics,
    log,
    assets: dashboardFile,
  })
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, { remoteAddress: remoteAddress(env.incoming) }),
    overrideGlobalObjects: false,
    serverOptions: { shouldUpgradeCallback: asksForWebSocket },
  })
  if (server instanceof Server)
    serveUpgrades(server, {
      answer: async (request, incoming) => app.fetch(request, { remoteAddress: remoteAddress(incoming) }),
      takeSocket: (request) => objects.takeSocket(request),
    })
  const port = await listen(server, config).catch(async (error: unknown) => {
    await objects.close()
    await database.close()
    throw error
  })
  // Who asked for the start can stop it from now on, and need not wait for this.
  const starting = startRunner(directory, options, objects, port)
  void wakeChannels(libsql, objects.peers).catch((error: unknown) =>
    log({ level: "warn", event: "channels_not_woken", failure: describeFailure(error) }),
  )
  return {
    started: {
      host: config.HOST,
      port,
      publicUrl: config.PUBLIC_URL,
      dataPath: directory.path,
      setupCode,
      modelProblem: modelProblem(defaultModel),
      notes: startNotes({
        config,
        catalogue,
        defaultModel,
        file: configFile.health(),
        variables: Object.keys(process.env),
        today: new Date(now()).toISOString().slice(0, 10),
      }),
    },
    stats: () => objects.stats(),
    async close() {
      server.close()
      await configFile.close()
      await stopRunner(await starting)
      await objects.close()
      if ("closeAllConnections" in server) server.closeAllConnections()
      await Promise.all([database.close(), egress.close()])
      directory.release()
    },
  }
}

/**
 * Connections that wait to be taken. Node's 511 are too few when hundreds of programs come at the same moment: the kernel then
 * resets some. Linux allows no more than `net.core.somaxconn`, 4,096 by default.
 */
const mostUnaccepted = 4_096

/** What runs gets so long to end by itself when the gateway stops. */
const drainMs = 4_000

/** The runner of this process. A gateway whose runner cannot open its files runs without it, and says so. */
async function startRunner(
  directory: DataDirectory,
  { config, log, say, workers }: GatewayOptions,
  objects: NodeObjects,
  port: number,
): Promise<OpenRunner | undefined> {
  const own = { ...config, AGENT_CONTAINER_MODE: config.AGENT_CONTAINER_MODE && effectiveLimits(config).containers }
  const ownOrigins = config.PUBLIC_URL === undefined ? [] : [new URL(config.PUBLIC_URL).origin]
  const path = directory.file("runner")
  try {
    const runner = await openRunner({
      directory: path,
      version: packageJson.version,
      slots: slotsOf(own),
      workers: workers ?? createWorkers(own, { directory: path, ownOrigins, ownPort: port, log }),
      dial: (id) => memoryDial(objects, id),
      clock: machineClock,
      randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
      tell: (news) =>
        log({ level: news.event === "linked" ? "debug" : "warn", event: "runner_link", news: news.event }),
      log: (during, error) => log({ level: "error", event: "runner_failed", during, failure: describeFailure(error) }),
      // The hub gives none to the gateway's own process.
      onOrder: () => {},
    })
    runner.start()
    void runner.problems().then((problems) => problems.forEach((problem) => say(`  Runner      ${problem}`)))
    return runner
  } catch (error) {
    log({ level: "error", event: "runner_failed", during: "start", failure: describeFailure(error) })
    return undefined
  }
}

async function stopRunner(runner: OpenRunner | undefined): Promise<void> {
  if (runner === undefined) return
  await Promise.race([runner.drain(), new Promise((resolve) => setTimeout(resolve, drainMs).unref())])
  await runner.close()
}

const awayHint = "The libSQL server does not answer. People are answered; what is new is recorded when it is back."

/** What the database tells; undefined while it does not answer. */
async function unlessAway<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isLoopError(error) && error.code === "database_unavailable") return undefined
    throw error
  }
}

/** Pollers go on and web hooks follow a changed PUBLIC_URL at once, not with the channels' next alarms. */
async function wakeChannels(libsql: Libsql, peers: Peers): Promise<void> {
  const page = await listChannels(libsql, { limit: 1_000 })
  await Promise.all(page.rows.map(({ id }) => peers("channel", id).call("refresh", {})))
}

/** The database itself does the commit, so that what stands around it stands before it. */
function aroundWrites(libsql: Libsql, around: GatewayOptions["aroundCommit"]): Libsql {
  if (around === undefined) return libsql
  const before = () => around(() => {})
  return {
    ...libsql,
    async write(statements) {
      before()
      return libsql.write(statements)
    },
    async project(rows) {
      before()
      return libsql.project(rows)
    },
  }
}

function openObjects(directory: DataDirectory, options: Omit<ObjectHostOptions, "path" | "blobDirectory">) {
  const path = directory.file("objects.db")
  try {
    return openObjectHost({ ...options, path, blobDirectory: directory.file("blobs") })
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown"
    throw new StartProblem(
      `The object store ${path} cannot be used: ${reason}. Put it aside or restore it from a backup.`,
      { cause: error },
    )
  }
}

async function listen(server: ReturnType<typeof createAdaptorServer>, { HOST, PORT }: NodeConfig): Promise<number> {
  try {
    server.listen({ port: PORT, host: HOST, backlog: mostUnaccepted })
    await once(server, "listening")
  } catch (error) {
    const code = systemCode(error)
    if (code === "EADDRINUSE")
      throw new StartProblem(`PORT ${PORT} is in use on ${HOST}. Stop what uses it, or set PORT to another number.`)
    if (code === "EACCES")
      throw new StartProblem(`PORT ${PORT} is not allowed for this user. Set PORT to a number above 1023.`)
    throw new StartProblem(
      `The gateway cannot listen on ${HOST}:${PORT} (${code ?? "unknown"}). Check HOST and PORT.`,
      { cause: error },
    )
  }
  return portOf(server.address())
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === "object" && address !== null ? address.port : 0
}

function remoteAddress(incoming: { socket: { remoteAddress?: string | undefined } }): string {
  return incoming.socket.remoteAddress ?? ""
}
