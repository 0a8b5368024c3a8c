/**
 * Tar archives that hold directories and plain files, and nothing else. What comes from a container is read strictly and written
 * anew: a name that leads elsewhere, a link, a device, an owner or a setuid bit cannot pass. POSIX.1-2024, pax: "ustar Interchange
 * Format", "pax Extended Header".
 */
import { createReader } from "./frames.ts"

/** Why an archive is not taken. `size`: more than the limits allow; `form`: nothing that the guard of a sandbox would send. */
export class ArchiveProblem extends Error {
  readonly reason: "size" | "form"
  constructor(reason: "size" | "form", message: string) {
    super(message)
    this.name = "ArchiveProblem"
    this.reason = reason
  }
}

export interface ArchiveLimits {
  /** Of all files together, each in whole pages: what they take where they are unpacked. */
  readonly maxFileBytes: number
  /** Files and directories. */
  readonly maxFiles: number
}

export interface ArchiveEntry {
  readonly kind: "file" | "directory"
  /** Any bytes but NUL, `/` between the parts. */
  readonly path: Buffer
  readonly sizeBytes: number
  readonly isExecutable: boolean
  /** Seconds since 1970. */
  readonly modifiedAt: number
}

const block = 512
const page = 4_096
/** An extended header holds a path and little more. */
const maxExtendedBytes = 16 * 1_024
const maxPathBytes = 1_024
const maxNameBytes = 255
/** What names a container's user: nobody else's, wherever the archive is unpacked. */
const owner = 10_001

/**
 * The archive written anew, piece by piece; empty when it holds no entry. Nothing is buffered but headers.
 * @throws ArchiveProblem when an entry is neither file nor directory, lies outside or not below an entry before it, comes twice,
 * or goes beyond the limits. What was yielded until then is worthless.
 */
export async function* cleanArchive(
  archive: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
): AsyncGenerator<Uint8Array> {
  const bytes = createReader(archive)
  /** Of what came: true for directories. */
  const seen = new Map<string, boolean>()
  let sizeBytes = 0
  for (;;) {
    const entry = await readEntry(bytes)
    if (entry === undefined) break
    admit(entry, seen)
    sizeBytes += Math.ceil(entry.sizeBytes / page) * page
    if (seen.size > limits.maxFiles) throw new ArchiveProblem("size", "too many files")
    if (sizeBytes > limits.maxFileBytes) throw new ArchiveProblem("size", "too large files")
    yield entryHeader(entry)
    let left = entry.sizeBytes
    while (left > 0) {
      const piece = await bytes.readSome(left)
      if (piece === undefined) throw cutOff()
      left -= piece.length
      yield piece
    }
    const padding = paddingOf(entry.sizeBytes)
    if ((await bytes.read(padding)) === undefined) throw cutOff()
    if (padding > 0) yield Buffer.alloc(padding)
  }
  if (seen.size > 0) yield archiveEnd
}

/** What ends an archive: two empty blocks. */
export const archiveEnd: Uint8Array = Buffer.alloc(2 * block)

/** An entry's header, with an extended one before it where the path is long. */
export function entryHeader(entry: ArchiveEntry): Buffer {
  const type = entry.kind === "directory" ? "5" : "0"
  if (entry.path.length <= 100) return header(entry, type, entry.path)
  const record = extendedRecord(entry.path)
  const extended = { ...entry, sizeBytes: record.length, isExecutable: false }
  return Buffer.concat([
    header(extended, "x", Buffer.from("pax")),
    record,
    Buffer.alloc(paddingOf(record.length)),
    header(entry, type, entry.path.subarray(0, 100)),
  ])
}

/** How many bytes fill the last block of a file. */
export function paddingOf(sizeBytes: number): number {
  return (block - (sizeBytes % block)) % block
}

function cutOff(): ArchiveProblem {
  return new ArchiveProblem("form", "the archive is cut off")
}

/** Each parent comes before its children, as the guard sends them: so no path can go through a file. */
function admit({ path, kind }: ArchiveEntry, seen: Map<string, boolean>): void {
  const name = path.toString("latin1")
  const parts = name.split("/")
  const isPlain = parts.every((part) => part !== "" && part !== "." && part !== ".." && part.length <= maxNameBytes)
  if (!isPlain || name.includes("\0") || path.length > maxPathBytes)
    throw new ArchiveProblem("form", "a name leads elsewhere")
  if (seen.has(name)) throw new ArchiveProblem("form", "a name comes twice")
  if (parts.length > 1 && seen.get(parts.slice(0, -1).join("/")) !== true)
    throw new ArchiveProblem("form", "a parent is missing")
  seen.set(name, kind === "directory")
}

