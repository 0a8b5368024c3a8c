/** Edge mode on a small machine: what 1,000 turns need of a control group with 512 MB, without browser and channels. Linux, as root. */
import { existsSync } from "node:fs"
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises"
import { connectGateway } from "./client.ts"
import { runAll } from "./measure.ts"
import { createRealGateway, setupCode } from "./programs.ts"
import { megabytes } from "./speed.ts"
import type { Row } from "./table.ts"

const limitBytes = 512 * 1024 ** 2
const aimBytes = 150 * 1024 ** 2
const turns = 1_000
const sessions = 8

interface ControlGroup {
  /** Who writes its process id there is in it. */
  readonly processes: string
  /** The most that it ever held, pages of files that it read included. */
  peakBytes(): Promise<number>
  remove(): Promise<void>
}

/** Peaks of resident memory and of the control group. Where none can be made the row says so. */
export async function measureEdgeMode(modelUrl: string): Promise<Row[]> {
  const group = await openControlGroup()
  const measure = `memory at most in edge mode, ${turns.toLocaleString("en")} turns in a cgroup of 512 MB (RSS; with files read)`
  const row = { measure, floor: "", ratio: "", aim: `< ${megabytes(aimBytes)} RSS` }
  if (group === undefined) return [{ ...row, gateway: "not measured: no cgroup can be made here", met: null }]
  const gateway = await createRealGateway(modelUrl, { EDGE_MODE: "true", EDGE_HAIKU_ONLY: "false" }, group.processes)
  try {
    await gateway.start()
    const client = await connectGateway(gateway.url, setupCode)
    const loops = await Promise.all(Array.from({ length: sessions }, () => client.createLoop()))
    await runAll(turns, sessions, async (index) => client.turn(loops[index % sessions] ?? ""))
    const peak = await peakRssBytes(gateway.pid())
    await client.close()
    return [{ ...row, gateway: `${megabytes(peak)}; ${megabytes(await group.peakBytes())}`, met: peak < aimBytes }]
  } finally {
    await gateway.dispose()
    await group.remove()
  }
}

/** proc(5), "VmHWM": the peak of the resident set. */
async function peakRssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8")
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

/** Of version 2 where the machine has it, else of version 1; undefined where this process may make none (cgroups(7)). */
async function openControlGroup(): Promise<ControlGroup | undefined> {
  const root = "/sys/fs/cgroup"
  const name = `loop-gateway-bench-${process.pid}`
  const { path, limit, peak } = existsSync(`${root}/cgroup.controllers`)
    ? { path: `${root}/${name}`, limit: "memory.max", peak: "memory.peak" }
    : { path: `${root}/memory/${name}`, limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes" }
  try {
    await mkdir(path)
    await writeFile(`${path}/${limit}`, String(limitBytes))
  } catch {
    return undefined
  }
  return {
    processes: `${path}/cgroup.procs`,
    peakBytes: async () => Number(await readFile(`${path}/${peak}`, "utf8")),
    remove: () => rmdir(path),
  }
}
