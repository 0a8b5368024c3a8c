/**
 * The browser of a runner: one real Chromium, in which each conversation has cookies, storage and pages of its own. What it may
 * reach is judged by `proxy.ts`, what of a page is told by `read-page.ts`.
 */
import type { LookupFunction } from "node:net"
import type { Allowance } from "../../core/egress/address.ts"
import { describeFailure, type Log } from "../../core/log.ts"
import type { CommandOutcome, RunnerWork, WorkFailure } from "../../core/runner/command.ts"
import type { RunnerWorker, WorkContext } from "../runner-worker.ts"
import { chromiumProblem, type ChromiumOptions } from "./chromium.ts"
import { createPool } from "./pool.ts"
import { openProfiles } from "./profiles.ts"
import { performStep } from "./steps.ts"

export interface BrowserWorkerConfig {
  readonly chromium: ChromiumOptions
  /** Where each conversation's cookies and storage are kept: a folder of its own, which is made where it is missing. */
  readonly directory: string
  /** Conversations with an open browser at one time. */
  readonly maxOpen: number
  /** Ten minutes when absent. */
  readonly idleMs?: number
  /** Private addresses that pages may reach all the same. */
  readonly allowances: readonly Allowance[]
  /** The gateway's own, closed to pages. */
  readonly ownOrigins: readonly string[]
  /** The port that the gateway listens on, closed at every address of this machine. */
  readonly ownPort?: number
  /** Resolves names; the system's resolver unless a test brings its own. */
  readonly resolve?: LookupFunction
  readonly log?: Log
}

type Act = Extract<RunnerWork, { kind: "browser.act" }>

const idleMs = 10 * 60_000
/** Saving must not cost the step that it follows its answer. */
const keepTimeoutMs = 5_000

/** Has no effect before its first step. */
export function createBrowserWorker(config: BrowserWorkerConfig): RunnerWorker {
  const profiles = openProfiles(config.directory)
  const pool = createPool({
    chromium: config.chromium,
    profiles,
    rules: {
      allowances: config.allowances,
      ownOrigins: config.ownOrigins,
      ...(config.ownPort === undefined ? {} : { ownPort: config.ownPort }),
    },
    ...(config.resolve === undefined ? {} : { resolve: config.resolve }),
    maxOpen: config.maxOpen,
    idleMs: config.idleMs ?? idleMs,
  })

  const act = async ({ profile, step, timeoutMs }: Act, { signal }: WorkContext): Promise<CommandOutcome> => {
    const deadline = AbortSignal.timeout(timeoutMs)
    const either = AbortSignal.any([signal, deadline])
    try {
      return await pool.use(profile, either, async (session) => {
        const end = await performStep(session, step, await profiles.addressOf(profile))
        if (end.status === "failed") return end
        if (step.action !== "read" && step.action !== "screenshot") {
          const kept = profiles.keep(profile, session.context, session.front()?.url() ?? "").catch(() => {})
          await Promise.race([kept, new Promise((resolve) => setTimeout(resolve, keepTimeoutMs).unref())])
        }
        return { status: "succeeded", result: end.result }
      })
    } catch (error) {
      if (signal.aborted) return { status: "canceled" }
      if (deadline.aborted) return { status: "timed_out" }
      config.log?.({ level: "warn", event: "browser_step_failed", step: step.action, failure: describeFailure(error) })
      return { status: "failed", failure: failureOf(error, pool.lastProblem()) }
    }
  }

  return {
    capability: "browser",
    async state() {
      const problem = pool.lastProblem() ?? (await chromiumProblem(config.chromium))
      if (problem !== undefined) return { status: "unavailable", problem }
      return config.chromium.noSandbox ? { status: "ok", notice: noSandboxNotice } : { status: "ok" }
    },
    async run(work, context) {
      switch (work.kind) {
        case "browser.act":
          return act(work, context)
        case "browser.erase":
          try {
            await pool.closed(work.profile, () => profiles.erase(work.profile))
            return { status: "succeeded", result: { kind: "browser.erase" } }
          } catch {
            return { status: "failed", failure: { code: "internal", message: "The profile could not be removed." } }
          }
        case "sandbox.run":
        case "sandbox.erase":
          return { status: "rejected", reason: "This is a browser: it runs no scripts." }
      }
    },
    close: () => pool.close(),
  }
}

const noSandboxNotice = "Chromium runs without its own sandbox (CHROMIUM_NO_SANDBOX=true)."

function failureOf(error: unknown, problem: string | undefined): WorkFailure {
  if (problem !== undefined) return { code: "unavailable", message: problem }
  const message = error instanceof Error ? error.message : ""
  if (/Target crashed|Page crashed/i.test(message))
    return { code: "resource_limit", message: "The page crashed: it may need more memory than there is." }
  if (/has been closed|Target closed|disconnected|Connection closed/i.test(message))
    return {
      code: "unavailable",
      message:
        "The browser ended in the middle of the step, its outcome is unknown. It starts again with the next one.",
    }
  return { code: "internal", message: "The browser failed at this step. Open the page again." }
}
