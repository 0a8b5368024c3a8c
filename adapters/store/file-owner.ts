/** Between who has an SQLite file open and who overwrites what it leaves of deleted rows. The latter is Node's alone. */

/** Who has a file open, to one who changes its bytes without SQLite. */
export interface FileOwner {
  /** From now on the log is written back by `writeBack` alone; with false by itself again. */
  holdLog(isHeld: boolean): Promise<void>
  /**
   * Writes the log back into the file, empties it and forgets every page that is in memory. From `before`, while the log is still
   * there, until the end of `after`, when the file is whole without it, nobody else reads or writes.
   */
  writeBack(before: () => void, after: () => void): Promise<void>
}

/** `holdLog` as SQLite takes it; such a PRAGMA acts when it is prepared. By itself it writes back 1,000 pages, its default. */
export const holdLogSql = (isHeld: boolean) => `pragma wal_autocheckpoint = ${isHeld ? 0 : 1_000}`

export interface Scrubber {
  /** Overwrites what is left in the file of everything deleted before. May be repeated, and must be after a failure. */
  scrub(): Promise<void>
  /** Ends what runs, calls `closeFile` and lets go of the file after it. */
  close(closeFile: () => Promise<void>): Promise<void>
}

export type OpenScrubber = (path: string, owner: FileOwner) => Scrubber
