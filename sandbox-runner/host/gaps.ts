/**
 * Overwrites what SQLite leaves of deleted rows in a file that is open and in use. `secure_delete` overwrites the cells and pages that
 * are given up, but a page that is rebalanced keeps old copies of cells in its gap, between its cell pointers and its cells
 * (`rebuildPage` in SQLite's btree.c). What stands in a gap means nothing in any state of the page (sqlite.org/fileformat2.html, 1.6),
 * so it is overwritten in place: without room for a copy, without holding whoever uses the file for longer than some pages take,
 * and so that the process may be killed at any moment. VACUUM would hold the process for as long as the whole file takes.
 */
import { closeSync, fdatasync, fstatSync, openSync, read, readSync, statSync, writeSync } from "node:fs"
import { setImmediate as nextTurn } from "node:timers/promises"
import { promisify } from "node:util"
import type { FileOwner, Scrubber } from "../../adapters/store/file-owner.ts"

/** Read at once, outside the event loop; and overwritten at once within it. 1 MB with SQLite's usual pages. */
const pagesAtOnce = 256
/** The log is written back when it has grown to this, as SQLite does by itself where nobody holds it. */
const mostLogBytes = 4_000_000
/** So much is overwritten before the disk must have it, so that the system never holds up a write for what is unwritten. */
const mostUnsyncedPages = 1_024
/** From here on the first byte of a page that holds no cells could be that of one that does (137 GB). */
const mostPages = 2 ** 25

const readLater = promisify(read)
const syncLater = promisify(fdatasync)

/**
 * Asked while it is at work, it begins once more after that, once for all who asked: it may have passed by what they deleted.
 * @param path - of the file. Besides the owner nobody writes to it.
 */
export function openScrubber(path: string, owner: FileOwner): Scrubber {
  // Kept open: closing a file drops all locks of the process on it (POSIX), so those of SQLite too.
  let file: number | undefined
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  let isClosed = false

  /**
   * First the whole file, while others write: what they change is in the log, and is gone over again. In the end that is little, and
   * is done while nobody writes.
   */
  async function overwriteGaps(): Promise<void> {
    let changed = new Set<number>()
    const writeBack = async (after: (pages: PageFile) => void = () => {}) => {
      // Outside the event loop; what is written back waits for the disk within it.
      if (file !== undefined) await syncLater(file)
      await owner.writeBack(
        () => addPagesOfLog(`${path}-wal`, changed),
        () => {
          if (file !== undefined) after(measure(file))
        },
      )
    }
    await writeBack()
    file ??= openSync(path, "r+")
    changed = new Set()
    const whole = measure(file)
    let unsynced = 0
    for (let first = 1; first <= whole.count; first += pagesAtOnce) {
      if (isClosed) throw new Error("the file is being closed")
      unsynced += overwrite(whole, await findUnclean(whole, first))
      if (unsynced >= mostUnsyncedPages) {
        await syncLater(file)
        unsynced = 0
      }
      if (sizeOf(`${path}-wal`) > mostLogBytes) await writeBack()
    }
    const finish = async (): Promise<boolean> => {
      let isDone = false
      await writeBack((pages) => {
        isDone = changed.size <= pagesAtOnce
        if (isDone) overwrite(pages, changed)
      })
      return isDone
    }
    while (!(await finish())) {
      const again = [...changed]
      changed = new Set()
      const pages = measure(file)
      for (let from = 0; from < again.length; from += pagesAtOnce) {
        overwrite(pages, again.slice(from, from + pagesAtOnce))
        await nextTurn()
      }
    }
    await syncLater(file)
  }

  async function run(): Promise<void> {
    if (isClosed) throw new Error("the file is being closed")
    await owner.holdLog(true)
    try {
      await overwriteGaps()
    } finally {
      await owner.holdLog(false)
    }
  }

  const begin = () =>
    (running ??= run().finally(() => {
      running = undefined
    }))

  return {
    scrub() {
      if (running === undefined) return begin()
      next ??= running
        .catch(() => {})
        .then(() => {
          next = undefined
          return begin()
        })
      return next
    },
    async close(closeFile) {
      isClosed = true
      await running?.catch(() => {})
      await closeFile()
      if (file !== undefined) closeSync(file)
    },
  }
}

