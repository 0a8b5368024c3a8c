/** The audit trail as administrators read it. */
import { listAuditEvents, verifyAudit } from "../../core/api/audit.ts"
import { LoopError } from "../../core/errors.ts"
import { toRfc3339 } from "../../core/units.ts"
import { listAuditRows } from "../../adapters/store/audit.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"

export function bindAudit(binder: Binder, deps: EdgeDeps): void {
  bind(binder, listAuditEvents, async ({ query }) => {
    const { limit, after, action, actor, target, from, until } = query
    if (after !== undefined && !/^\d{1,15}$/.test(after)) throw new LoopError("invalid_cursor")
    const before = after === undefined ? undefined : Number(after)
    const filters = { limit, before, action, actorId: actor, targetId: target, from, until }
    const page = await listAuditRows(deps.libsql, filters)
    return {
      data: page.rows.map((row) => ({ ...row, at: toRfc3339(row.at) })),
      nextCursor: page.hasMore ? String(page.rows.at(-1)?.seq ?? "") : null,
    }
  })

  bind(binder, verifyAudit, () => binder.audit.verify())
}
