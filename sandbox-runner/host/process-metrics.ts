/** What only this host knows of itself: its memory, its objects, its commits. */
import type { Registry } from "../../core/metrics/registry.ts"
import type { ObjectHostStats } from "./objects/objects.ts"

export function collectProcess(registry: Registry, stats: () => ObjectHostStats): void {
  const gauge = (name: string, help: string, read: () => number) => registry.collect("gauge", { name, help }, read)
  const counter = (name: string, help: string, read: () => number) => registry.collect("counter", { name, help }, read)
  gauge("process_resident_memory_bytes", "Resident memory of this process.", () => process.memoryUsage.rss())
  gauge(
    "process_start_time_seconds",
    "Start of this process in seconds since 1970.",
    () => performance.timeOrigin / 1_000,
  )
  counter("process_cpu_seconds_total", "CPU time of this process.", () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000_000
  })
  gauge("loop_objects_in_memory", "Objects in memory now.", () => stats().objects)
  counter("loop_commits_total", "Commits of the object store.", () => stats().commits)
  counter("loop_commit_seconds_total", "Time spent in commits of the object store.", () => stats().commitMs / 1_000)
  counter(
    "loop_commits_lost_total",
    "Commits of the object store that failed; what they held was undone.",
    () => stats().lostBatches,
  )
}
