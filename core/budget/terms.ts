/** What the Ledger has to know of a scope, as the settings, the group or the conversation's own limits say it, by version. */
import * as z from "zod"
import { HomeChat } from "../channel/home-chat.ts"
import { TimeZone } from "../settings.ts"
import { ConversationId, EpochMs, GroupId } from "../units.ts"
import { BudgetLimits, BudgetScope } from "./limits.ts"

const version = z.number().int().nonnegative()

/** An older version than the one known changes nothing. */
export const BudgetTerms = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("global"),
    version,
    limits: BudgetLimits,
    /** Of every conversation that has none of its own, nor its group for it. */
    conversationLimits: BudgetLimits,
    /** In which days and months begin. A change acts when the running day and the running month are over. */
    timeZone: TimeZone,
    /** Who is warned. */
    home: HomeChat.nullable(),
  }),
  z.object({
    kind: z.literal("group"),
    groupId: GroupId,
    name: z.string(),
    version,
    limits: BudgetLimits,
    conversationLimits: BudgetLimits,
  }),
  z.object({ kind: z.literal("conversation"), conversationId: ConversationId, version, limits: BudgetLimits }),
])
export type BudgetTerms = z.infer<typeof BudgetTerms>

const count = z.number().int().nonnegative()
const amount = z.object({ tokens: count, microUsd: count })
const span = z.object({ startsAt: EpochMs, endsAt: EpochMs })

/** How a scope stands. `reserved`: for calls in flight that were begun in the period. */
export const BudgetState = z.object({
  scope: BudgetScope,
  /** In force. */
  limits: BudgetLimits,
  day: z.object({ spent: amount, reserved: amount }),
  month: z.object({ spent: amount, reserved: amount }),
})
export type BudgetState = z.infer<typeof BudgetState>

export const BudgetsState = z.object({
  timeZone: z.string(),
  day: span,
  month: span,
  /** The gateway first, then groups, then conversations. */
  scopes: z.array(BudgetState),
})
export type BudgetsState = z.infer<typeof BudgetsState>

/** How a provider is taken to be. `half_open`: one call tries it. */
export const ProviderState = z.object({
  provider: z.string(),
  status: z.enum(["closed", "open", "half_open"]),
  /** Curable failures in a row. */
  failures: count,
  reason: z.string().nullable(),
  /** Null when closed. */
  openUntil: EpochMs.nullable(),
})
export type ProviderState = z.infer<typeof ProviderState>
