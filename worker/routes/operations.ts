/** Is it well, what is missing, what may be asked. */
import { contracts } from "../../core/api/contracts.ts"
import { toOpenApi } from "../../core/api/openapi.ts"
import { getHealth, getOpenApi, type Health, type PartHealth } from "../../core/api/operations.ts"
import type { EdgeDeps } from "../deps.ts"
import { createHealth } from "../health.ts"
import { type Binder, bindOpen } from "../http/bind.ts"

export function bindOperations(binder: Binder, deps: EdgeDeps): void {
  const readHealth = createHealth(deps)
  bindOpen(binder, getHealth, async ({ findCaller, context }) => {
    // Who asks while the database is away is nobody we know, and gets an answer all the same.
    const caller = await findCaller().catch(() => undefined)
    const parts = await readHealth()
    const { runners, ...needed } = parts
    const states = Object.values(needed).map(({ status }) => status)
    if (runners?.status === "degraded") states.push("degraded")
    const isFailing = states.includes("failing")
    context.set("isBad", isFailing)
    const status = isFailing ? ("failing" as const) : ("degraded" as const)
    const overall = states.every((state) => state === "ok") ? ("ok" as const) : status
    if (caller === undefined) return { status: overall, parts: strangersParts(parts) }
    const uptimeSeconds = Math.max(0, Math.floor((deps.now() - deps.startedAt) / 1_000))
    return { status: overall, uptimeSeconds, version: deps.version, parts }
  })

  let openApi: ReturnType<typeof toOpenApi> | undefined
  bindOpen(binder, getOpenApi, async () => (openApi ??= toOpenApi(contracts, deps.config.PUBLIC_URL ?? "/")))
}

/** What strangers see: whether each part is well, and nothing to look weaknesses up by. */
function strangersParts({
  database,
  objects,
  disk,
  models,
  channels,
  runners,
  file,
}: Health["parts"]): Health["parts"] {
  return {
    database: plain(database),
    models: plain(models),
    ...(objects === undefined ? {} : { objects: plain(objects) }),
    ...(disk === undefined ? {} : { disk: plain(disk) }),
    ...(channels === undefined ? {} : { channels: plain(channels) }),
    ...(runners === undefined ? {} : { runners: plain(runners) }),
    ...(file === undefined ? {} : { file: plain(file) }),
  }
}

function plain({ status, hint }: PartHealth): PartHealth {
  return { status, hint }
}
