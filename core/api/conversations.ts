/**
 * Contracts of all conversations, whatever channel carried them: the operator's view. The loop API (`loops.ts`) is the owner's.
 * What is read comes from the record in the database, which may be a moment behind what runs.
 */
import * as z from "zod"
import { ChannelId, ConversationId, GroupId, TurnId, UserId } from "../units.ts"
import { endpoint, Instant, InstantParameter, nothing, page, pageLimit, streamEndpoint } from "./endpoint.ts"
import { maxIdempotencyKeyLength, maxMessageBodyBytes } from "./loops.ts"
import { RunView } from "./runs.ts"

export const ConversationView = z.object({
  id: ConversationId,
  kind: z.enum(["loop", "telegram"]),
  title: z.string(),
  ownerId: UserId.nullable(),
  /** Null where nobody owns it, or nobody does any more. */
  ownerName: z.string().nullable(),
  channelId: ChannelId.nullable(),
  channelName: z.string().nullable(),
  groupName: z.string().nullable(),
  status: z.enum(["idle", "running", "waiting"]),
  turnCount: z.number().int(),
  createdAt: Instant,
  lastActivityAt: Instant,
  archivedAt: Instant.nullable(),
})
export type ConversationView = z.infer<typeof ConversationView>

/** Where a search found what it looked for. */
export const SearchMatch = z.object({
  messageId: z.string(),
  role: z.enum(["user", "assistant"]),
  createdAt: Instant,
  /** The place in the message, in pieces; `isMatch` marks the words that were looked for. */
  snippet: z.array(z.object({ text: z.string(), isMatch: z.boolean() })),
})
export type SearchMatch = z.infer<typeof SearchMatch>

/** What an agent did on the way: a tool it called, or what the tool gave back. */
export const StepView = z.discriminatedUnion("type", [
  z.object({ type: z.literal("tool_call"), toolUseId: z.string(), tool: z.string(), input: z.json() }),
  z.object({
    type: z.literal("tool_result"),
    toolUseId: z.string(),
    ok: z.boolean(),
    text: z.string(),
    /** Of what the tool said, where `text` is a part of it: how long it was. Read it at `…/outputs/{toolUseId}`. */
    characters: z.number().int().optional(),
  }),
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
  /** Pictures that came with it. */
  images: z.array(z.object({ mediaType: z.string(), sizeBytes: z.number().int() })),
  /** Calls stand in the assistant's entry, their results in the user entry behind it. */
  steps: z.array(StepView),
  /** `operator`: someone who runs this gateway stepped in. Null for the agent and for what tools gave back. */
  sender: z.enum(["api", "operator", "telegram"]).nullable(),
  /** Whoever wrote it, as the channel named them; null for the agent and for the API's user. */
  senderName: z.string().nullable(),
  /** From a source that the operator does not vouch for. */
  tainted: z.boolean(),
  createdAt: Instant,
})
export type MessageView = z.infer<typeof MessageView>

/** What became of a turn, as far as the record knows. */
export const TurnOutcome = RunView.pick({ id: true, status: true, error: true })
export type TurnOutcome = z.infer<typeof TurnOutcome>

const params = z.object({ id: ConversationId })

export const listConversations = endpoint({
  method: "get",
  path: "/api/conversations",
  summary: "List conversations of every kind, newest activity first, or search in what was said",
  description:
    `With \`q\` it is a search: every word must occur in one message, in any order and without regard to case and
accents; \`"a phrase"\` as it stands, \`begin*\` for all that begins so, \`-not\` for what must not occur. Only what people and
agents said is searched, not what tools were given or gave back. Each conversation comes once, with its newest matching message, or
with \`order=best\` its best one. \`from\` and \`to\` are then about the message. A page of a search may be short, even empty,
though \`nextCursor\` says that more follows.`.replaceAll("\n", " "),
  auth: "user",
  scope: "conversations:read",
  params: nothing,
  query: z.object({
    limit: pageLimit(20),
    after: z.string().max(200).optional(),
    kind: ConversationView.shape.kind.optional(),
    status: ConversationView.shape.status.optional(),
    /** Both open and archived ones unless told. */
    archived: z
      .enum(["true", "false"])
      .transform((value) => value === "true")
      .optional(),
    channelId: ChannelId.optional(),
    /** The agent group that the conversation names, or that its channel is bound to. */
    groupId: GroupId.optional(),
    ownerId: UserId.optional(),
    /** Active at or after this instant. */
    from: InstantParameter.optional(),
    /** Active before this instant. */
    to: InstantParameter.optional(),
    q: z.string().max(500).optional(),
    /** `best` ranks the newest 5,000 matching messages. Without `q` the order is that of activity. */
    order: z.enum(["newest", "best"]).default("newest"),
  }),
  body: nothing,
  status: 200,
  response: page(ConversationView.extend({ match: SearchMatch.nullable() })),
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
  /** With each turn that an entry of the page is of. */
  response: page(MessageView).extend({ turns: z.array(TurnOutcome) }),
  errors: ["conversation_not_found", "invalid_cursor"],
  unknownId: "conversation_not_found",
})

