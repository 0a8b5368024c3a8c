/** One program in one container, from making it to its removal. What ends it early, and what it may leave behind. */
import type { Duplex } from "node:stream"
import * as z from "zod"
import { maxOutputBytes, type CommandOutcome, type RunnerWork, type WorkFailure } from "../../core/runner/command.ts"
import type { WorkContext } from "../runner-worker.ts"
import { ArchiveProblem, cleanArchive } from "./archive.ts"
import { EngineProblem, type Engine } from "./engine.ts"
import { FrameProblem, readFrames, toGuard, type Frame, type GuardResult } from "./frames.ts"
import { createOutput } from "./output.ts"
import { containerName, containerSpec, limits } from "./sandbox.ts"
import type { Workspaces } from "./workspaces.ts"

export type SandboxRun = Extract<RunnerWork, { kind: "sandbox.run" }>

export interface RunDeps {
  readonly engine: Engine
  readonly image: string
  readonly workspaces: Workspaces
  readonly canLimitCpu: boolean
  /** Aborted when the runner stops. */
  readonly closing: AbortSignal
  /** Hears in the engine's own words why a run came to nothing: for the operator, not for the model. */
  readonly onEngineProblem: (problem: EngineProblem) => void
}

/** Until the container has everything, and from the program's end until its files are out. The guard allows itself less. */
const transferMs = 70_000
/** The guard ends the program in time; the runner ends a guard that did not. */
const guardGraceMs = 10_000
const removalMs = 30_000
/** Between the guard's beginning to count and ours. */
const clockSkewMs = 250
/** What follows an archive is padding. */
const maxPaddingBytes = 64 * 1_024

/**
 * Runs the program once. Its files are kept only when it ran to its end within all limits; else they are as before. Whatever
 * happens, the container is gone when this resolves, unless the engine itself is.
 */
export async function runInContainer(deps: RunDeps, work: SandboxRun, context: WorkContext): Promise<CommandOutcome> {
  let container: string
  try {
    container = await createContainer(deps, context)
  } catch (error) {
    const failure = creationFailure(error)
    if (failure.code === "unavailable") report(deps, error)
    return { status: "failed", failure }
  }
  const watch = createWatch(context.signal, deps.closing)
  const removal = watchRemoval(deps.engine, container)
  try {
    return await converse({ deps, work, context, container, watch, exitCode: () => removal.exitCode() })
  } catch (error) {
    const outcome = watch.outcome()
    if (outcome !== undefined) return outcome
    report(deps, error)
    return { status: "failed", failure: failureOf(error) }
  } finally {
    watch.end()
    await removal.finish().catch((error: unknown) => report(deps, error))
  }
}

function report({ onEngineProblem }: RunDeps, error: unknown): void {
  if (error instanceof EngineProblem) onEngineProblem(error)
}

interface Conversation {
  readonly deps: RunDeps
  readonly work: SandboxRun
  readonly context: WorkContext
  readonly container: string
  readonly watch: Watch
  readonly exitCode: () => Promise<number | undefined>
}

async function converse(talk: Conversation): Promise<CommandOutcome> {
  const { deps, work, context, container, watch } = talk
  const { signal } = watch
  watch.limit(transferMs, unavailable("The sandbox did not start in time."))
  const socket = await deps.engine.attach(container, signal)
  const close = () => socket.destroy()
  signal.addEventListener("abort", close, { once: true })
  // An error ends the reading too, and is told there.
  socket.on("error", () => {})
  try {
    if (signal.aborted) close()
    await deps.engine.call(z.unknown(), { method: "POST", path: `/containers/${container}/start`, signal })
    const stored = await deps.workspaces.read(work.workspace)
    for await (const piece of toSend(work, stored)) await write(socket, piece, signal)
    watch.limit(work.timeoutMs + guardGraceMs, { status: "timed_out" })
    const startedAt = performance.now()
    const frames = readFrames(socket)
    const outputs = { stdout: createOutput(maxOutputBytes), stderr: createOutput(maxOutputBytes) }
    const result = await readResult(frames, async (kind, bytes) => {
      const text = outputs[kind].take(bytes)
      if (text !== "") await unlessAborted(context.onOutput(kind, text), signal)
    })
    const durationMs = Math.round(performance.now() - startedAt)
    if (result === undefined) return watch.outcome() ?? (await explainSilence(talk, durationMs))
    watch.limit(transferMs, unavailable("The sandbox did not hand out its files in time."))
    const failure = limitFailure(result)
    if (failure !== undefined) return { status: "failed", failure }
    await deps.workspaces.save(work.workspace, keptFiles(frames))
    return {
      status: "succeeded",
      result: {
        kind: "sandbox.run",
        exitCode: result.exitCode,
        stdout: outputs.stdout.text(),
        stderr: outputs.stderr.text() + droppedNote(result),
        stdoutCutBytes: Math.max(0, result.stdoutBytes - outputs.stdout.keptBytes()),
        stderrCutBytes: Math.max(0, result.stderrBytes - outputs.stderr.keptBytes()),
        durationMs,
      },
    }
  } finally {
    signal.removeEventListener("abort", close)
    close()
  }
}

