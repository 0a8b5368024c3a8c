/**
 * The files of each conversation's sandbox, as one tar archive a conversation. They stay in that archive: no name that a model or
 * program chose ever becomes a name on this machine. A crash leaves the archive as it was before the run.
 */
import { randomBytes } from "node:crypto"
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { open, rename, rm, stat, statfs } from "node:fs/promises"
import { join } from "node:path"
import { ConversationId } from "../../core/units.ts"
import { ArchiveProblem } from "./archive.ts"

export interface Workspaces {
  /** Names the runner among those that share an engine; random, and the same over restarts. */
  readonly owner: string
  /** The archive in pieces; undefined when there are no files. */
  read(workspace: ConversationId): Promise<AsyncIterable<Uint8Array> | undefined>
  /**
   * Puts the archive in the place of the one before once all of it is on disk; an empty one removes it. When the pieces end by an
   * error, or the disk is full, the one before stays.
   * @throws ArchiveProblem `size` when this machine's disk has no room
   */
  save(workspace: ConversationId, archive: AsyncIterable<Uint8Array>): Promise<void>
  /** Harmless when there are none. */
  erase(workspace: ConversationId): Promise<void>
}

/** Stays free on this machine's disk, for what the gateway itself must write. */
const keptFreeBytes = 200_000_000
const pieceBytes = 64 * 1_024
const unfinished = ".unfinished"

/** Makes the directory, and removes what a crash left half written. */
export function openWorkspaces(directory: string): Workspaces {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(directory)) if (name.endsWith(unfinished)) rmSync(join(directory, name))
  const fileOf = (workspace: ConversationId) => join(directory, `${ConversationId.parse(workspace)}.tar`)
  return {
    owner: readOwner(join(directory, "owner")),
    async read(workspace) {
      const file = fileOf(workspace)
      if (!(await exists(file))) return undefined
      return createReadStream(file, { highWaterMark: pieceBytes })
    },
    async save(workspace, archive) {
      const file = fileOf(workspace)
      const sizeBytes = await write(`${file}${unfinished}`, archive, directory)
      if (sizeBytes === 0) await rm(file, { force: true })
      else await rename(`${file}${unfinished}`, file)
      await syncDirectory(directory)
    },
    async erase(workspace) {
      await rm(fileOf(workspace), { force: true })
      await syncDirectory(directory)
    },
  }
}

/** @returns how long it is; nothing is left of one that is empty or failed */
async function write(file: string, archive: AsyncIterable<Uint8Array>, directory: string): Promise<number> {
  let sizeBytes = 0
  try {
    const { bavail, bsize } = await statfs(directory)
    const roomBytes = bavail * bsize - keptFreeBytes
    const target = await open(file, "w", 0o600)
    try {
      for await (const piece of inLargePieces(archive)) {
        sizeBytes += piece.length
        if (sizeBytes > roomBytes) throw new ArchiveProblem("size", "the runner's disk is full")
        await target.appendFile(piece)
      }
      await target.sync()
    } finally {
      await target.close()
    }
    if (sizeBytes === 0) await rm(file, { force: true })
    return sizeBytes
  } catch (error) {
    await rm(file, { force: true })
    if (systemCode(error) === "ENOSPC") throw new ArchiveProblem("size", "the runner's disk is full")
    throw error
  }
}

/** Many files are many headers: one write for each would take longer than all else. */
async function* inLargePieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    sizeBytes += piece.length
    if (sizeBytes < 16 * pieceBytes) continue
    yield Buffer.concat(waiting)
    waiting = []
    sizeBytes = 0
  }
  if (sizeBytes > 0) yield Buffer.concat(waiting)
}

async function exists(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile()
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false
    throw error
  }
}

/** A rename is on disk when its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function readOwner(file: string): string {
  try {
    const text = readFileSync(file, "utf8").trim()
    if (/^[0-9a-f]{16}$/.test(text)) return text
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error
  }
  const owner = randomBytes(8).toString("hex")
  writeFileSync(file, `${owner}\n`, { mode: 0o600, flush: true })
  return owner
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined
}
