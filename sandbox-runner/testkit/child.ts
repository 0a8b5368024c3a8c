/** A program under test as a process group of its own: its output, its readiness, its death. Nothing outlives the test run. */
import { spawn } from "node:child_process"

export interface ChildOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment; of the test's own only PATH and HOME are passed on, so that no real key is. */
  readonly env: Readonly<Record<string, string>>
}

export interface Child {
  /** Of the program and of its group. */
  readonly pid: number
  /** Everything that was printed, both channels in order of arrival. */
  output(): string
  /** Exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>
  /** Asks until it is so. @throws with the output when the program ends before, or time runs out and it is killed */
  waitUntil(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void>
  /** SIGKILL to the whole group, as a power cut would. Resolves when it is gone; harmless when it is gone already. */
  kill9(): Promise<void>
  /** SIGTERM to the whole group. @returns the exit code; throws with the output when it does not end in time */
  stop(timeoutMs?: number): Promise<number | null>
}

/** How often readiness is asked; short, since start-up time is measured with it. */
const pollMs = 20
const longestStopMs = 20_000

/** Starts a program in a group of its own. */
export function spawnChild({ command, args, cwd, env }: ChildOptions): Child {
  const program = spawn(command, [...args], {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const { pid } = program
  if (pid === undefined) throw new Error(`${command} could not be started`)
  const stopGuarding = guard(pid)
  let printed = ""
  for (const channel of [program.stdout, program.stderr]) {
    channel.setEncoding("utf8").on("data", (text: string) => {
      printed += text
    })
  }
  // What the program leaves behind in its group goes with it.
  program.once("exit", () => signalGroup(pid, "SIGKILL"))
  let hasExited = false
  const exited = new Promise<number | null>((resolve) => {
    program.once("close", (code) => {
      hasExited = true
      stopGuarding()
      resolve(code)
    })
  })
  const kill9 = async () => {
    if (!hasExited) signalGroup(pid, "SIGKILL")
    await exited
  }
  return {
    pid,
    output: () => printed,
    exited,
    kill9,
    async stop(timeoutMs = longestStopMs) {
      if (!hasExited) signalGroup(pid, "SIGTERM")
      const first = await Promise.race([exited.then((code) => ({ code })), pause(timeoutMs)])
      if (first !== undefined) return first.code
      await kill9()
      throw new Error(`${command} did not end within ${timeoutMs} ms of SIGTERM:\n${printed}`)
    },
    async waitUntil(isReady, timeoutMs) {
      const deadline = performance.now() + timeoutMs
      while (!(await isReady().catch(() => false))) {
        if (hasExited) throw new Error(`${command} ended with ${await exited}:\n${printed}`)
        if (performance.now() > deadline) {
          await kill9()
          throw new Error(`${command} was not ready within ${timeoutMs} ms:\n${printed}`)
        }
        await pause(pollMs)
      }
    },
  }
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

/**
 * Kills the group when this process is gone, however it went: a shell waits for the end of a pipe that only we hold open.
 * Test runners end their workers without an `exit` event, so nothing inside this process could be relied on.
 */
function guard(pid: number): () => void {
  const script = 'read -r _; kill -s KILL -- "-$1"'
  const watcher = spawn("/bin/sh", ["-c", script, "guard", String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  })
  watcher.unref()
  return () => void watcher.kill("SIGKILL")
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref()
  })
}