const Created = z.object({ Id: z.string().regex(/^[0-9a-f]{12,64}$/) })

async function createContainer({ engine, image, workspaces, canLimitCpu }: RunDeps, { id }: WorkContext) {
  const name = containerName(workspaces.owner, id)
  const body = containerSpec({ image, owner: workspaces.owner, command: id, canLimitCpu })
  try {
    const created = await engine.call(Created, { method: "POST", path: "/containers/create", query: { name }, body })
    return created.Id
  } catch (error) {
    // Without an answer it may have been made all the same.
    if (error instanceof EngineProblem && error.status === undefined)
      await removeContainer(engine, name).catch(() => {})
    throw error
  }
}

function creationFailure(error: unknown): WorkFailure {
  const status = error instanceof EngineProblem ? error.status : undefined
  // Podman has no status of its own for it.
  if (status === 409 || (error instanceof EngineProblem && /name .* is (already )?in use/.test(error.message)))
    return {
      code: "interrupted",
      message: "This command has a container already: it was started once, and is not again.",
    }
  if (status === 404) return { code: "unavailable", message: "The runner has no agent image: npm run agent-image" }
  return failureOf(error)
}

/** Everything that the guard wants before it starts the program. */
async function* toSend(work: SandboxRun, stored: AsyncIterable<Uint8Array> | undefined): AsyncGenerator<Buffer> {
  const { program, stdin, timeoutMs } = work
  const { maxFiles, maxFileBytes, reserveBytes, maxTotalOutputBytes } = limits
  const header = { ...program, timeoutMs, maxOutputBytes, maxTotalOutputBytes, maxFiles, maxFileBytes, reserveBytes }
  yield toGuard("H", Buffer.from(JSON.stringify(header)))
  if (stdin !== "") yield toGuard("I", Buffer.from(stdin))
  if (stored !== undefined) {
    for await (const piece of stored) yield toGuard("F", piece)
    yield toGuard("F")
  }
  yield toGuard("G")
}

async function write(socket: Duplex, bytes: Buffer, signal: AbortSignal): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    socket.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)))
  })
  await unlessAborted(written, signal)
}

/** Output until the result; undefined when the container ended without one. */
async function readResult(
  frames: AsyncGenerator<Frame>,
  onOutput: (kind: "stdout" | "stderr", bytes: Buffer) => Promise<void>,
): Promise<GuardResult | undefined> {
  for (;;) {
    const next = await frames.next().catch((error: unknown) => {
      if (error instanceof FrameProblem) throw error
      // A socket that breaks says no more than one that ends.
      return undefined
    })
    if (next === undefined || next.done === true) return undefined
    const frame = next.value
    if (frame.kind === "result") return frame.result
    if (frame.kind !== "stdout" && frame.kind !== "stderr") throw new FrameProblem("A frame comes out of turn.")
    await onOutput(frame.kind, frame.bytes)
  }
}

/** The files written anew. Ends only when the guard has said that it was all. */
async function* keptFiles(frames: AsyncGenerator<Frame>): AsyncGenerator<Uint8Array> {
  const pieces = filePieces(frames)
  yield* cleanArchive({ [Symbol.asyncIterator]: () => ({ next: () => pieces.next() }) }, limits)
  let paddingBytes = 0
  for await (const piece of pieces) {
    paddingBytes += piece.length
    if (paddingBytes > maxPaddingBytes) throw new FrameProblem("The archive has no end.")
  }
}

async function* filePieces(frames: AsyncGenerator<Frame>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await frames.next()
    if (next.done === true) throw new FrameProblem("The archive is cut off.")
    if (next.value.kind === "done") return
    if (next.value.kind !== "files") throw new FrameProblem("A frame comes out of turn.")
    yield next.value.bytes
  }
}

const mebibytes = (sizeBytes: number) => `${Math.round(sizeBytes / 1_024 / 1_024)} MiB`
const asBefore = "The files are as they were before."

function limitFailure(result: GuardResult): WorkFailure | undefined {
  const how = result.exitCode === null ? "was ended" : `ended with exit code ${result.exitCode}`
  const reached = (limit: string): WorkFailure => ({
    code: "resource_limit",
    message: `The program ${how} after it reached a limit: ${limit}. ${asBefore}`,
  })
  if (result.killedForMemory > 0) return reached(`${mebibytes(limits.memoryBytes)} of memory`)
  if (result.refusedProcesses > 0) return reached(`${limits.processes} processes and threads at once`)
  if (result.tooMuchOutput) return reached(`${mebibytes(limits.maxTotalOutputBytes)} of output`)
  if (result.diskFull || result.filesTooLarge || result.tooManyFiles)
    return reached(
      `${mebibytes(limits.maxFileBytes)} and ${limits.maxFiles} files in its work area, ${mebibytes(limits.temporaryBytes)} in /tmp`,
    )
  return undefined
}

