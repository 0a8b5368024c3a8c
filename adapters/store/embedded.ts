/** The database as a file in the gateway's own process (Node only). Every statement blocks the event loop while it runs. */
import * as z from "zod"
import { type FileOwner, holdLogSql, type OpenScrubber } from "./file-owner.ts"
import { openFile, type FileClient as Client } from "./file.ts"
import { type Libsql, libsqlOver } from "./libsql.ts"

export type OpenedDatabase =
  | { readonly status: "open"; readonly libsql: Libsql; close(): Promise<void> }
  /** `message` is one line for the operator. */
  | { readonly status: "damaged" | "unreadable"; readonly message: string }

/** Where nobody gives another: empties the log, which holds old states of pages. */
const logScrubber: OpenScrubber = (_, owner) => ({
  scrub: () =>
    owner.writeBack(
      () => {},
      () => {},
    ),
  close: (closeFile) => closeFile(),
})

/** How long a write waits for another process that holds the file, such as a backup or a second start. */
const busyTimeoutMs = 5_000

/**
 * A file up to this size is checked whole at the start (measured: 55 ms for 100 MB in memory, a second or more from an SD
 * card). Of a larger one only the small tables are, without which nothing works.
 */
const wholeCheckBytes = 16_000_000
const smallTables = ["instance", "users", "sessions", "tokens", "agent_groups", "channels"]

/**
 * Opens or makes the file. It is written ahead in a log (WAL) and synced at each commit, so what a write reported as done
 * outlives a power cut. One connection: a second one would only wait for the first.
 * @param path - absolute
 * @param openScrubber - what `scrub` of the database does
 */
export async function openEmbedded(path: string, openScrubber: OpenScrubber = logScrubber): Promise<OpenedDatabase> {
  let client: Client
  try {
    client = openFile(path, busyTimeoutMs)
  } catch (error) {
    return refuse(path, error)
  }
  try {
    await client.execute("pragma journal_mode = wal")
    await client.execute("pragma synchronous = full")
    // What is deleted is overwritten: else its bytes would stay in free pages until chance reuses them.
    await client.execute("pragma secure_delete = on")
    const problem = await findDamage(client)
    if (problem === undefined) {
      const { batch, owner } = shareFile(client)
      const scrubber = openScrubber(path, owner)
      return {
        status: "open",
        libsql: libsqlOver({ batch }, () => scrubber.scrub()),
        close: () => scrubber.close(() => closeWhole(client)),
      }
    }
    client.close()
    return damaged(path, problem)
  } catch (error) {
    client.close()
    return refuse(path, error)
  }
}

/** Batches wait while the owner lets someone else be alone with the file. */
function shareFile(client: Client): { batch: Client["batch"]; owner: FileOwner } {
  let isFree: Promise<void> | undefined
  const batch: Client["batch"] = async (statements, mode) => {
    if (isFree === undefined) return client.batch(statements, mode)
    await isFree
    return batch(statements, mode)
  }
  return {
    batch,
    owner: {
      async holdLog(isHeld) {
        await client.execute(holdLogSql(isHeld))
      },
      async writeBack(before, after) {
        let free = () => {}
        isFree = new Promise((resolve) => (free = resolve))
        try {
          before()
          // Whoever reads the file now may do so for long, and waiting here would hold up everyone.
          await client.execute("pragma busy_timeout = 0")
          await emptyLog(client)
          after()
          await client.execute("pragma shrink_memory")
        } finally {
          const restored = client.execute(`pragma busy_timeout = ${busyTimeoutMs}`)
          isFree = undefined
          free()
          await restored
        }
      },
    },
  }
}

const Checkpointed = z.object({ busy: z.number() })

/** The log holds old states of pages until it is written back. */
async function emptyLog(client: Client): Promise<void> {
  const answer = await client.execute("pragma wal_checkpoint(truncate)")
  if (Checkpointed.parse(answer.rows[0]).busy !== 0) throw new Error("another process reads the database")
}

/** Leaves one file without a log beside it, where the disk allows; the log alone loses nothing either. */
async function closeWhole(client: Client): Promise<void> {
  await client.execute("pragma wal_checkpoint(truncate)").catch(() => {})
  client.close()
}

const Size = z.object({ bytes: z.number() })
const Checked = z.object({ quick_check: z.string() })

/** SQLite's first complaint about the file, or nothing. */
async function findDamage(client: Client): Promise<string | undefined> {
  const measured = await client.execute(
    "select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()",
  )
  const { bytes } = Size.parse(measured.rows[0])
  const present = await client.execute("select name from sqlite_schema where type = 'table'")
  const tables = smallTables.filter((table) => present.rows.some((row) => row.name === table))
  const checks = bytes <= wholeCheckBytes ? ["1"] : tables
  for (const check of checks) {
    const answer = await client.execute(`pragma quick_check(${check})`)
    const { quick_check: complaint } = Checked.parse(answer.rows[0])
    if (complaint !== "ok") return complaint.replaceAll("\n", " ")
  }
  return undefined
}

const Complaint = z.object({ code: z.string(), message: z.string() })

function refuse(path: string, error: unknown): OpenedDatabase {
  const { code = "", message = "" } = Complaint.safeParse(error).data ?? {}
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) return damaged(path, message)
  const reason = code.startsWith("SQLITE_") ? message : "it cannot be opened"
  return {
    status: "unreadable",
    message: `The database ${path} is not usable: ${reason}. Check its owner and its disk.`,
  }
}

function damaged(path: string, complaint: string): OpenedDatabase {
  return {
    status: "damaged",
    message: `The database ${path} is damaged (${complaint}). Put it aside and restore it from a backup.`,
  }
}
