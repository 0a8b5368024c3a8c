/** What stands on disk after a gateway was used, as one text a file: byte for byte, or as what a database would still give. */
import { copyFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { existsSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

const bytesOf = async (file: string) => (await readFile(file)).toString("latin1")

/** Every byte of every file. */
export async function bytesIn(directory: string): Promise<string[]> {
  return Promise.all((await filesIn(directory)).map(bytesOf))
}

/**
 * All rows of every table of each SQLite file, and every byte of other files. What a server keeps of its own in logs is not looked
 * into: when it forgets them is its own business.
 * @param isDatabase - by the file's path
 */
export async function rowsIn(
  directory: string,
  isDatabase: (file: string) => boolean,
  isLeftOut: (file: string) => boolean = () => false,
): Promise<string[]> {
  const files = (await filesIn(directory)).filter((file) => !isLeftOut(file) && !/-(wal|shm)$/.test(file))
  return Promise.all(files.map((file) => (isDatabase(file) ? rowsOf(file) : bytesOf(file))))
}

/** Reads a copy: the one on disk is in use. */
async function rowsOf(file: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rows-"))
  const copy = join(folder, "copy")
  await copyFile(file, copy)
  if (existsSync(`${file}-wal`)) await copyFile(`${file}-wal`, `${copy}-wal`)
  const database = new DatabaseSync(copy)
  try {
    const tables = database.prepare("select name from sqlite_schema where type = 'table' and rootpage > 0").all()
    const rows = tables.flatMap(({ name }) => {
      // By which the emulator knows its objects.
      if (name === "__miniflare_do_name") return []
      const all = database.prepare(`select * from "${String(name)}"`)
      all.setReadBigInts(true)
      return all.all()
    })
    return rows.map(textOf).join("\n")
  } finally {
    database.close()
    await rm(folder, { recursive: true })
  }
}

function textOf(row: Record<string, unknown>): string {
  return Object.values(row)
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value)))
    .join("\n")
}
