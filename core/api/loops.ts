/** Contracts of the loop API (`/api/v1/loops`): programs and the chat page drive conversations through it. */
import * as z from "zod"
import type { AuditDetails } from "../access/audit.ts"
import { ChoiceAnswer } from "../turn/event.ts"
import { maxContentBytes } from "../channel/message.ts"
import { ChoiceId, ConversationId, TurnId } from "../units.ts"
import { endpoint, Instant, nothing, pageLimit, streamEndpoint } from "./endpoint.ts"

/**
 * Raw bytes of a message body that are read at most. A client that writes JSON in ASCII sends 6 bytes (\u0431) for 2 of
 * content, or 12 for 4: without three times the room, a Russian text within the limit would be refused.
 */
export const maxMessageBodyBytes = 3 * maxContentBytes + 64 * 1024
export const maxMetadataBytes = 16 * 1024
export const maxIdempotencyKeyLength = 256

/** Conversations of channels are no loops, though they live in the same objects. */
const LoopId = ConversationId.refine((id) => id.startsWith("loop_"))
const loop = z.object({ id: LoopId })

const fields = {
  id: ConversationId,
  title: z.string(),
  created_at: Instant,
  created_by: z.string(),
  archived: z.boolean(),
  archived_at: Instant.nullable(),
  metadata: z.record(z.string(), z.string()),
  profiles: z.array(z.string()),
  vault: z.literal("default"),
  repo: z.null(),
}
export const LoopView = z.object(fields)
export type LoopView = z.infer<typeof LoopView>

export const LoopWithTurn = z.object({
  ...fields,
  busy: z.boolean(),
  queue_depth: z.number().int(),
  turn_count: z.number().int(),
  current_turn: z.object({ turn_id: TurnId, started_at: Instant, pending_choice_id: ChoiceId.nullable() }).nullable(),
})
export type LoopWithTurn = z.infer<typeof LoopWithTurn>

export const createLoop = endpoint({
  method: "post",
  path: "/api/v1/loops",
  summary: "Create a loop; profiles[0] names its agent group",
  auth: "user",
  scope: "chat",
  params: nothing,
  query: nothing,
  body: z.object({
    /** Without one, the loop is `untitled` until its first message gives it a title. */
    title: z.string().trim().max(200).default(""),
    /** At most 16 KB as JSON; never shown to the agent. */
    metadata: z.record(z.string(), z.string()).default({}),
    profiles: z.array(z.string()).default([]),
    /** There is one vault. Another name is refused, not ignored. */
    vault: z.string().nullish(),
    repo: z.string().nullish(),
  }),
  status: 201,
  response: LoopView,
  errors: ["unsupported_field"],
})

export const listLoops = endpoint({
  method: "get",
  path: "/api/v1/loops",
  summary: "List my loops, newest activity first",
  auth: "user",
  scope: "chat",
  params: nothing,
  query: z.object({
    limit: pageLimit(20),
    /** The id of a loop: only those with older activity follow. */
    after: z.string().max(200).optional(),
    /** The id of a loop: only those with newer activity, the nearest ones. */
    before: z.string().max(200).optional(),
    archived: z
      .enum(["true", "false"])
      .default("false")
      .transform((value) => value === "true"),
  }),
  body: nothing,
  status: 200,
  response: z.object({
    data: z.array(LoopView),
    first_id: ConversationId.nullable(),
    last_id: ConversationId.nullable(),
    has_more: z.boolean(),
  }),
  errors: ["invalid_cursor"],
})

export const getLoop = endpoint({
  method: "get",
  path: "/api/v1/loops/{id}",
  summary: "Get a loop with what runs in it",
  auth: "user",
  scope: "chat",
  params: loop,
  query: nothing,
  body: nothing,
  status: 200,
  response: LoopWithTurn,
  errors: ["loop_not_found", "not_loop_owner"],
  unknownId: "loop_not_found",
})

export const archiveLoop = endpoint({
  method: "delete",
  path: "/api/v1/loops/{id}",
  summary: "Archive a loop: what runs is stopped, the record stays",
  auth: "user",
  scope: "chat",
  params: loop,
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["loop_not_found", "not_loop_owner"],
  unknownId: "loop_not_found",
})

const lastEventHeader = { "Last-Event-ID": "The id of the last event that was read: the stream goes on behind it." }

export const sendMessage = streamEndpoint({
  method: "post",
  path: "/api/v1/loops/{id}/messages",
  summary: "Send a message and stream its turn; closing the stream does not stop the turn",
  headers: {
    "Idempotency-Key":
      "Up to 256 characters: the same key and body within 24 hours join the turn that runs or replay it.",
    ...lastEventHeader,
  },
  auth: "user",
  scope: "chat",
  params: loop,
  query: nothing,
  body: z.object({
    /** Required, at most 1 MB of UTF-8. Optional here because its absence has a code of its own. */
    content: z.string().optional(),
    /** `default` or `plan`: it may only tighten. */
    permission_mode: z.string().optional(),
    /** Answers this one turn: a name of the catalogue or of the agent's own, or a clear part of one. */
    model: z.string().trim().min(1).max(200).optional(),
  }),
  errors: [
    "missing_content",
    "content_too_large",
    "permission_mode_forbidden",
    "model_unknown",
    "invalid_header",
    "loop_archived",
    "loop_not_found",
    "not_loop_owner",
    "idempotency_key_reused",
    "queue_full",
  ],
  unknownId: "loop_not_found",
  maxBodyBytes: maxMessageBodyBytes,
  tooLarge: "content_too_large",
})

/** `last_event_id` resumes where a client cannot set headers. */
export const watchLoop = streamEndpoint({
  method: "get",
  path: "/api/v1/loops/{id}/events",
  summary: "Watch a loop without sending",
  headers: lastEventHeader,
  auth: "user",
  scope: "chat",
  params: loop,
  query: z.object({ last_event_id: z.string().max(100).optional() }),
  body: nothing,
  errors: ["invalid_header", "loop_not_found", "not_loop_owner"],
  unknownId: "loop_not_found",
})

export const answerChoice = endpoint({
  method: "post",
  path: "/api/v1/loops/{id}/choices/{choiceId}",
  summary: "Answer a question that a turn waits for",
  auth: "user",
  scope: "chat",
  audit: {
    action: "approval_answered",
    kind: "conversation",
    id: "id",
    details: (body): AuditDetails => ("allow" in body ? { allow: body.allow } : {}),
  },
  params: z.object({ id: LoopId, choiceId: z.string().max(200) }),
  query: nothing,
  body: ChoiceAnswer,
  status: 202,
  response: nothing,
  errors: ["loop_not_found", "not_loop_owner", "choice_not_found", "choice_answer_invalid"],
  unknownId: "loop_not_found",
})

export const interruptLoop = endpoint({
  method: "post",
  path: "/api/v1/loops/{id}/interrupt",
  summary: "Stop the running turn; a loop that rests is no error",
  auth: "user",
  scope: "chat",
  params: loop,
  query: nothing,
  body: nothing,
  status: 202,
  response: nothing,
  errors: ["loop_not_found", "not_loop_owner"],
  unknownId: "loop_not_found",
})
