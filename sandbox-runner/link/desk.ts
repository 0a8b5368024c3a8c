/**
 * A runner's commands: taken, begun, ended and kept until the gateway has their results, whether it is linked or not. Nothing is
 * said of a command before the disk has it, and nothing is begun but by the gateway's `start`.
 */
import {
  capabilityOf,
  type Capability,
  type Command,
  type CommandId,
  type CommandOutcome,
} from "../../core/runner/command.ts"
import { timeoutOf, workspaceOf } from "../../core/runner/fleet.ts"
import { type Held, maxHeld, resultPartCharacters, type RunnerFrame } from "../../core/runner/link.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import type { Clock } from "./clock.ts"
import { type Found, interrupted, type Journal } from "./journal.ts"
import { OutputWindow } from "./output.ts"

/** A worker ends its work by itself when its time is up. One that does not is told to, this long after. */
const overtimeMs = 30_000
/** One that does not obey is no longer waited for. */
const obeyWithinMs = 15_000

type Task =
  | { readonly status: "accepted"; readonly command: Command }
  | { readonly status: "running"; readonly stop: AbortController; readonly output: OutputWindow; isUnwanted: boolean }
  | { readonly status: "ended"; readonly outcome: CommandOutcome }

export interface DeskOptions {
  readonly journal: Journal
  readonly workers: readonly RunnerWorker[]
  readonly clock: Clock
  /** Says it to the gateway, or to nobody while there is no link. */
  readonly say: (frame: RunnerFrame) => void
  /** Something broke that its command's outcome does not tell. */
  readonly log: (during: string, error: unknown) => void
}

export class Desk {
  readonly #options: DeskOptions
  readonly #tasks = new Map<CommandId, Task>()
  /** The end of what is under way in a place: two of one workspace are never done together. */
  readonly #places = new Map<string, Promise<void>>()
  #isLinked = false
  #isDraining = false
  #isStopping = false
  #onQuiet: (() => void) | undefined

