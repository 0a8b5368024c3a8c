/** A disk that takes its time, such as an SD card: each commit waits, and like a real fsync it blocks the thread meanwhile. */

/** What stands around a commit: `delayMs` of sleep before it, and nothing at 0. */
export function slowCommit(delayMs: number): (commit: () => void) => void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  return (commit) => {
    if (delayMs > 0) Atomics.wait(never, 0, 0, delayMs)
    commit()
  }
}
