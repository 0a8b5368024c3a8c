/** Programs that belong together: they share this terminal, and the end of one, or Ctrl-C, ends all. */
import { spawn, type ChildProcess } from "node:child_process"

export interface Command {
  /** For the line that says which one ended. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
}

/** A program that has not ended this long after SIGTERM is killed. */
const longestStopMs = 15_000

/**
 * Runs all until one ends or `stop` says so, then ends the others and waits for them.
 * @returns `stopped` when it was told to, else the one that ended first, with its exit code (1 when a signal ended it)
 */
export async function runTogether(
  commands: readonly Command[],
  stop: Promise<void>,
): Promise<{ status: "stopped" } | { status: "ended"; name: string; code: number }> {
  const running = commands.map(({ name, command, args, cwd }) => {
    const child = spawn(command, [...args], { cwd, stdio: ["ignore", "inherit", "inherit"] })
    return { child, ended: endOf(child).then((code) => ({ status: "ended" as const, name, code })) }
  })
  const outcome = await Promise.race([
    stop.then(() => ({ status: "stopped" as const })),
    ...running.map(({ ended }) => ended),
  ])
  await Promise.all(running.map(({ child, ended }) => end(child, ended)))
  return outcome
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(1))
    child.once("exit", (code) => resolve(code ?? 1))
  })
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM")
  const timer = setTimeout(() => child.kill("SIGKILL"), longestStopMs)
  await ended
  clearTimeout(timer)
}
