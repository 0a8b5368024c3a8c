/** Taking times: one after the other, or many at once; and how much memory a process holds. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"

export type Work = () => Promise<void>

/** Milliseconds of each run. */
export async function timeEach(work: Work, runs: number): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return times
}

/** How many runs end in a second when each worker begins its next one at once. */
export async function ratePerSecond(workers: readonly Work[], durationMs: number): Promise<number> {
  const started = performance.now()
  let ended = 0
  const runUntilTime = async (work: Work) => {
    while (performance.now() - started < durationMs) {
      await work()
      ended += 1
    }
  }
  await Promise.all(workers.map(runUntilTime))
  return (ended / (performance.now() - started)) * 1_000
}

/** Runs `total` pieces of work, `together` of them at a time. */
export async function runAll(total: number, together: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < total) await work(next++)
  }
  await Promise.all(Array.from({ length: together }, worker))
}

/** The value that the share `q` of all values does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

export const median = (values: readonly number[]) => quantile(values, 0.5)

/** Resident memory of a process. */
export async function rssBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)])
  return Number(stdout) * 1_024
}

export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
