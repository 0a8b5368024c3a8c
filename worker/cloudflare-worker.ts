/** The gateway as a Worker: the one place where everything of the Cloudflare host is constructed. */
import { createModels } from "../adapters/models/models.ts"
import type { Libsql } from "../adapters/store/libsql.ts"
import { openRemote } from "../adapters/store/remote.ts"
import { createVault, parseEncryptionKey } from "../adapters/vault.ts"
import { type Catalogue, checkCatalogue } from "../core/catalogue/catalogue.ts"
import { effectiveLimits } from "../core/edge-mode.ts"
import { parseAllowance } from "../core/egress/address.ts"
import { toErrorBody } from "../core/errors.ts"
import { createLog, describeFailure, type Log, type LogLevel, objectFields } from "../core/log.ts"
import { createMetrics } from "../core/metrics/metrics.ts"
import { toEpochMs } from "../core/units.ts"
import {
  durableObjectOf,
  type ObjectBindings,
  peersOver,
  upgradeOver,
  type Wiring,
} from "../durable-objects/cloudflare.ts"
import { Config, parseEnvironment } from "../durable-objects/config.ts"
import { type GatewayParts, modelsConfig } from "../durable-objects/parts.ts"
import type { ObjectKind } from "../durable-objects/peers.ts"
import type { Tool } from "../durable-objects/tools/tool.ts"
import { toolsOf } from "../durable-objects/tools/tools.ts"
import { createObject } from "../durable-objects/wiring.ts"
import modelsJson from "../models.json" with { type: "json" }
import packageJson from "../package.json" with { type: "json" }
import systemPrompt from "../system-prompt.md"
import { createApp } from "./app.ts"
import type { App } from "./http/app-env.ts"
import { createKeyCheck } from "./key-check.ts"

/** What wrangler.toml and the Worker's secrets bind. */
export interface WorkerBindings extends ObjectBindings {
  /** The built dashboard. */
  readonly ASSETS: Fetcher
}

/** All objects and the edge of one isolate count here; another isolate has its own. */
const metrics = createMetrics("Of the isolate that answers, since its start.")

export interface WorkerOptions {
  /** Keeps work alive after its request was answered (`cloudflare:workers`). */
  readonly waitUntil: (work: Promise<unknown>) => void
  /** Besides the built-in ones. */
  readonly tools?: readonly Tool[]
}

/** The Worker's `fetch`, and the classes that its main module exports under the names of wrangler.toml. */
export function createWorker(options: WorkerOptions) {
  const classOf = (kind: ObjectKind) =>
    durableObjectOf<WorkerBindings>(kind, (bindings) => wireObject(kind, bindings, options))
  // Made with the first request: before it, a Worker has no clock, and the bindings are not known.
  let app: App | undefined
  return {
    Conversation: classOf("conversation"),
    Channel: classOf("channel"),
    Ledger: classOf("ledger"),
    LiveHub: classOf("live"),
    RunnerHub: classOf("runners"),
    handler: {
      async fetch(request, bindings) {
        try {
          app ??= openApp(bindings, options)
        } catch (error) {
          logTo("info")({ level: "error", event: "start_failed", cause: describeFailure(error) })
          const message = "The gateway cannot start. `npx wrangler tail` shows what to set."
          return Response.json(toErrorBody("internal", { message }), { status: 500 })
        }
        return app.fetch(request, { remoteAddress: request.headers.get("cf-connecting-ip") ?? "" })
      },
    } satisfies ExportedHandler<WorkerBindings>,
  }
}

