/** Is it well, what is missing, what may be asked. */
import { contracts } from "../../core/api/contracts.ts"
import { toOpenApi } from "../../core/api/openapi.ts"
import { getHealth, getOpenApi, type PartHealth } from "../../core/api/operations.ts"
import type { EdgeDeps } from "../deps.ts"
import { type Binder, bindOpen } from "../http/bind.ts"

export function bindOperations(binder: Binder, deps: EdgeDeps): void {
  bindOpen(binder, getHealth, async ({ findCaller }) => {
    // Who asks while the database is away is nobody we know, and gets an answer all the same.
    const caller = await findCaller().catch(() => undefined)
    const parts = { database: await databaseHealth(deps), models: modelsHealth(deps) }
    const isWell = Object.values(parts).every(({ status }) => status === "ok")
    return {
      status: isWell ? ("ok" as const) : ("degraded" as const),
      uptimeSeconds: Math.max(0, Math.floor((deps.now() - deps.startedAt) / 1_000)),
      // Strangers need not know which weaknesses to look up.
      version: caller === undefined ? undefined : deps.version,
      parts,
    }
  })

  let openApi: ReturnType<typeof toOpenApi> | undefined
  bindOpen(binder, getOpenApi, async () => (openApi ??= toOpenApi(contracts, deps.config.PUBLIC_URL ?? "/")))
}

async function databaseHealth(deps: EdgeDeps): Promise<PartHealth> {
  try {
    await deps.libsql.read([{ sql: "select 1", args: [] }])
    return { status: "ok", hint: null }
  } catch {
    const hint = "The database does not answer. Messages are still accepted and are recorded when it is back."
    return { status: "degraded", hint }
  }
}

function modelsHealth(deps: EdgeDeps): PartHealth {
  const hint = deps.modelProblem()
  return { status: hint === null ? "ok" : "not_configured", hint }
}
