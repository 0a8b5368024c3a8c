/** The audit trail as an object writes to it: for what no request of the edge does. */
import { type AuditTrail, createAuditTrail } from "../adapters/audit-trail.ts"
import type { ObjectHost } from "./host.ts"
import type { GatewayParts } from "./parts.ts"

export function openTrail(host: ObjectHost, { vault, log }: Pick<GatewayParts, "vault" | "log">): AuditTrail {
  return createAuditTrail({
    libsql: host.libsql,
    key: vault.keyFor("audit"),
    background: (written) => host.keepAlive(written),
    log,
  })
}
