/**
 * What a container's pipe carries: the engine's multiplexed streams, and in them the frames of `agent-image/guard.py`. Whatever
 * comes out is from outside: parsed, bounded, never believed.
 */
import * as z from "zod"

/** The container said something that its guard would not: an image of somebody else's, or a guard that was taken over. */
export class FrameProblem extends Error {
  constructor(message: string) {
    super(message)
    this.name = "FrameProblem"
  }
}

/** How the program ended, and which limits it ran into. Counts that nothing could reach are refused. */
export const GuardResult = z.object({
  exitCode: z.number().int().min(0).max(255).nullable(),
  stdoutBytes: z.number().int().nonnegative(),
  stderrBytes: z.number().int().nonnegative(),
  tooMuchOutput: z.boolean(),
  diskFull: z.boolean(),
  killedForMemory: z.number().int().nonnegative(),
  refusedProcesses: z.number().int().nonnegative(),
  droppedFiles: z.number().int().nonnegative(),
  tooManyFiles: z.boolean(),
  filesTooLarge: z.boolean(),
  durationMs: z.number().int().nonnegative(),
})
export type GuardResult = z.infer<typeof GuardResult>

export type Frame =
  | { readonly kind: "stdout" | "stderr" | "files"; readonly bytes: Buffer }
  | { readonly kind: "result"; readonly result: GuardResult }
  | { readonly kind: "done" }

type Bytes = AsyncIterable<Uint8Array>

/** One frame for the guard. H: header, I: input of the program, F: piece of an archive (empty: its end), G: go. */
export function toGuard(kind: "H" | "I" | "F" | "G", payload: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.allocUnsafe(5 + payload.length)
  frame.write(kind, 0, "latin1")
  frame.writeUInt32BE(payload.length, 1)
  frame.set(payload, 5)
  return frame
}

/** No guard sends more in one frame. */
const maxFrameBytes = 256 * 1_024
/** What the guard itself says on its standard error is a crash; so much of it is of use. */
const maxComplaintBytes = 2_000

/** Frames in their order until the container ends. @throws FrameProblem for anything that is none */
export async function* readFrames(engineStream: Bytes): AsyncGenerator<Frame> {
  const bytes = createReader(demultiplex(engineStream))
  for (;;) {
    const head = await bytes.read(5)
    if (head === undefined) return
    const sizeBytes = head.readUInt32BE(1)
    if (sizeBytes > maxFrameBytes) throw new FrameProblem("A frame is too long.")
    const payload = await bytes.read(sizeBytes)
    if (payload === undefined) return
    yield parseFrame(String.fromCharCode(head[0] ?? 0), payload)
  }
}

function parseFrame(kind: string, bytes: Buffer): Frame {
  switch (kind) {
    case "O":
      return { kind: "stdout", bytes }
    case "E":
      return { kind: "stderr", bytes }
    case "F":
      return { kind: "files", bytes }
    case "D":
      return { kind: "done" }
    case "R":
      return { kind: "result", result: parseResult(bytes.toString("utf8")) }
    default:
      throw new FrameProblem("A frame has an unknown type.")
  }
}

function parseResult(text: string): GuardResult {
  try {
    return GuardResult.parse(JSON.parse(text))
  } catch {
    throw new FrameProblem("The result makes no sense.")
  }
}

/**
 * The standard output out of the engine's stream: pieces with eight bytes before each, of which the first is the stream and the
 * last four the length. https://docs.docker.com/reference/api/engine/ "Attach to a container", stream format
 */
async function* demultiplex(engineStream: Bytes): AsyncGenerator<Uint8Array> {
  const bytes = createReader(engineStream)
  let complaintBytes = 0
  for (;;) {
    const head = await bytes.read(8)
    if (head === undefined) return
    let left = head.readUInt32BE(4)
    if (head[0] === 2) complaintBytes += left
    if (complaintBytes > maxComplaintBytes) throw new FrameProblem("The guard talks too much.")
    while (left > 0) {
      const piece = await bytes.readSome(left)
      if (piece === undefined) return
      left -= piece.length
      if (head[0] === 1) yield piece
    }
  }
}

interface Reader {
  /** Exactly so many bytes; undefined when the stream ends before. */
  read(sizeBytes: number): Promise<Buffer | undefined>
  /** At least one byte and at most so many; undefined at the end. */
  readSome(mostBytes: number): Promise<Buffer | undefined>
}

/** Reads a stream in the pieces that its reader wants, and asks for more only when they are used up. */
export function createReader(stream: Bytes): Reader {
  const source = stream[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  const readSome = async (mostBytes: number) => {
    while (rest.length === 0) {
      const next = await source.next()
      if (next.done === true) return undefined
      rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
    }
    const piece = rest.subarray(0, mostBytes)
    rest = rest.subarray(piece.length)
    return piece
  }
  return {
    readSome,
    async read(sizeBytes) {
      if (sizeBytes === 0) return Buffer.alloc(0)
      const pieces: Buffer[] = []
      let left = sizeBytes
      while (left > 0) {
        const piece = await readSome(left)
        if (piece === undefined) return undefined
        pieces.push(piece)
        left -= piece.length
      }
      return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
    },
  }
}
