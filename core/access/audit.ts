/** What the audit trail records, and how a row of it is sealed to the one before. Pure: the keyed hash is an argument. */
import * as z from "zod"
import { EpochMs } from "../units.ts"

/** What happened. Words of the past; a failed attempt has a word of its own. */
export const AuditAction = z.enum([
  "set_up",
  "set_up_refused",
  "login",
  "login_refused",
  "logout",
  "password_changed",
  "password_refused",
  "session_ended",
  "token_created",
  "token_used",
  "token_revoked",
  "invitation_created",
  "invitation_revoked",
  "invitation_accepted",
  "user_changed",
  "user_removed",
  "group_created",
  "group_changed",
  "group_deleted",
  "channel_created",
  "channel_changed",
  "channel_deleted",
  "channel_bound",
  "channel_unbound",
  "settings_changed",
  "approval_answered",
  "approval_rule_changed",
  "approval_rule_deleted",
  "conversation_erased",
  "budget_changed",
  "spend_stopped",
  "runner_ordered",
  "runner_revoked",
  "command_given",
  "command_canceled",
])
export type AuditAction = z.infer<typeof AuditAction>

export const AuditCredential = z.enum(["cookie", "session", "token", "none"])

/** Never a secret, and no more than names and numbers: who reads the trail may read everything in it. */
export const AuditDetails = z.record(z.string(), z.union([z.string().max(500), z.number(), z.boolean()]))
export type AuditDetails = z.infer<typeof AuditDetails>

export const AuditEvent = z.object({
  at: EpochMs,
  action: AuditAction,
  /** The user who did it; null where nobody was known. */
  actorId: z.string().nullable(),
  /** Their name then: it outlives the account. Empty where nobody was known. */
  actorName: z.string(),
  credential: AuditCredential,
  targetKind: z
    .enum([
      "user",
      "token",
      "session",
      "invitation",
      "group",
      "channel",
      "conversation",
      "settings",
      "runner",
      "command",
      "approval",
      "tool",
    ])
    .nullable(),
  targetId: z.string().nullable(),
  requestId: z.string(),
  /** The client's address. */
  address: z.string(),
  details: AuditDetails,
})
export type AuditEvent = z.infer<typeof AuditEvent>

/** An event in its place: `seq` counts from 1 without gaps, `mac` seals it to the row before it. */
export const AuditRow = AuditEvent.extend({
  seq: z.number().int().positive(),
  /** An action of a newer version is shown as it is written. */
  action: z.string(),
  targetKind: z.string().nullable(),
  mac: z.string(),
})
export type AuditRow = z.infer<typeof AuditRow>

/** The last row of the trail as the database remembers it apart from the trail: what was cut off at its end shows. */
export const AuditHead = z.object({ seq: z.number().int().nonnegative(), mac: z.string() })
export type AuditHead = z.infer<typeof AuditHead>

/** Keyed hash of a text in hexadecimal. */
export type Seal = (text: string) => string

/** What the first row is sealed to. */
export const trailStart = "loop-gateway audit trail"

/** JSON of an array keeps the fields apart, whatever they hold. */
export function sealRow(seal: Seal, row: Omit<AuditRow, "mac">, before: string): string {
  const { seq, at, action, actorId, actorName, credential, targetKind, targetId, requestId, address, details } = row
  const sorted = Object.entries(details).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const fields = [seq, at, action, actorId, actorName, credential, targetKind, targetId, requestId, address, sorted]
  return seal(JSON.stringify([before, ...fields]))
}

/** The head's own seal: without the key nobody can move the end of the trail. */
export function sealHead(seal: Seal, { seq, mac }: AuditHead): string {
  return seal(JSON.stringify(["head", seq, mac]))
}

export type Verdict =
  | { status: "intact"; events: number }
  /** `seq`: the first row that is missing, changed or in the wrong place. */
  | { status: "broken"; seq: number; reason: "changed" | "missing" | "cut_off" | "head_changed" }

/** Follows the trail row by row; `next` gives the verdict on a page of rows that continues the last one. */
export function followTrail(seal: Seal) {
  let seq = 0
  let mac = trailStart
  return {
    /** The first fault among these rows; undefined: all is well so far. */
    next(rows: readonly AuditRow[]): Verdict | undefined {
      for (const row of rows) {
        if (row.seq !== seq + 1) return { status: "broken", seq: seq + 1, reason: "missing" }
        if (sealRow(seal, row, mac) !== row.mac) return { status: "broken", seq: row.seq, reason: "changed" }
        seq = row.seq
        mac = row.mac
      }
      return undefined
    },
    /** The verdict at the end. @param head - with its seal, as it is stored; undefined when there is none */
    end(head: (AuditHead & { readonly seal: string }) | undefined): Verdict {
      if (head === undefined)
        return seq === 0 ? { status: "intact", events: 0 } : { status: "broken", seq, reason: "head_changed" }
      if (sealHead(seal, head) !== head.seal) return { status: "broken", seq: head.seq, reason: "head_changed" }
      if (head.seq > seq) return { status: "broken", seq: seq + 1, reason: "cut_off" }
      const isSame = head.seq === seq && head.mac === mac
      return isSame ? { status: "intact", events: seq } : { status: "broken", seq: head.seq, reason: "head_changed" }
    },
  }
}
