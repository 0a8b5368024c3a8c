/** Contracts of the record of conversations, whatever channel carried them. Read only; the loop API drives. */
import * as z from "zod"
import { ChannelId, ConversationId, TurnId, UserId } from "../units.ts"
import { endpoint, Instant, nothing, page, pageLimit } from "./endpoint.ts"

export const ConversationView = z.object({
  id: ConversationId,
  kind: z.enum(["loop", "telegram"]),
  title: z.string(),
  ownerId: UserId.nullable(),
  channelId: ChannelId.nullable(),
  groupName: z.string().nullable(),
  status: z.enum(["idle", "running", "waiting"]),
  turnCount: z.number().int(),
  createdAt: Instant,
  lastActivityAt: Instant,
  archivedAt: Instant.nullable(),
})
export type ConversationView = z.infer<typeof ConversationView>

/** What an agent did on the way: a tool it called, or what the tool gave back. */
export const StepView = z.discriminatedUnion("type", [
  z.object({ type: z.literal("tool_call"), toolUseId: z.string(), tool: z.string(), input: z.json() }),
  z.object({ type: z.literal("tool_result"), toolUseId: z.string(), ok: z.boolean(), text: z.string() }),
])
export type StepView = z.infer<typeof StepView>

export const MessageView = z.object({
  id: z.string(),
  turnId: TurnId,
  role: z.enum(["user", "assistant"]),
  /** Empty for an entry that holds steps alone. */
  text: z.string(),
  /** `text` is only the beginning of a very long message. */
  truncated: z.boolean(),
  /** Calls stand in the assistant's entry, their results in the user entry behind it. */
  steps: z.array(StepView),
  /** Whoever wrote it, as the channel named them; null for the agent and for the API's user. */
  senderName: z.string().nullable(),
  /** From a source that the operator does not vouch for. */
  tainted: z.boolean(),
  createdAt: Instant,
})
export type MessageView = z.infer<typeof MessageView>

const params = z.object({ id: ConversationId })

export const listConversations = endpoint({
  method: "get",
  path: "/api/conversations",
  summary: "List conversations of every kind, newest activity first",
  auth: "user",
  scope: "conversations:read",
  params: nothing,
  query: z.object({ limit: pageLimit(20), after: z.string().max(200).optional() }),
  body: nothing,
  status: 200,
  response: page(ConversationView),
  errors: ["invalid_cursor"],
})

export const getConversation = endpoint({
  method: "get",
  path: "/api/conversations/{id}",
  summary: "Get a conversation",
  auth: "user",
  scope: "conversations:read",
  params,
  query: nothing,
  body: nothing,
  status: 200,
  response: ConversationView,
  errors: ["conversation_not_found"],
  unknownId: "conversation_not_found",
})

export const listMessages = endpoint({
  method: "get",
  path: "/api/conversations/{id}/messages",
  summary: "The transcript with its steps: the newest page, oldest entry first; `before` goes back",
  auth: "user",
  scope: "conversations:read",
  params,
  query: z.object({ limit: pageLimit(50), before: z.string().max(200).optional() }),
  body: nothing,
  status: 200,
  response: page(MessageView),
  errors: ["conversation_not_found", "invalid_cursor"],
  unknownId: "conversation_not_found",
})
