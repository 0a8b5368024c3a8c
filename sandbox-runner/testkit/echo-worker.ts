/** A worker of tests in place of Docker: programs of a few words, whose effects can be counted in files. */
import { appendFile } from "node:fs/promises"
import type { CommandOutcome, RunnerWork } from "../../core/runner/command.ts"
import type { RunnerWorker, WorkContext } from "../runner-worker.ts"

export interface EchoWorker extends RunnerWorker {
  /** What it was told to do, in order. */
  readonly done: readonly RunnerWork[]
}

/**
 * `echo <words>` writes them to stdout · `append <file> <line>` adds the line to the file · `append-and-wait <file> <line>` does
 * so and then waits until it is told to stop · `flood <characters>` writes so many · `ignore` does not even stop then · `break`
 * throws. Anything else exits with 127.
 */
export function createEchoWorker(): EchoWorker {
  const done: RunnerWork[] = []
  return {
    capability: "sandbox",
    done,
    state: async () => ({ status: "ok" }),
    async run(work, context) {
      done.push(work)
      if (work.kind !== "sandbox.run") return { status: "succeeded", result: { kind: "sandbox.erase" } }
      const argv = work.program.form === "argv" ? work.program.argv : ["echo", work.program.script]
      return perform(argv, context)
    },
    close: async () => {},
  }
}

async function perform([program = "", ...args]: readonly string[], context: WorkContext): Promise<CommandOutcome> {
  const [file = "", line = ""] = args
  switch (program) {
    case "echo": {
      const text = `${args.join(" ")}\n`
      await context.onOutput("stdout", text)
      return exited(0, text)
    }
    case "append":
      await appendFile(file, `${line}\n`)
      return exited(0, "")
    case "append-and-wait":
      await appendFile(file, `${line}\n`)
      await aborted(context.signal)
      return { status: "canceled" }
    case "flood": {
      const block = "x".repeat(8_000)
      for (let left = Number(file); left > 0; left -= block.length) await context.onOutput("stdout", block)
      return exited(0, "")
    }
    case "ignore":
      return new Promise(() => {})
    case "break":
      throw new Error("broken")
    default:
      return exited(127, "")
  }
}

function exited(exitCode: number, stdout: string): CommandOutcome {
  const cut = { stdoutCutBytes: 0, stderrCutBytes: 0 }
  return { status: "succeeded", result: { kind: "sandbox.run", exitCode, stdout, stderr: "", ...cut, durationMs: 0 } }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))
}
