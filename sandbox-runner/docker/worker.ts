/** Runs agents' programs in containers: who may when, what a crash left behind, and whether the engine can be trusted to hold them. */
import { join } from "node:path"
import * as z from "zod"
import type { CommandId, CommandOutcome, RunnerWork } from "../../core/runner/command.ts"
import type { RunnerWorker, WorkContext } from "../runner-worker.ts"
import { EngineProblem, openEngine, type Engine } from "./engine.ts"
import { agentImageSource } from "./image.ts"
import { createQueue } from "./queue.ts"
import { removeContainer, runInContainer, type SandboxRun } from "./run.ts"
import { labels } from "./sandbox.ts"
import { openWorkspaces } from "./workspaces.ts"

export interface DockerWorkerConfig {
  /** `unix:///path` or `tcp://host:port`. */
  readonly dockerHost: string
  /** What `npm run agent-image` built. */
  readonly image: string
  /** Containers at once. */
  readonly maxConcurrent: number
  /** No program runs longer, whatever its command allows. */
  readonly timeoutMs: number
  /** Files of conversations lie in `workspaces` below it. No other process may use it at the same time. */
  readonly dataDir: string
}

/** Beyond it a command is refused: it would wait for longer than anybody does. */
const maxWaiting = 100
/** Linux takes no more (execve(2): a quarter of the stack's 8 MiB), and nothing of it has to reach a container to find out. */
const maxArgumentBytes = 2_000_000
/** For so long an answer of the engine about itself holds. */
const stateHoldsMs = 5_000
/** And so long what it said when a container could not be made or started. */
const problemHoldsMs = 60_000

/** Connects to the engine and removes at once what an earlier run of this runner left there. */
export function createDockerWorker(config: DockerWorkerConfig): RunnerWorker {
  const engine = openEngine(config.dockerHost)
  const workspaces = openWorkspaces(join(config.dataDir, "workspaces"))
  const queue = createQueue(config.maxConcurrent, maxWaiting)
  const closing = new AbortController()
  const running = new Map<CommandId, Promise<CommandOutcome>>()
  const inspect = remember(() => inspectEngine(engine, config.image), stateHoldsMs)
  /** Of the last run, where the engine could not do it though it says that it can. */
  let failed: { readonly problem: string; readonly at: number } | undefined
  const onEngineProblem = ({ message }: EngineProblem) => {
    failed = { problem: message, at: performance.now() }
    cleared = undefined
  }
  /** Before anything runs, and again after the engine failed: it may have kept what should be gone. */
  let cleared: Promise<void> | undefined
  const clear = () => {
    cleared ??= removeOrphans(engine, workspaces.owner, running).catch((error: unknown) => {
      cleared = undefined
      throw error
    })
    return cleared
  }
  void clear().catch(() => {
    // The engine is away: `state` tells it, and the first run tries again.
  })

  const runProgram = async (work: SandboxRun, context: WorkContext): Promise<CommandOutcome> => {
    if (work.program.form === "argv" && Buffer.byteLength(work.program.argv.join("\0")) > maxArgumentBytes)
      return { status: "failed", failure: { code: "invalid", message: "The arguments are longer than 2 MB together." } }
    await clear()
    const found = await inspect()
    if (found.status === "unavailable") return unavailable(found.problemForAgents)
    const { canLimitCpu } = found
    const deps = { engine, workspaces, image: config.image, canLimitCpu, closing: closing.signal, onEngineProblem }
    const timeoutMs = Math.min(work.timeoutMs, config.timeoutMs)
    const outcome = await runInContainer(deps, { ...work, timeoutMs }, context)
    if (outcome.status === "succeeded") failed = undefined
    return outcome
  }
  const perform = async (work: RunnerWork, context: WorkContext): Promise<CommandOutcome> => {
    if (work.kind !== "sandbox.run" && work.kind !== "sandbox.erase")
      return { status: "rejected", reason: `A sandbox does no ${work.kind}.` }
    const { kind, workspace } = work
    const signal = AbortSignal.any([context.signal, closing.signal])
    const turn = await queue.enter({ workspace, takesSlot: kind === "sandbox.run", signal }, async () => {
      if (kind === "sandbox.run") return runProgram(work, context)
      await workspaces.erase(workspace)
      return { status: "succeeded", result: { kind } } satisfies CommandOutcome
    })
    switch (turn.status) {
      case "done":
        return turn.value
      case "full":
        return { status: "rejected", reason: `${maxWaiting} commands wait for a sandbox already. Try again later.` }
      case "left":
        return context.signal.aborted ? { status: "canceled" } : { status: "rejected", reason: "The runner stops." }
    }
  }
  return {
    capability: "sandbox",
    async state() {
      const found = await inspect()
      if (found.status === "unavailable") return { status: "unavailable", problem: found.problem }
      // For a while only: whoever asks first whether it works would never find out that it does again.
      if (failed === undefined || performance.now() - failed.at > problemHoldsMs) return { status: "ok" }
      return { status: "unavailable", problem: failed.problem }
    },
    async run(work, context) {
      const already = running.get(context.id)
      if (already !== undefined) return already
      const outcome = perform(work, context).catch(unexpected)
      running.set(context.id, outcome)
      try {
        return await outcome
      } finally {
        running.delete(context.id)
      }
    },
    async close() {
      closing.abort()
      await Promise.allSettled(running.values())
      await removeOrphans(engine, workspaces.owner, new Map()).catch(() => {
        // The next start removes them, and each ends by itself before.
      })
    },
  }
}

