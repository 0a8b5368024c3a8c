/** All that the HTTP edge is given by its host: the edge itself has no clock, randomness, timer, store or peer of its own. */
import type { Catalogue } from "../core/catalogue/catalogue.ts"
import type { Vault } from "../adapters/vault.ts"
import type { Libsql } from "../adapters/store/libsql.ts"
import type { Metrics } from "../core/metrics/metrics.ts"
import type { Health } from "../core/api/operations.ts"
import type { EpochMs } from "../core/units.ts"
import type { Config } from "../durable-objects/config.ts"
import type { Peers, Upgrade } from "../durable-objects/peers.ts"
import type { Tool } from "../durable-objects/tools/tool.ts"
import type { LogEntry } from "../core/log.ts"
import type { KeyState } from "./key-check.ts"

export interface HostHealth {
  /** When objects lost what they had not made durable; null: never since the start. */
  readonly lastLostCommitAt: EpochMs | null
  /** Room on the disk; undefined where there is none. */
  readonly freeBytes?: number
  /** Of the configuration file, where there is one. */
  readonly file?: Health["parts"]["file"]
}

export interface EdgeDeps {
  readonly config: Config
  readonly libsql: Libsql
  readonly peers: Peers
  readonly upgrade: Upgrade
  readonly vault: Vault
  /** Whether the vault's key is the database's, where no start has made sure of it. */
  keyState(): Promise<KeyState>
  /** Of this gateway, shown to signed-in callers. */
  readonly version: string
  readonly startedAt: EpochMs
  now(): EpochMs
  random(sizeBytes: number): Uint8Array
  /** Calls `tick` again and again, `intervalMs` apart, until the returned function is called. */
  readonly every: (intervalMs: number, tick: () => void) => () => void
  /** Work that may end after the answer was sent. It never rejects. */
  background(work: Promise<void>): void
  /** What the start or the deployment printed; undefined where there is none, and then nobody can set up. */
  setupCode(): string | undefined
  /** One sentence on what to set before the model can be called without a key of its own; null when it can. */
  modelProblem(model: string): string | null
  /** What is known of models. */
  readonly catalogue: Catalogue
  /** All tools of this gateway. */
  readonly tools: readonly Tool[]
  /** What only the host knows of its parts. */
  hostHealth(): Promise<HostHealth>
  readonly metrics: Metrics
  /** Takes secrets out of every text that it writes. */
  log(entry: LogEntry): void
  /** A file of the dashboard, or its page for any other path of the browser's; undefined when it has nothing to give. */
  assets(request: Request): Promise<Response | undefined>
}

/** What the host knows of one request's connection: the second argument of the app's `fetch`. */
export interface Connection {
  /** The socket's address on Node, `CF-Connecting-IP` on Cloudflare, where no other value can reach us. */
  readonly remoteAddress: string
}