function openApp(bindings: WorkerBindings, options: WorkerOptions): App {
  const { config, vault, libsql, catalogue } = openBasics(bindings)
  const leave = (request: Request) => fetch(request)
  const models = createModels(modelsConfig(config), { operator: leave, agent: leave })
  const now = () => toEpochMs(Date.now())
  const log = logTo(config.LOG_LEVEL)
  return createApp({
    config,
    libsql,
    vault,
    keyState: createKeyCheck({ libsql, vault, now, log }),
    peers: peersOver(bindings),
    upgrade: upgradeOver(bindings),
    version: packageJson.version,
    startedAt: now(),
    now,
    random: (sizeBytes) => crypto.getRandomValues(new Uint8Array(sizeBytes)),
    every(intervalMs, tick) {
      const timer = setInterval(tick, intervalMs)
      return () => clearInterval(timer)
    },
    background: options.waitUntil,
    setupCode: () => config.SETUP_CODE,
    modelProblem(model) {
      const configured = models.isConfigured(model, false)
      return configured.configured ? null : configured.message
    },
    catalogue,
    tools: [...toolsOf(config), ...(options.tools ?? [])],
    hostHealth: async () => ({ lastLostCommitAt: null }),
    metrics,
    log,
    assets: (request) => dashboardFile(bindings.ASSETS, request),
  })
}

/** The file that a path names, or the page itself for any path without a file ending. */
async function dashboardFile(assets: Fetcher, request: Request): Promise<Response | undefined> {
  const url = new URL(request.url)
  const isPage = !/\.[^/]+$/.test(url.pathname)
  const file = await assets.fetch(isPage ? new Request(new URL("/", url), request) : request)
  return file.status === 404 ? undefined : file
}

function wireObject(kind: ObjectKind, bindings: WorkerBindings, options: WorkerOptions): Wiring {
  const { config, vault, libsql, catalogue } = openBasics(bindings)
  const log = logTo(config.LOG_LEVEL)
  const parts: GatewayParts = {
    config,
    vault,
    tools: [...toolsOf(config), ...(options.tools ?? [])],
    concurrentTurns: effectiveLimits(config).concurrentTurns.fallback,
    log,
    metrics,
    systemPrompt: () => systemPrompt,
    catalogue,
  }
  return {
    libsql,
    egress: {
      allowances: config.EGRESS_ALLOW_PRIVATE.flatMap((entry) => parseAllowance(entry) ?? []),
      ownOrigins: config.PUBLIC_URL === undefined ? [] : [new URL(config.PUBLIC_URL).origin],
    },
    create: (host) => createObject(kind, host, parts),
    log(during, error) {
      const [object = ""] = during.split(" ", 1)
      log({ level: "error", event: "object_failed", ...objectFields(object), during, cause: describeFailure(error) })
    },
  }
}

type Basics = Pick<GatewayParts, "config" | "vault" | "catalogue"> & { readonly libsql: Libsql }

/** Checked once for all objects of the isolate. */
let checked: Catalogue | undefined

function bundledCatalogue(): Catalogue {
  if (checked !== undefined) return checked
  const read = checkCatalogue(modelsJson)
  if (read.status === "invalid") throw new Error(`models.json: ${read.problems.join("; ")}`)
  return (checked = read.catalogue)
}

/** @throws Error with one line for each variable that is wrong or missing, without its value */
function openBasics(bindings: WorkerBindings): Basics {
  const parsed = parseEnvironment(Config, { ...bindings })
  if (parsed.status === "invalid") throw new Error(parsed.problems.join("; "))
  const { config } = parsed
  const key = parseEncryptionKey(config.ENCRYPTION_KEY ?? "")
  if (key === undefined) throw new Error("ENCRYPTION_KEY: must be 32 bytes in base64 or hexadecimal")
  if (config.LIBSQL_URL === undefined) throw new Error("LIBSQL_URL: must name a libSQL server, such as one of Turso")
  const { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken } = config
  const database = openRemote({ url, authToken, fetch: (request) => fetch(request) })
  if (database.status === "invalid") throw new Error(database.message)
  return { config, vault: createVault(key), libsql: database.libsql, catalogue: bundledCatalogue() }
}

const consoles = { debug: console.debug, info: console.log, warn: console.warn, error: console.error }

function logTo(least: LogLevel): Log {
  return createLog({ least, now: () => toEpochMs(Date.now()), write: (level, line) => consoles[level](line) })
}