  constructor(options: DeskOptions, found: readonly Found[]) {
    this.#options = options
    for (const one of found) {
      if (one.status === "accepted") this.#tasks.set(one.command.id, one)
      else this.#tasks.set(one.id, { status: "ended", outcome: one.outcome })
    }
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** What it has, for the gateway to compare. */
  held(): Held[] {
    return [...this.#tasks].map(([id, { status }]) => ({ id, status }))
  }

  async offer(command: Command): Promise<void> {
    const { id } = command
    const known = this.#tasks.get(id)
    if (known !== undefined) return this.#tell(id, known, 0)
    const before = await this.#options.journal.outcomeOf(id)
    if (before !== undefined) return this.#sayResult(id, before)
    const refusal = this.#refusalOf(command)
    if (refusal !== undefined) return this.#options.say({ type: "handed_back", id, reason: refusal })
    this.#tasks.set(id, { status: "accepted", command })
    if (await this.#isWritten(id, this.#options.journal.accept(command))) this.#options.say({ type: "accepted", id })
  }

  async start(id: CommandId): Promise<void> {
    const task = this.#tasks.get(id)
    if (task?.status !== "accepted" || this.#isStopping) return
    const { command } = task
    const stop = new AbortController()
    const output = new OutputWindow((frame) => this.#options.say({ type: "output", id, ...frame }))
    if (this.#isLinked) output.link(0)
    this.#tasks.set(id, { status: "running", stop, output, isUnwanted: false })
    if (!(await this.#isWritten(id, this.#options.journal.begin(id)))) return
    this.#options.say({ type: "running", id })
    const place = `${capabilityOf(command.work)} ${workspaceOf(command.work)}`
    const done = (this.#places.get(place) ?? Promise.resolve()).then(() => this.#do(command, stop, output))
    this.#places.set(place, done)
    void done.finally(() => {
      if (this.#places.get(place) === done) this.#places.delete(place)
    })
  }

  async cancel(id: CommandId): Promise<void> {
    const task = this.#tasks.get(id)
    if (task?.status === "accepted") await this.#end(id, { status: "canceled" })
    if (task?.status === "running") task.stop.abort("canceled")
  }

  /** The gateway wants nothing more of it. */
  async confirm(id: CommandId): Promise<void> {
    const task = this.#tasks.get(id)
    if (task === undefined) return
    if (task.status === "running") {
      task.isUnwanted = true
      return task.stop.abort("canceled")
    }
    this.#tasks.delete(id)
    if (task.status === "accepted") await this.#options.journal.remove(id)
    else {
      const confirming = this.#options.journal.confirm(id, task.outcome, this.#options.clock.now())
      await confirming.catch((error: unknown) => this.#options.log(id, error))
    }
    this.#lookForQuiet()
  }

  confirmOutput(id: CommandId, offset: number): void {
    const task = this.#tasks.get(id)
    if (task?.status === "running") task.output.confirm(offset)
  }

  /** The gateway has welcomed this runner. @param yours - what it still wants of what {@link held} said */
  async link(yours: readonly { id: CommandId; offset: number }[], said: readonly Held[]): Promise<void> {
    this.#isLinked = true
    const wanted = new Map(yours.map(({ id, offset }) => [id, offset]))
    for (const { id } of said) {
      const offset = wanted.get(id)
      const task = this.#tasks.get(id)
      if (task === undefined) continue
      if (offset === undefined) await this.confirm(id)
      else if (task.status !== "accepted") this.#tell(id, task, offset)
    }
    if (this.#isDraining) await this.#handBack()
  }

  unlink(): void {
    this.#isLinked = false
    for (const task of this.#tasks.values()) if (task.status === "running") task.output.unlink()
  }

  /** Takes nothing new, gives back what has not begun; resolves when the gateway has the results of all that had. */
  async drain(): Promise<void> {
    this.#isDraining = true
    if (this.#isLinked) await this.#handBack()
    const quiet = new Promise<void>((resolve) => (this.#onQuiet = resolve))
    this.#lookForQuiet()
    await quiet
  }

  /** Ends what runs as interrupted; the gateway hears of it at the next start where it does not now. */
  async stop(): Promise<void> {
    this.#isDraining = true
    this.#isStopping = true
    for (const task of this.#tasks.values()) if (task.status === "running") task.stop.abort("stopping")
    await Promise.all(this.#places.values())
  }

  /** What cannot be written down is not done: another runner may. */
  async #isWritten(id: CommandId, writing: Promise<void>): Promise<boolean> {
    try {
      await writing
      return true
    } catch (error) {
      this.#options.log(id, error)
      this.#tasks.delete(id)
      await this.#options.journal.remove(id).catch(() => {})
      this.#options.say({ type: "handed_back", id, reason: "It cannot write to its disk." })
      return false
    }
  }

  #refusalOf({ work }: Command): string | undefined {
    if (this.#isDraining) return "It is draining."
    if (this.#tasks.size >= maxHeld) return "It has too many commands."
    return this.#workerOf(capabilityOf(work)) === undefined ? "It cannot do that." : undefined
  }

  #workerOf(capability: Capability): RunnerWorker | undefined {
    return this.#options.workers.find((worker) => worker.capability === capability)
  }

  async #do(command: Command, stop: AbortController, output: OutputWindow): Promise<void> {
    const { id, work } = command
    const worker = this.#workerOf(capabilityOf(work))
    const context = { id, signal: stop.signal, onOutput: output.write.bind(output) }
    let outcome: CommandOutcome
    try {
      if (stop.signal.aborted) outcome = { status: "canceled" }
      else if (worker === undefined) outcome = failed("unavailable", "The runner can no longer do that.")
      else outcome = await this.#within(timeoutOf(work), stop, worker.run(work, context))
    } catch (error) {
      this.#options.log(id, error)
      outcome = failed("internal", "The runner's worker broke.")
    }
    output.unlink()
    // It says what the abort made of it, and why it was aborted says what that means.
    if (this.#isStopping && outcome.status === "canceled") outcome = interrupted
    if (outcome.status === "succeeded" && outcome.result.kind.endsWith(".erase")) {
      const place = { capability: capabilityOf(work), workspace: workspaceOf(work) }
      await this.#options.journal.forget(place).catch((error: unknown) => this.#options.log(id, error))
    }
    await this.#end(id, outcome).catch((error: unknown) => this.#options.log(id, error))
  }

  /** Ends the work from outside when its worker does not. */
  async #within(limitMs: number, stop: AbortController, running: Promise<CommandOutcome>): Promise<CommandOutcome> {
    const { clock } = this.#options
    return new Promise((resolve, reject) => {
      let cancelTimer = clock.start(limitMs + overtimeMs, () => stop.abort("overtime"))
      const giveUp = () => {
        cancelTimer()
        const isOvertime = stop.signal.reason === "overtime"
        cancelTimer = clock.start(obeyWithinMs, () => resolve(isOvertime ? { status: "timed_out" } : interrupted))
      }
      stop.signal.addEventListener("abort", giveUp)
      running.then(resolve, reject).finally(() => {
        cancelTimer()
        stop.signal.removeEventListener("abort", giveUp)
      })
    })
  }

  async #end(id: CommandId, outcome: CommandOutcome): Promise<void> {
    const task = this.#tasks.get(id)
    if (task === undefined) return
    // Without a disk it is still said: after a crash now it would be an interrupted one.
    await this.#options.journal.end(id, outcome).catch((error: unknown) => this.#options.log(id, error))
    this.#tasks.set(id, { status: "ended", outcome })
    if (task.status === "running" && task.isUnwanted) await this.confirm(id)
    else this.#sayResult(id, outcome)
    this.#lookForQuiet()
  }

  /** Says again how it is. */
  #tell(id: CommandId, task: Task, offset: number): void {
    switch (task.status) {
      case "accepted":
        return this.#options.say({ type: "accepted", id })
      case "running":
        this.#options.say({ type: "running", id })
        return task.output.link(offset)
      case "ended":
        return this.#sayResult(id, task.outcome)
    }
  }

  #sayResult(id: CommandId, outcome: CommandOutcome): void {
    const text = JSON.stringify(outcome)
    const count = Math.ceil(text.length / resultPartCharacters)
    for (let index = 0; index < count; index += 1) {
      const part = text.slice(index * resultPartCharacters, (index + 1) * resultPartCharacters)
      this.#options.say({ type: "result", id, index, count, part })
    }
  }

  async #handBack(): Promise<void> {
    for (const [id, task] of this.#tasks) {
      if (task.status !== "accepted") continue
      this.#tasks.delete(id)
      await this.#options.journal.remove(id)
      this.#options.say({ type: "handed_back", id, reason: "It is draining." })
    }
  }

  #lookForQuiet(): void {
    const isQuiet = [...this.#tasks.values()].every(({ status }) => status === "accepted" && !this.#isLinked)
    if (this.#onQuiet !== undefined && isQuiet) this.#onQuiet()
  }
}

function failed(code: "unavailable" | "internal", message: string): CommandOutcome {
  return { status: "failed", failure: { code, message } }
}
