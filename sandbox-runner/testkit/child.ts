/** A program under test as a process group of its own: its output, its readiness, its death. Nothing outlives the test run. */
import { spawn } from "node:child_process"
import { createServer } from "node:net"

export interface ChildOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment; of the test's own only PATH and HOME are passed on, so that no real key is. */
  readonly env: Readonly<Record<string, string>>
  /** Asked again and again until it is true, the process ends or time runs out. */
  readonly isReady: () => Promise<boolean>
  readonly timeoutMs: number
}

export interface Child {
  readonly pid: number
  /** Everything that was printed, both channels in order of arrival. */
  output(): string
  /** Exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>
  /** SIGKILL to the whole group, as a power cut would. Resolves when it is gone. */
  kill9(): Promise<void>
  /** SIGTERM to the whole group. @returns the exit code; throws when it does not end in time */
  stop(timeoutMs?: number): Promise<number | null>
}

/** How often readiness is asked; short, since start-up time is measured with it. */
const pollMs = 20
const longestStopMs = 20_000
const running = new Set<number>()
let isGuarded = false

/** Starts a program in a group of its own and waits until it is ready. @throws with its output when it is not */
export async function startChild(options: ChildOptions): Promise<Child> {
  guardExit()
  const process_ = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...options.env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const { pid } = process_
  if (pid === undefined) throw new Error(`${options.command} could not be started`)
  running.add(pid)
  let printed = ""
  for (const channel of [process_.stdout, process_.stderr]) {
    channel.setEncoding("utf8").on("data", (text: string) => {
      printed += text
    })
  }
  let hasExited = false
  const exited = new Promise<number | null>((resolve) => {
    process_.once("close", (code) => {
      hasExited = true
      running.delete(pid)
      resolve(code)
    })
  })
  const child: Child = {
    pid,
    output: () => printed,
    exited,
    async kill9() {
      signalGroup(pid, "SIGKILL")
      await exited
    },
    async stop(timeoutMs = longestStopMs) {
      signalGroup(pid, "SIGTERM")
      const ended = await within(exited, timeoutMs)
      if (ended.status === "ended") return ended.value
      await child.kill9()
      throw new Error(`${options.command} did not end within ${timeoutMs} ms of SIGTERM:\n${printed}`)
    },
  }
  const deadline = performance.now() + options.timeoutMs
  while (!(await options.isReady().catch(() => false))) {
    if (hasExited) throw new Error(`${options.command} ended with ${await exited}:\n${printed}`)
    if (performance.now() > deadline) {
      await child.kill9()
      throw new Error(`${options.command} was not ready within ${options.timeoutMs} ms:\n${printed}`)
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  return child
}

/** A port that is free now. Another process may take it before it is used; then the start fails and says so. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port)
        else reject(new Error("no port"))
      })
    })
  })
}

/** True when the URL answers 2xx within a second. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1_000) })
  await response.body?.cancel()
  return response.ok
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is gone already.
  }
}

/** A test run that ends early takes its children along. */
function guardExit(): void {
  if (isGuarded) return
  isGuarded = true
  process.once("exit", () => {
    for (const pid of running) signalGroup(pid, "SIGKILL")
  })
}

async function within<T>(
  work: Promise<T>,
  ms: number,
): Promise<{ status: "ended"; value: T } | { status: "still_running" }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<{ status: "still_running" }>((resolve) => {
    timer = setTimeout(() => resolve({ status: "still_running" }), ms)
  })
  const ended = work.then((value) => ({ status: "ended" as const, value }))
  const first = await Promise.race([ended, late])
  clearTimeout(timer)
  return first
}
