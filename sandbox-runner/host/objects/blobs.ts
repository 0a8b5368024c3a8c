/** Objects' blobs as files. A blob is whole or absent: it is written beside its place, synced and moved there. */
import { createHash, randomUUID } from "node:crypto"
import { mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { LoopError } from "../../../core/errors.ts"
import type { BlobStore } from "../../../durable-objects/host.ts"

/**
 * The blobs of one object. Ids and keys come from outside and may hold anything, so the names of files are their digests.
 * @throws LoopError `storage_failed` from every method when the disk refuses
 */
export function fileBlobs(directory: string, kind: string, id: string): BlobStore & { deleteAll(): Promise<void> } {
  const home = join(directory, kind, digestOf(id))
  const pathOf = (key: string) => join(home, digestOf(key))
  return {
    put: (key, bytes) => orStorageFailed(() => writeWhole(pathOf(key), bytes)),
    get: (key) => orStorageFailed(() => readOrAbsent(pathOf(key))),
    delete: (key) => orStorageFailed(() => rm(pathOf(key), { force: true })),
    deleteAll: () => orStorageFailed(() => rm(home, { force: true, recursive: true })),
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const home = dirname(path)
  await mkdir(home, { recursive: true })
  const draft = `${path}.${randomUUID()}.draft`
  try {
    const file = await open(draft, "wx", 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncDirectory(home)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** A rename is durable once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r")
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

async function readOrAbsent(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

async function orStorageFailed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new LoopError("storage_failed", {}, { cause: error })
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
