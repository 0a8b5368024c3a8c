/** The counters of this process or isolate for Prometheus, and what the database knows of answers that did not go out. */
import { getMetrics } from "../../core/api/operations.ts"
import type { Registry } from "../../core/metrics/registry.ts"
import { countUnsent } from "../../adapters/store/deliveries.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"

export function bindMetrics(binder: Binder, deps: EdgeDeps): void {
  const { registry } = deps.metrics
  let unsent: { pending: number; failed: number } | undefined
  collectEdge(registry, deps, () => unsent)
  bind(binder, getMetrics, async () => {
    // The other numbers matter most when the database is away.
    unsent = await countUnsent(deps.libsql).catch(() => undefined)
    return registry.render()
  })
}

function collectEdge(
  registry: Registry,
  deps: EdgeDeps,
  unsent: () => { pending: number; failed: number } | undefined,
): void {
  registry.collect(
    "gauge",
    {
      name: "loop_outbox_parts",
      help: "Parts of answers that are recorded as pending or failed, in the database: of the whole gateway.",
      labels: ["status"],
    },
    () => Object.entries(unsent() ?? {}).map(([status, count]) => [[status], count]),
  )
  registry.collect(
    "gauge",
    { name: "loop_uptime_seconds", help: "Time since the start of this process or isolate." },
    () => Math.max(0, deps.now() - deps.startedAt) / 1_000,
  )
  registry.collect(
    "gauge",
    { name: "loop_build_info", help: "Always 1; the version stands in the label.", labels: ["version"] },
    () => [[[deps.version], 1]],
  )
}
