/** Contracts of the audit trail: who did what. For administrators; nothing writes here but the gateway itself. */
import * as z from "zod"
import { AuditAction, AuditCredential, AuditDetails } from "../access/audit.ts"
import { endpoint, Instant, InstantParameter, nothing, page, pageLimit } from "./endpoint.ts"

export const AuditEventView = z.object({
  /** 1, 2, 3 … without gaps, in the order of writing. */
  seq: z.number().int(),
  at: Instant,
  action: z.string(),
  actorId: z.string().nullable(),
  /** As they were called then; empty where nobody was known. */
  actorName: z.string(),
  credential: AuditCredential,
  targetKind: z.string().nullable(),
  targetId: z.string().nullable(),
  requestId: z.string(),
  address: z.string(),
  details: AuditDetails,
})
export type AuditEventView = z.infer<typeof AuditEventView>

export const listAuditEvents = endpoint({
  method: "get",
  path: "/api/audit",
  summary: "List what was done, the newest first",
  auth: "user",
  scope: "access:read",
  params: nothing,
  query: z.object({
    limit: pageLimit(50),
    /** The cursor of the page before. */
    after: z.string().max(20).optional(),
    action: AuditAction.optional(),
    actor: z.string().max(100).optional(),
    target: z.string().max(200).optional(),
    from: InstantParameter.optional(),
    until: InstantParameter.optional(),
  }),
  body: nothing,
  status: 200,
  response: page(AuditEventView),
  errors: ["invalid_cursor"],
})

export const verifyAudit = endpoint({
  method: "get",
  path: "/api/audit/verify",
  summary: "Whether every event is as it was written, and none is missing",
  description:
    "Each event is sealed to the one before by a key that only the gateway has. A database that was put back to an earlier state as a whole cannot be told from one that has seen nothing since: compare `events` with what you noted elsewhere.",
  auth: "user",
  scope: "access:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.discriminatedUnion("status", [
    z.object({ status: z.literal("intact"), events: z.number().int() }),
    z.object({
      status: z.literal("broken"),
      seq: z.number().int(),
      reason: z.enum(["changed", "missing", "cut_off", "head_changed"]),
    }),
  ]),
  errors: [],
})
