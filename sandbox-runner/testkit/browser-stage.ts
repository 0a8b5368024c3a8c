/** A runner's browser before sites on loopback, which it may reach by their ports alone. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseAllowance } from "../../core/egress/address.ts"
import {
  BrowserStep,
  CommandId,
  type CommandOutcome,
  type WorkFailure,
  type WorkResult,
} from "../../core/runner/command.ts"
import { ConversationId } from "../../core/units.ts"
import { createBrowserWorker, type BrowserWorkerConfig } from "../browser/worker.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import { chromiumPath } from "./browser.ts"

export type Acted = Extract<WorkResult, { kind: "browser.act" }>

export interface BrowserStage {
  readonly worker: RunnerWorker
  /** Holds what profiles keep. */
  readonly directory: string
  /** @param step - as `BrowserStep` reads it */
  outcome(step: unknown, options?: ActOptions): Promise<CommandOutcome>
  /** The result of a step that has to succeed. */
  act(step: unknown, options?: ActOptions): Promise<Acted>
  /** Why a step failed that has to. */
  failure(step: unknown, options?: ActOptions): Promise<WorkFailure>
  erase(profile: ConversationId): Promise<CommandOutcome>
  close(): Promise<void>
}

export interface ActOptions {
  readonly profile?: ConversationId
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** A conversation's id by a digit. */
export const profileOf = (digit: number) => ConversationId.parse(`conv_${String(digit).repeat(32)}`)

/** @param ports - of loopback that pages may reach */
export function setBrowserStage(ports: readonly number[], config: Partial<BrowserWorkerConfig> = {}): BrowserStage {
  const root = mkdtempSync(join(tmpdir(), "loop-browser-stage-"))
  const directory = config.directory ?? join(root, "browser")
  const log: string[] = []
  const worker = createBrowserWorker({
    chromium: { path: chromiumPath, noSandbox: process.env.CHROMIUM_NO_SANDBOX === "true" },
    directory,
    maxOpen: 2,
    ownOrigins: [],
    allowances: ports.flatMap((port) => parseAllowance(`127.0.0.1/32:${port}`) ?? []),
    log: (entry) => log.push(JSON.stringify(entry)),
    ...config,
  })
  let count = 0
  const context = (signal: AbortSignal) => {
    count += 1
    return { id: CommandId.parse(`cmd_${count}`), signal, onOutput: async () => {} }
  }
  const never = new AbortController().signal
  const outcome = async (
    step: unknown,
    { profile = profileOf(0), timeoutMs = 60_000, signal = never }: ActOptions = {},
  ) => worker.run({ kind: "browser.act", profile, step: BrowserStep.parse(step), timeoutMs }, context(signal))
  return {
    worker,
    directory,
    outcome,
    async act(step, options) {
      const end = await outcome(step, options)
      if (end.status === "succeeded" && end.result.kind === "browser.act") return end.result
      throw new Error(`the step did not succeed: ${JSON.stringify(end)} ${log.at(-1) ?? ""}`)
    },
    async failure(step, options) {
      const end = await outcome(step, options)
      if (end.status === "failed") return end.failure
      throw new Error(`the step did not fail: ${JSON.stringify(end)}`)
    },
    erase: (profile) => worker.run({ kind: "browser.erase", profile }, context(never)),
    async close() {
      await worker.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}
