/** A disk of its own that a test can fill: a tmpfs. Mounting needs root. */
import { execFileSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface SmallDisk {
  readonly path: string
  /** Takes all room that is left. Safe to call again, for room that came back meanwhile. */
  fill(): void
  /** Gives back what `fill` took. */
  free(): void
  /** Nothing may be open there any more. */
  close(): void
}

/** False where this process may not mount. */
export function canMount(): boolean {
  try {
    mountSmallDisk(1).close()
    return true
  } catch {
    return false
  }
}

export function mountSmallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), "loop-small-disk-"))
  const filler = join(path, "filler")
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "loop-small-disk", path], { stdio: "pipe" })
  } catch (error) {
    rmSync(path, { recursive: true })
    throw error
  }
  return {
    path,
    fill() {
      const file = openSync(filler, "a")
      // In smaller and smaller pieces, so that not even a page of a database is left.
      for (let sizeBytes = 1 << 20; sizeBytes >= 512; sizeBytes >>= 1) {
        while (hasWritten(file, sizeBytes));
      }
      closeSync(file)
    },
    free: () => rmSync(filler, { force: true }),
    close() {
      execFileSync("umount", [path], { stdio: "pipe" })
      rmSync(path, { recursive: true, force: true })
    },
  }
}

function hasWritten(file: number, sizeBytes: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(sizeBytes)) === sizeBytes
  } catch {
    return false
  }
}