const away = "The container engine of the runner does not work. Its operator finds why under health."

function unavailable(message: string): CommandOutcome {
  return { status: "failed", failure: { code: "unavailable", message } }
}

function unexpected(error: unknown): CommandOutcome {
  if (error instanceof EngineProblem) return unavailable(away)
  return { status: "failed", failure: { code: "internal", message: "The sandbox failed." } }
}

const Containers = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullish() }))

/** Whatever of this runner is still there runs for nobody, but for what runs now. */
async function removeOrphans(engine: Engine, owner: string, running: ReadonlyMap<string, unknown>): Promise<void> {
  const filters = JSON.stringify({ label: [`${labels.owner}=${owner}`] })
  const query = { all: "1", filters }
  const found = await engine.call(Containers, { method: "GET", path: "/containers/json", query })
  const orphans = found.filter(({ Labels }) => !running.has(Labels?.[labels.command] ?? ""))
  await Promise.all(orphans.map(({ Id }) => removeContainer(engine, Id)))
}

type EngineState =
  | { readonly status: "ok"; readonly canLimitCpu: boolean }
  | { readonly status: "unavailable"; readonly problem: string; readonly problemForAgents: string }

const Info = z.object({
  OSType: z.string().default("linux"),
  MemoryLimit: z.boolean().default(false),
  PidsLimit: z.boolean().default(false),
  CpuCfsQuota: z.boolean().default(false),
  SecurityOptions: z.array(z.string()).nullable().default([]),
})
const Image = z.object({ Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish() })

/** An engine that would drop a limit without a word is not used. */
async function inspectEngine(engine: Engine, image: string): Promise<EngineState> {
  try {
    const info = await engine.call(Info, { method: "GET", path: "/info", timeoutMs: 10_000 })
    const problem = missingLimit(info) ?? (await imageProblem(engine, image))
    if (problem !== undefined) return { status: "unavailable", problem, problemForAgents: problem }
    return { status: "ok", canLimitCpu: info.CpuCfsQuota }
  } catch (error) {
    if (!(error instanceof EngineProblem)) throw error
    return { status: "unavailable", problem: error.message, problemForAgents: away }
  }
}

function missingLimit(info: z.infer<typeof Info>): string | undefined {
  if (info.OSType !== "linux") return "The container engine runs no Linux containers."
  if (!info.MemoryLimit)
    return "The container engine cannot limit memory. On a Raspberry Pi add cgroup_enable=memory to /boot/firmware/cmdline.txt and restart; a rootless engine needs cgroup v2."
  if (!info.PidsLimit) return "The container engine cannot limit processes. A rootless engine needs cgroup v2."
  const seccomp = info.SecurityOptions?.find((option) => option.startsWith("name=seccomp"))
  if (seccomp === undefined || seccomp.includes("unconfined"))
    return "The container engine runs without its seccomp profile. Start it with the default one."
  return undefined
}

async function imageProblem(engine: Engine, image: string): Promise<string | undefined> {
  try {
    const found = await engine.call(Image, { method: "GET", path: `/images/${image}/json` })
    if (found.Config?.Labels?.[labels.source] === agentImageSource()) return undefined
    return `The image ${image} is not the agent image of this version. Build it: npm run agent-image`
  } catch (error) {
    if (!(error instanceof EngineProblem) || error.status !== 404) throw error
    return `The agent image ${image} is missing. Build it: npm run agent-image`
  }
}

/** Asks again only when the last answer is older. */
function remember<T>(ask: () => Promise<T>, holdsMs: number): () => Promise<T> {
  let answer: Promise<T> | undefined
  let askedAt = 0
  return () => {
    const at = performance.now()
    if (answer === undefined || at - askedAt > holdsMs) {
      answer = ask()
      askedAt = at
      answer.catch(() => {
        answer = undefined
      })
    }
    return answer
  }
}