async function readEntry(bytes: ReturnType<typeof createReader>): Promise<ArchiveEntry | undefined> {
  let extendedPath: Buffer | undefined
  for (;;) {
    const head = await bytes.read(block)
    if (head === undefined) throw cutOff()
    if (head.every((byte) => byte === 0)) return undefined
    if (octal(head, 148, 8) !== checksum(head)) throw new ArchiveProblem("form", "a header is damaged")
    const type = String.fromCharCode(head[156] ?? 0)
    const sizeBytes = octal(head, 124, 12)
    if (type === "x" && extendedPath === undefined) {
      if (sizeBytes > maxExtendedBytes) throw new ArchiveProblem("form", "a header is too long")
      const record = await bytes.read(sizeBytes)
      if (record === undefined || (await bytes.read(paddingOf(sizeBytes))) === undefined) throw cutOff()
      extendedPath = readExtendedPath(record)
      continue
    }
    if (type !== "0" && type !== "5") throw new ArchiveProblem("form", "an entry is neither file nor directory")
    const path = extendedPath ?? plainPath(head)
    const isDirectory = type === "5"
    if (isDirectory && sizeBytes !== 0) throw new ArchiveProblem("form", "a directory has content")
    return {
      kind: isDirectory ? "directory" : "file",
      path: isDirectory && path.at(-1) === slash ? path.subarray(0, -1) : path,
      sizeBytes,
      isExecutable: (octal(head, 100, 8) & 0o100) !== 0,
      modifiedAt: Math.min(octal(head, 136, 12), 0o77777777777),
    }
  }
}

const slash = 0x2f

/** The name up to its NUL. Long ones come in an extended header, so the field for their beginning must be empty. */
function plainPath(head: Buffer): Buffer {
  if (head[345] !== 0) throw new ArchiveProblem("form", "a name is in parts")
  const field = head.subarray(0, 100)
  const end = field.indexOf(0)
  return Buffer.from(end === -1 ? field : field.subarray(0, end))
}

function readExtendedPath(record: Buffer): Buffer {
  let at = 0
  let path: Buffer | undefined
  while (at < record.length) {
    const blank = record.indexOf(0x20, at)
    const sizeBytes = Number(record.subarray(at, blank === -1 ? at : blank).toString("latin1"))
    const end = at + sizeBytes
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 5 || end > record.length || record[end - 1] !== 0x0a)
      throw new ArchiveProblem("form", "a header is damaged")
    const field = record.subarray(blank + 1, end - 1)
    const equals = field.indexOf("=")
    const name = field.subarray(0, equals).toString("latin1")
    if (name === "path") path = Buffer.from(field.subarray(equals + 1))
    // How the path is encoded is no matter here; anything else would change what is read next.
    else if (name !== "hdrcharset") throw new ArchiveProblem("form", "a header says more than a path")
    at = end
  }
  if (path === undefined) throw new ArchiveProblem("form", "a header says nothing")
  return path
}

function extendedRecord(path: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(" path="), path, Buffer.from("\n")])
  let sizeBytes = rest.length + 1
  while (String(sizeBytes).length + rest.length !== sizeBytes) sizeBytes = String(sizeBytes).length + rest.length
  return Buffer.concat([Buffer.from(String(sizeBytes)), rest])
}

function header(entry: ArchiveEntry, type: "0" | "5" | "x", name: Buffer): Buffer {
  const head = Buffer.alloc(block)
  name.copy(head)
  const mode = entry.kind === "directory" || entry.isExecutable ? 0o755 : 0o644
  const numbers = [
    [100, 7, mode],
    [108, 7, owner],
    [116, 7, owner],
    [124, 11, entry.sizeBytes],
    [136, 11, entry.modifiedAt],
  ] as const
  for (const [at, digits, value] of numbers) head.write(value.toString(8).padStart(digits, "0"), at, "latin1")
  head.write(type, 156, "latin1")
  head.write("ustar\u000000", 257, "latin1")
  head.write(`${checksum(head).toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return head
}

/** The sum of all bytes, those of the sum itself as blanks. */
function checksum(head: Buffer): number {
  let sum = 8 * 0x20
  for (const [at, byte] of head.entries()) if (at < 148 || at >= 156) sum += byte
  return sum
}

function octal(head: Buffer, at: number, sizeBytes: number): number {
  const text = head.toString("latin1", at, at + sizeBytes).replaceAll(/^[ ]+|[ \0]+$/g, "")
  if (text === "") return 0
  if (!/^[0-7]+$/.test(text)) throw new ArchiveProblem("form", "a header is damaged")
  return Number.parseInt(text, 8)
}