/** Told, since a program that comes later would look for them. */
function droppedNote({ droppedFiles }: GuardResult): string {
  if (droppedFiles === 0) return ""
  return `\n[sandbox: ${droppedFiles} links, special files or too long paths are not kept]\n`
}

/** The guard's own exit codes, where it had to go without a result. Podman forgets them with the container: it says 0. */
async function explainSilence({ work, exitCode, watch }: Conversation, ranMs: number): Promise<CommandOutcome> {
  const code = await unlessAborted(exitCode(), watch.signal)
  const isKnown = code !== undefined && code !== 0
  if (code === 124 || (!isKnown && ranMs > work.timeoutMs - clockSkewMs)) return { status: "timed_out" }
  // 137: the kernel took the guard itself, which it does only when nothing else is left to take.
  if (code === 137) return { status: "failed", failure: { code: "resource_limit", message: memoryMessage } }
  if (code === 125)
    return { status: "failed", failure: { code: "internal", message: `The sandbox could not run it. ${asBefore}` } }
  const message = `The container ended before the program of ${work.program.form} did. ${asBefore}`
  return { status: "failed", failure: { code: "interrupted", message } }
}

const memoryMessage = `The container was ended, most likely for more than ${mebibytes(limits.memoryBytes)} of memory. ${asBefore}`

function unavailable(message: string): CommandOutcome {
  return { status: "failed", failure: { code: "unavailable", message } }
}

/** For the model too: nothing of the engine's own words, which may name paths of this machine. */
function failureOf(error: unknown): WorkFailure {
  if (error instanceof ArchiveProblem && error.reason === "size")
    return { code: "resource_limit", message: `The files cannot be kept: ${error.message}. ${asBefore}` }
  if (error instanceof ArchiveProblem || error instanceof FrameProblem)
    return { code: "internal", message: `What came out of the sandbox is not taken: ${error.message} ${asBefore}` }
  if (error instanceof EngineProblem)
    return {
      code: "unavailable",
      message: "The container engine of the runner does not work. Its operator finds why under health.",
    }
  return { code: "internal", message: `The sandbox failed. ${asBefore}` }
}

interface Watch {
  /** Aborted when the run must end now; `outcome` says why. */
  readonly signal: AbortSignal
  outcome(): CommandOutcome | undefined
  /** From now on so long, in place of the limit before. */
  limit(ms: number, outcome: CommandOutcome): void
  end(): void
}

/** All that ends a run from outside: it is called back, the runner stops, its time is over. */
function createWatch(signal: AbortSignal, closing: AbortSignal): Watch {
  const stop = new AbortController()
  let outcome: CommandOutcome | undefined
  let timer: NodeJS.Timeout | undefined
  const end = (why: CommandOutcome) => {
    outcome ??= why
    stop.abort()
  }
  const onCancel = () => end({ status: "canceled" })
  const onClose = () =>
    end({ status: "failed", failure: { code: "interrupted", message: `The runner stopped while it ran. ${asBefore}` } })
  signal.addEventListener("abort", onCancel)
  closing.addEventListener("abort", onClose)
  if (signal.aborted) onCancel()
  if (closing.aborted) onClose()
  return {
    signal: stop.signal,
    outcome: () => outcome,
    limit(ms, why) {
      clearTimeout(timer)
      timer = setTimeout(() => end(why), ms)
    },
    end() {
      clearTimeout(timer)
      signal.removeEventListener("abort", onCancel)
      closing.removeEventListener("abort", onClose)
    },
  }
}

/** Rejects when the signal is aborted first. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new Error("aborted"))
    if (signal.aborted) onAbort()
    else signal.addEventListener("abort", onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener("abort", onAbort)
  }
}

const Waited = z.object({ StatusCode: z.number().int() })

/** Watches a container until the engine has removed it, and helps where it does not go by itself. */
function watchRemoval(engine: Engine, container: string) {
  const query = { condition: "removed" }
  const path = `/containers/${container}/wait`
  const gone = engine.call(Waited, { method: "POST", path, query, timeoutMs: Infinity }).then(
    ({ StatusCode }) => StatusCode,
    () => undefined,
  )
  return {
    exitCode: () => gone,
    async finish() {
      await removeContainer(engine, container)
      let timer: NodeJS.Timeout | undefined
      const tooLong = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, removalMs)
      })
      await Promise.race([gone, tooLong])
      clearTimeout(timer)
    },
  }
}

/**
 * Ends and removes it; harmless when it is gone or going.
 * @throws EngineProblem when the engine does not answer: then it may still be there
 */
export async function removeContainer(engine: Engine, container: string): Promise<void> {
  const query = { force: "1", v: "1" }
  try {
    await engine.call(z.unknown(), { method: "DELETE", path: `/containers/${container}`, query, timeoutMs: removalMs })
  } catch (error) {
    const isGoneOrGoing = error instanceof EngineProblem && (error.status === 404 || error.status === 409)
    if (!isGoneOrGoing) throw error
  }
}
