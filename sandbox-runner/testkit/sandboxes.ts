/** A sandbox worker on the real container engine, for tests and measurements. Nothing stands in for the engine. */
import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import * as z from "zod"
import { CommandId, type CommandOutcome, type Program, type WorkResult } from "../../core/runner/command.ts"
import { ConversationId } from "../../core/units.ts"
import { NodeConfig, parseEnvironment } from "../config.ts"
import { archiveEnd, entryHeader, paddingOf } from "../docker/archive.ts"
import { openEngine, type Engine } from "../docker/engine.ts"
import { labels } from "../docker/sandbox.ts"
import { createDockerWorker, type DockerWorkerConfig } from "../docker/worker.ts"
import type { RunnerWorker } from "../runner-worker.ts"

/** Where the engine is and what the image is called: as for the gateway itself. */
const ofGateway = parseEnvironment(NodeConfig.pick({ DOCKER_HOST: true, AGENT_IMAGE: true }), process.env)
if (ofGateway.status === "invalid") throw new Error(ofGateway.problems.join("; "))
export const { DOCKER_HOST: dockerHost, AGENT_IMAGE: agentImage } = ofGateway.config

export interface Sandboxes {
  readonly worker: RunnerWorker
  readonly engine: Engine
  readonly config: DockerWorkerConfig
  /** Names this worker's containers. */
  containers(): Promise<string[]>
  run(program: Program, options?: RunOptions): Promise<CommandOutcome>
  /** The same, for a run that must succeed. @throws with the outcome when it did not */
  result(program: Program, options?: RunOptions): Promise<SandboxResult>
  /** Closes the worker and removes its files. */
  dispose(): Promise<void>
}

export type SandboxResult = Extract<WorkResult, { kind: "sandbox.run" }>

export interface RunOptions {
  readonly id?: CommandId
  readonly workspace?: ConversationId
  readonly stdin?: string
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly onOutput?: (stream: "stdout" | "stderr", text: string) => Promise<void>
}

const hint = `These tests need a container engine and the agent image, and do not run without:
  apt-get install docker.io debootstrap
  dockerd &                                  (where systemd does not start it)
  npm run agent-image                        (or, as root and without a registry: npm run agent-image -- --debootstrap)
DOCKER_HOST and AGENT_IMAGE name others than ${dockerHost} and ${agentImage}.`

/** @throws with what to run when there is no engine or no image */
export async function openSandboxes(options: Partial<DockerWorkerConfig> = {}): Promise<Sandboxes> {
  const ownDirectory = options.dataDir === undefined ? await mkdtemp(join(tmpdir(), "loop-sandboxes-")) : undefined
  const dataDir = options.dataDir ?? ownDirectory ?? ""
  const config = { dockerHost, image: agentImage, maxConcurrent: 3, timeoutMs: 60_000, ...options, dataDir }
  const worker = createDockerWorker(config)
  const state = await worker.state()
  const dispose = async () => {
    await worker.close()
    if (ownDirectory !== undefined) await rm(ownDirectory, { recursive: true, force: true })
  }
  if (state.status === "unavailable") {
    await dispose()
    throw new Error(`${state.problem}\n${hint}`)
  }
  const engine = openEngine(config.dockerHost)
  const run: Sandboxes["run"] = (program, { id = newCommandId(), workspace = newWorkspace(), ...given } = {}) => {
    const { stdin = "", timeoutMs = 30_000, signal = new AbortController().signal } = given
    const onOutput = given.onOutput ?? (() => Promise.resolve())
    return worker.run({ kind: "sandbox.run", workspace, program, stdin, timeoutMs }, { id, signal, onOutput })
  }
  return {
    worker,
    engine,
    config,
    containers: () => containersOf(engine, dataDir),
    run,
    async result(program, given) {
      const outcome = await run(program, given)
      if (outcome.status === "succeeded" && outcome.result.kind === "sandbox.run") return outcome.result
      throw new Error(JSON.stringify(outcome))
    },
    dispose,
  }
}

export function newWorkspace(): ConversationId {
  return ConversationId.parse(`conv_${randomBytes(16).toString("hex")}`)
}

export function newCommandId(): CommandId {
  return CommandId.parse(`cmd_${randomBytes(12).toString("hex")}`)
}

export const argv = (...words: string[]): Program => ({ form: "argv", argv: words })
export const bash = (script: string): Program => ({ form: "script", language: "bash", script })
export const python = (script: string): Program => ({ form: "script", language: "python", script })
export const node = (script: string): Program => ({ form: "script", language: "node", script })

const Containers = z.array(z.object({ Names: z.array(z.string()), Labels: z.record(z.string(), z.string()) }))

/** Also those that have ended and are not removed yet. */
async function containersOf(engine: Engine, dataDir: string): Promise<string[]> {
  const { openWorkspaces } = await import("../docker/workspaces.ts")
  const { owner } = openWorkspaces(join(dataDir, "workspaces"))
  const filters = JSON.stringify({ label: [`${labels.owner}=${owner}`] })
  const found = await engine.call(Containers, { method: "GET", path: "/containers/json", query: { all: "1", filters } })
  return found.flatMap(({ Names }) => Names)
}

/** The agent image with another guard in it, as if somebody had got hold of the real one. */
export async function buildHostileImage(engine: Engine, guard: string): Promise<string> {
  const image = `loop-hostile-${randomBytes(6).toString("hex")}`
  const dockerfile = `FROM ${agentImage}\nCOPY guard.py /opt/loop-gateway/guard.py\n`
  const context = Object.entries({ Dockerfile: dockerfile, "guard.py": guard }).flatMap(([name, content]) => {
    const bytes = Buffer.from(content)
    const sizeBytes = bytes.length
    const entry = { kind: "file", path: Buffer.from(name), sizeBytes, isExecutable: false, modifiedAt: 0 } as const
    return [entryHeader(entry), bytes, Buffer.alloc(paddingOf(sizeBytes))]
  })
  const query = { t: image, rm: "1", forcerm: "1" }
  const body = Readable.from([Buffer.concat([...context, archiveEnd])])
  const said = await text(await engine.stream({ method: "POST", path: "/build", query, timeoutMs: 120_000 }, body))
  if (said.includes('"error"')) throw new Error(said)
  return image
}

export async function removeImage(engine: Engine, image: string): Promise<void> {
  await engine.call(z.unknown(), { method: "DELETE", path: `/images/${image}`, query: { force: "1" } })
}
