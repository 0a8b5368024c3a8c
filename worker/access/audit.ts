/** Notes who did what for the audit trail: the request gives the caller, the address and its id. Nobody waits for it. */
import { createAuditTrail } from "../../adapters/audit-trail.ts"
import type { AuditAction, AuditDetails, AuditEvent, Verdict } from "../../core/access/audit.ts"
import type { UserId } from "../../core/units.ts"
import type { EdgeDeps } from "../deps.ts"
import type { AppContext } from "../http/app-env.ts"

export interface AuditNote {
  readonly action: AuditAction
  /** Who did it, where the request itself does not know yet, as at a login. */
  readonly actor?: { readonly id: UserId; readonly username: string }
  readonly target?: readonly [kind: NonNullable<AuditEvent["targetKind"]>, id: string]
  readonly details?: AuditDetails
}

export interface Auditor {
  record(context: AppContext, note: AuditNote): void
  /** Of what no request asked for. @param by - what did it, such as a file's name */
  recordOwn(by: string, note: AuditNote): void
  /** @throws LoopError `database_unavailable` */
  verify(): Promise<Verdict>
}

export function createAuditor(deps: Pick<EdgeDeps, "libsql" | "vault" | "now" | "background" | "log">): Auditor {
  const trail = createAuditTrail({
    libsql: deps.libsql,
    key: deps.vault.keyFor("audit"),
    background: (work) => deps.background(work),
    log: (entry) => deps.log(entry),
  })
  return {
    record(context, { action, actor, target, details = {} }) {
      const identity = context.get("identity")
      const caller = identity.status === "known" ? identity.caller : undefined
      const who = actor ?? caller?.user
      trail.record({
        at: deps.now(),
        action,
        actorId: who?.id ?? null,
        actorName: who?.username ?? "",
        credential: caller?.credential.kind ?? "none",
        targetKind: target?.[0] ?? null,
        targetId: target?.[1] ?? null,
        requestId: context.get("requestId"),
        address: context.get("address"),
        details: caller?.tokenId == null ? details : { ...details, token: caller.tokenId },
      })
    },
    recordOwn(by, { action, target, details = {} }) {
      trail.record({
        at: deps.now(),
        action,
        actorId: null,
        actorName: by,
        credential: "none",
        targetKind: target?.[0] ?? null,
        targetId: target?.[1] ?? null,
        requestId: "",
        address: "",
        details,
      })
    },
    verify: () => trail.verify(),
  }
}
