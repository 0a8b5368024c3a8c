/** The directory that holds everything of a one-machine gateway, for one process at a time. */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { randomBytes } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { parseEncryptionKey } from "../../adapters/vault.ts"
import { StartProblem, systemCode } from "./start-problem.ts"

export interface DataDirectory {
  readonly path: string
  file(name: string): string
  /** Lets another process have the directory. */
  release(): void
}

/**
 * Makes the directory if it is not there and takes its lock. The lock is SQLite's on a file of its own: the system drops
 * it with the process, however that ends.
 * @throws StartProblem when it cannot be written or another process has it
 */
export function openDataDirectory(relative: string): DataDirectory {
  const path = resolve(relative)
  try {
    makeDirectory(path)
    accessSync(path, constants.W_OK)
    const lock = new DatabaseSync(join(path, "lock.db"), { timeout: 0 })
    lock.exec("pragma locking_mode = exclusive; begin exclusive")
    return { path, file: (name) => join(path, name), release: () => lock.close() }
  } catch (error) {
    if (isLocked(error))
      throw new StartProblem(
        `Another process already runs on DATA_DIR ${path}. Stop it first, or choose another DATA_DIR.`,
      )
    const reason = systemCode(error) ?? (error instanceof Error ? error.message : "unknown")
    throw new StartProblem(
      `DATA_DIR ${path} cannot be written (${reason}). Check its owner and its disk, or choose another DATA_DIR.`,
      { cause: error },
    )
  }
}

/** Level by level: Node's recursive `mkdir` never returns where new entries are refused with ENOENT, as in /proc (26.10). */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  if (dirname(path) !== path) makeDirectory(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5
}

/** What a start makes when the key is there already. */
const sealedFiles = ["objects.db", "gateway.db"]

/**
 * The key that seals secrets: from the environment, else from `encryption.key`, which the first start makes.
 * @throws StartProblem when it is not 32 bytes, or missing where there is something that it seals
 */
export function readEncryptionKey(directory: DataDirectory, fromEnvironment: string | undefined): Uint8Array {
  const file = directory.file("encryption.key")
  const isMissing = fromEnvironment === undefined && !existsSync(file)
  if (isMissing && sealedFiles.some((name) => existsSync(directory.file(name)))) {
    throw new StartProblem(
      `${file} is missing, and what is stored beside it was sealed with a key. Bring the file back, or set ENCRYPTION_KEY.`,
    )
  }
  const text = fromEnvironment ?? readOrMakeKey(file)
  const key = parseEncryptionKey(text)
  if (key !== undefined) return key
  const source = fromEnvironment === undefined ? file : "ENCRYPTION_KEY"
  throw new StartProblem(`${source} does not hold an encryption key: 32 bytes in base64 or hexadecimal.`)
}

function readOrMakeKey(file: string): string {
  if (existsSync(file)) return readFileSync(file, "utf8")
  const text = `${randomBytes(32).toString("base64")}\n`
  writeFileSync(file, text, { mode: 0o600, flag: "wx", flush: true })
  chmodSync(file, 0o600)
  return text
}
