/** Contracts of runs: the turns of all conversations, one by one. */
import * as z from "zod"
import { ConversationId, GroupId, TurnId } from "../units.ts"
import { endpoint, Instant, InstantParameter, nothing, page, pageLimit } from "./endpoint.ts"

export const RunView = z.object({
  id: TurnId,
  conversationId: ConversationId,
  groupId: GroupId.nullable(),
  status: z.enum(["running", "waiting", "done", "failed", "interrupted"]),
  /** Why it failed; null unless it did. */
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  modelCalls: z.number().int(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
  /** Null until it has ended. */
  durationMs: z.number().int().nullable(),
})
export type RunView = z.infer<typeof RunView>

export const listRuns = endpoint({
  method: "get",
  path: "/api/runs",
  summary: "List turns of all conversations, the one that began last first",
  auth: "user",
  scope: "conversations:read",
  params: nothing,
  query: z.object({
    limit: pageLimit(20),
    after: z.string().max(200).optional(),
    status: RunView.shape.status.optional(),
    conversationId: ConversationId.optional(),
    groupId: GroupId.optional(),
    /** Begun at or after this instant. */
    from: InstantParameter.optional(),
    /** Begun before this instant. */
    to: InstantParameter.optional(),
  }),
  body: nothing,
  status: 200,
  response: page(RunView),
  errors: ["invalid_cursor"],
})