interface PageFile {
  readonly file: number
  readonly pageBytes: number
  readonly count: number
}

function measure(file: number): PageFile {
  const header = Buffer.alloc(100)
  readSync(file, header, 0, header.length, 0)
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
  const count = fstatSync(file).size / pageBytes
  const hasPointerMap = header.readUInt32BE(52) !== 0
  if (hasPointerMap || count >= mostPages || !Number.isInteger(count)) throw new Error("a file of another form")
  return { file, pageBytes, count }
}

/** Those pages from `first` on whose gap is not zeros. */
async function findUnclean({ file, pageBytes, count }: PageFile, first: number): Promise<number[]> {
  const pages = Math.min(pagesAtOnce, count - first + 1)
  const bytes = Buffer.allocUnsafe(pages * pageBytes)
  const { bytesRead } = await readLater(file, bytes, 0, bytes.length, (first - 1) * pageBytes)
  if (bytesRead < bytes.length) throw new Error("the file ends before its end")
  return Array.from({ length: pages }, (_, index) => first + index).filter((page, index) =>
    uncleanGap(bytes.subarray(index * pageBytes, (index + 1) * pageBytes), page),
  )
}

/** @returns how many of the pages had to be overwritten */
function overwrite({ file, pageBytes }: PageFile, pages: Iterable<number>): number {
  const bytes = Buffer.alloc(pageBytes)
  const zeros = Buffer.alloc(pageBytes)
  let overwritten = 0
  for (const page of pages) {
    const at = (page - 1) * pageBytes
    if (readSync(file, bytes, 0, pageBytes, at) < pageBytes) continue
    const gap = uncleanGap(bytes, page)
    if (gap === undefined) continue
    writeSync(file, zeros, 0, gap.end - gap.start, at + gap.start)
    overwritten += 1
  }
  return overwritten
}

/** What first bytes tell pages of cells from all others, and how long the header of such a page is. */
const headerBytes: ReadonlyMap<number | undefined, number> = new Map([
  [2, 12],
  [5, 12],
  [10, 8],
  [13, 8],
])

/** The gap of a page, where there is one and something stands in it. Of a page that contradicts itself nothing is touched. */
function uncleanGap(page: Buffer, number: number): { start: number; end: number } | undefined {
  const header = number === 1 ? 100 : 0
  const ownBytes = headerBytes.get(page[header])
  if (ownBytes === undefined) return undefined
  const pointers = header + ownBytes
  const start = pointers + 2 * page.readUInt16BE(header + 3)
  const end = page.readUInt16BE(header + 5) || 65_536
  if (start >= end || end > page.length) return undefined
  if (page.compare(zeroPage, 0, end - start, start, end) === 0) return undefined
  const firstFree = page.readUInt16BE(header + 1)
  if (firstFree !== 0 && firstFree < end) return undefined
  for (let at = pointers; at < start; at += 2) if (page.readUInt16BE(at) < end) return undefined
  return { start, end }
}

const zeroPage = Buffer.alloc(65_536)

/** Adds the numbers of all pages that the log holds (sqlite.org/fileformat2.html, 4.1: a header, then frames of a header and a page). */
function addPagesOfLog(path: string, pages: Set<number>): void {
  const sizeBytes = sizeOf(path)
  if (sizeBytes === 0) return
  const log = openSync(path, "r")
  try {
    const header = Buffer.alloc(32)
    readSync(log, header, 0, header.length, 0)
    const frameBytes = 24 + header.readUInt32BE(8)
    const page = Buffer.alloc(4)
    for (let at = header.length; at + frameBytes <= sizeBytes; at += frameBytes) {
      readSync(log, page, 0, page.length, at)
      pages.add(page.readUInt32BE(0))
    }
  } finally {
    closeSync(log)
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