/** Of outputs that are asked for one by one: as much as is kept of one. */
export const getOutput = endpoint({
  method: "get",
  path: "/api/conversations/{id}/messages/{messageId}/outputs/{toolUseId}",
  summary: "What a tool gave back, all of it as far as it is still kept",
  description:
    "Long outputs are on record in part and kept whole beside it, 2 MB of one at most and the newest 20 MB of a conversation. `messageId` and `toolUseId` are those of the transcript.",
  auth: "user",
  scope: "conversations:read",
  params: z.object({ id: ConversationId, messageId: z.string().max(200), toolUseId: z.string().max(200) }),
  query: nothing,
  body: nothing,
  status: 200,
  /** `isWhole` false: only the part on record is left. */
  response: z.object({ text: z.string(), isWhole: z.boolean() }),
  errors: ["conversation_not_found", "output_not_found"],
  unknownId: "conversation_not_found",
})

const write = { auth: "user", scope: "conversations:write", params, query: nothing } as const
const unknownId = "conversation_not_found"

export const sendAsOperator = endpoint({
  method: "post",
  path: "/api/conversations/{id}/messages",
  summary: "Send a message as the operator; the answer goes where the conversation is, such as the channel's chat",
  description: "Accepted durably when this answers. It joins a turn that runs in a chat, and else gets one of its own.",
  headers: {
    "Idempotency-Key": `At most ${maxIdempotencyKeyLength} characters. The same key with the same content within 24 hours is the same message.`,
  },
  ...write,
  body: z.object({
    /** Required, at most 1 MB of UTF-8. Optional here because its absence has a code of its own. */
    content: z.string().optional(),
  }),
  status: 202,
  response: z.object({
    status: z.enum(["accepted", "repeated"]),
    /** 0 when its turn runs or is over, else its place in the queue. */
    position: z.number().int(),
  }),
  errors: [
    "missing_content",
    "content_too_large",
    "invalid_header",
    "conversation_not_found",
    "conversation_archived",
    "idempotency_key_reused",
    "queue_full",
  ],
  unknownId,
  maxBodyBytes: maxMessageBodyBytes,
  tooLarge: "content_too_large",
})

export const interruptConversation = endpoint({
  method: "post",
  path: "/api/conversations/{id}/interrupt",
  summary: "Stop the running turn; a conversation that rests is no error",
  ...write,
  body: nothing,
  status: 202,
  response: nothing,
  errors: ["conversation_not_found"],
  unknownId,
})

export const chooseModel = endpoint({
  method: "put",
  path: "/api/conversations/{id}/model",
  summary: "Choose the model that answers in a conversation from its next turn on; null gives the choice back",
  description: "A clear part of a name will do, such as `opus`. In a chat, `/model` does the same.",
  ...write,
  body: z.object({ model: z.string().trim().min(1).max(200).nullable() }),
  status: 200,
  response: z.object({ model: z.string().nullable() }),
  errors: ["conversation_not_found", "model_unknown"],
  unknownId,
})

export const archiveConversation = endpoint({
  method: "post",
  path: "/api/conversations/{id}/archive",
  summary: "Archive a conversation: what runs is stopped, the record stays",
  description: "A chat leaves the archive by itself when the person writes again.",
  ...write,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["conversation_not_found"],
  unknownId,
})

export const unarchiveConversation = endpoint({
  method: "post",
  path: "/api/conversations/{id}/unarchive",
  summary: "Take a conversation out of the archive; one that is not in it is no error",
  ...write,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["conversation_not_found"],
  unknownId,
})

export const eraseConversation = endpoint({
  method: "delete",
  path: "/api/conversations/{id}",
  summary: "Erase a conversation for good: what runs is stopped, and no byte of it stays in any store within reach",
  description:
    "Its usage stays counted in sums. Answers when all is gone, which takes seconds where the database is large. After a failure it may be repeated, and once begun it goes on by itself. What servers and clouds keep of their own (logs for replicas, backups) ends by their rules.",
  auth: "user",
  scope: "conversations:erase",
  params,
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["conversation_not_found"],
  unknownId,
})

export const exportConversation = streamEndpoint({
  method: "get",
  path: "/api/conversations/{id}/export",
  summary: "The whole record as a file: what was said, and each tool call with all it was given and gave back",
  description: "JSON also holds turns, model calls and deliveries.",
  auth: "user",
  scope: "conversations:read",
  params,
  query: z.object({ format: z.enum(["markdown", "json"]).default("markdown") }),
  body: nothing,
  fileTypes: ["text/markdown", "application/json"],
  errors: ["conversation_not_found"],
  unknownId,
})
