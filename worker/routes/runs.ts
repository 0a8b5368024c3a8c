/** Turns of all conversations, read from libSQL. */
import { listRuns } from "../../core/api/runs.ts"
import { LoopError } from "../../core/errors.ts"
import type { TurnRow } from "../../core/projection.ts"
import { toRfc3339, TurnId } from "../../core/units.ts"
import * as store from "../../adapters/store/runs.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"

export function bindRuns(binder: Binder, deps: EdgeDeps): void {
  bind(binder, listRuns, async ({ query }) => {
    const after = query.after === undefined ? undefined : TurnId.safeParse(query.after)
    if (after?.success === false) throw new LoopError("invalid_cursor")
    const page = await store.listRuns(deps.libsql, { ...query, after: after?.data })
    return { data: page.rows.map(toView), nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null }
  })
}

function toView(row: TurnRow) {
  const { errorCode, errorMessage, startedAt, endedAt, version: _, ...shown } = row
  return {
    ...shown,
    error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? "" },
    startedAt: toRfc3339(startedAt),
    endedAt: endedAt === null ? null : toRfc3339(endedAt),
    durationMs: endedAt === null ? null : Math.max(0, endedAt - startedAt),
  }
}
