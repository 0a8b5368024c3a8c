/** The gateway on Cloudflare: everything of this host is constructed here, and nowhere else. */
import { env, waitUntil } from "cloudflare:workers"
import { createModels } from "../adapters/models/models.ts"
import { openRemote } from "../adapters/store/remote.ts"
import type { Libsql } from "../adapters/store/libsql.ts"
import { createVault, parseEncryptionKey } from "../adapters/vault.ts"
import { parseAllowance, type Allowance } from "../core/egress/address.ts"
import { toErrorBody } from "../core/errors.ts"
import { policyDefaults } from "../core/turn/policy.ts"
import { EpochMs } from "../core/units.ts"
import { durableObjectOf, peersOver, type ObjectBindings } from "../durable-objects/cloudflare.ts"
import { Config, parseEnvironment } from "../durable-objects/config.ts"
import { modelsConfig, type GatewayParts } from "../durable-objects/parts.ts"
import type { ObjectKind } from "../durable-objects/peers.ts"
import { builtInTools } from "../durable-objects/tools/tools.ts"
import { createObject } from "../durable-objects/wiring.ts"
import packageJson from "../package.json" with { type: "json" }
import systemPrompt from "../system-prompt.md"
import { createApp } from "./app.ts"
import type { App } from "./http/app-env.ts"
import { describeFailure, type LogEntry } from "./log.ts"

interface Bindings extends ObjectBindings {
  readonly ASSETS: { fetch(request: Request): Promise<Response> }
}

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {}
  }
}

interface Settings {
  readonly config: Config
  readonly parts: GatewayParts
  readonly libsql: Libsql
}
/** `problem`: what the deployment left out or got wrong, for its operator; never a value. */
type Deployment = { status: "complete"; settings: Settings } | { status: "incomplete"; problem: string }

/** Read at the first event: while the module is loaded there is neither clock nor randomness. */
let deployment: Deployment | undefined
let app: App | undefined

const now = () => EpochMs.parse(Date.now())
const send = (request: Request) => fetch(request)
const random = (sizeBytes: number) => crypto.getRandomValues(new Uint8Array(sizeBytes))

const objectOf = (kind: ObjectKind) =>
  durableObjectOf<ObjectBindings>(kind, () => {
    deployment ??= readDeployment()
    if (deployment.status === "incomplete") throw new Error(deployment.problem)
    const { config, parts, libsql } = deployment.settings
    return {
      libsql,
      egress: { allowances: allowancesOf(config), ownOrigins: ownOrigins(config) },
      create: (host) => createObject(kind, host, parts),
      log: (during, error) => log({ level: "error", event: "object_failed", during, failure: describeFailure(error) }),
    }
  })

export class Conversation extends objectOf("conversation") {}
export class Channel extends objectOf("channel") {}
export class Ledger extends objectOf("ledger") {}

export default {
  async fetch(request: Request): Promise<Response> {
    deployment ??= readDeployment()
    if (deployment.status === "incomplete") {
      log({ level: "error", event: "deployment_incomplete", failure: deployment.problem })
      return Response.json(toErrorBody("internal", { message: deployment.problem }), { status: 500 })
    }
    app ??= openApp(deployment.settings)
    return app.fetch(request, { remoteAddress: request.headers.get("cf-connecting-ip") ?? "" })
  },
}

function readDeployment(): Deployment {
  const parsed = parseEnvironment(Config, { ...env })
  if (parsed.status === "invalid") return { status: "incomplete", problem: parsed.problems.join("; ") }
  const { config } = parsed
  const { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken, ENCRYPTION_KEY: keyText } = config
  if (url === undefined) return { status: "incomplete", problem: "LIBSQL_URL is not set. Run `npm run deploy` again." }
  const key = keyText === undefined ? undefined : parseEncryptionKey(keyText)
  if (key === undefined) {
    return { status: "incomplete", problem: "ENCRYPTION_KEY is not set to 32 bytes. Run `npm run deploy` again." }
  }
  const remote = openRemote({ url, authToken, fetch: send })
  if (remote.status === "invalid") return { status: "incomplete", problem: remote.message }
  const parts: GatewayParts = {
    config,
    vault: createVault(key),
    tools: builtInTools,
    concurrentTurns: policyDefaults.concurrentTurns,
    systemPrompt: () => systemPrompt,
  }
  return { status: "complete", settings: { config, parts, libsql: remote.libsql } }
}

function openApp({ config, parts, libsql }: Settings): App {
  const configured = createModels(modelsConfig(config), send).isConfigured(config.DEFAULT_MODEL, false)
  const modelProblem = configured.configured ? null : configured.message
  return createApp({
    config,
    libsql,
    vault: parts.vault,
    peers: peersOver(env),
    version: packageJson.version,
    startedAt: now(),
    now,
    random,
    every(intervalMs, tick) {
      const timer = setInterval(tick, intervalMs)
      return () => clearInterval(timer)
    },
    background: (work) => waitUntil(work),
    setupCode: () => config.SETUP_CODE,
    modelProblem: () => modelProblem,
    log,
    assets: (request) => env.ASSETS.fetch(request),
  })
}

function allowancesOf({ EGRESS_ALLOW_PRIVATE }: Config): Allowance[] {
  return EGRESS_ALLOW_PRIVATE.flatMap((entry) => parseAllowance(entry) ?? [])
}

function ownOrigins({ PUBLIC_URL }: Config): string[] {
  return PUBLIC_URL === undefined ? [] : [new URL(PUBLIC_URL).origin]
}

function log(entry: LogEntry): void {
  console.log(JSON.stringify(entry))
}
