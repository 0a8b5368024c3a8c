/** A server program that tests start, kill and start again on the same port and data. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { answers, spawnChild, type Child, type ChildOptions } from "./child.ts"
import { freePort } from "./port.ts"

export interface Program {
  readonly url: string
  readonly port: number
  /** A directory of its own, kept over restarts and removed by `dispose`. */
  readonly directory: string
  /** Of the current or last run. */
  pid(): number
  /** Of all runs. */
  output(): string
  /** Of the current or last run: exit code, or null when a signal ended it. */
  exited(): Promise<number | null>
  /** Starts a run and waits until it answers. @throws with the output when it ends before, or is killed */
  start(): Promise<void>
  /** Starts a run that is expected to end by itself, and waits for its end. */
  runToEnd(): Promise<{ code: number | null; output: string }>
  /** SIGKILL to the whole group; also in the middle of a start. Harmless when it does not run. */
  kill9(): Promise<void>
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>
  /** Kills what runs and removes the directory. */
  dispose(): Promise<void>
}

export interface ProgramOptions {
  readonly name: string
  readonly port: number | undefined
  readonly healthPath: string
  readonly startLimitMs: number
  /** Called before each run. */
  readonly command: (place: { port: number; directory: string }) => ChildOptions | Promise<ChildOptions>
}

export async function createProgram(options: ProgramOptions): Promise<Program> {
  const { name, healthPath, startLimitMs } = options
  const directory = await mkdtemp(join(tmpdir(), `loop-${name}-`))
  const port = options.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const runs: Child[] = []
  const spawn = async () => {
    const child = spawnChild(await options.command({ port, directory }))
    runs.push(child)
    return child
  }
  const last = () => {
    const child = runs.at(-1)
    if (child === undefined) throw new Error(`${name} was not started yet`)
    return child
  }
  return {
    url,
    port,
    directory,
    pid: () => last().pid,
    output: () => runs.map((child) => child.output()).join(""),
    exited: () => last().exited,
    async start() {
      const child = await spawn()
      await child.waitUntil(() => answers(`${url}${healthPath}`), startLimitMs)
    },
    async runToEnd() {
      const child = await spawn()
      const timer = setTimeout(() => void child.kill9(), startLimitMs)
      const code = await child.exited
      clearTimeout(timer)
      return { code, output: child.output() }
    },
    async kill9() {
      await runs.at(-1)?.kill9()
    },
    stop: () => last().stop(),
    async dispose() {
      await runs.at(-1)?.kill9()
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
