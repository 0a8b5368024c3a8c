/**
 * Conversations of every kind, as operators see and steer them. What is read comes from libSQL, which may be a moment behind what
 * runs; what changes them goes to their objects.
 */
import {
  archiveConversation,
  chooseModel,
  eraseConversation,
  exportConversation,
  getConversation,
  getOutput,
  interruptConversation,
  listConversations,
  listMessages,
  type SearchMatch,
  sendAsOperator,
  type StepView,
  unarchiveConversation,
} from "../../core/api/conversations.ts"
import { chatOf, type InboundMessage } from "../../core/channel/message.ts"
import { toSearchQuery } from "../../core/conversations/search-query.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import type { ConversationRow, MessageRow } from "../../core/projection.ts"
import { ConversationId, toRfc3339 } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import * as store from "../../adapters/store/conversations.ts"
import { type Names, readNames } from "../../adapters/store/names.ts"
import { erasedIdHash } from "../../adapters/store/projection.ts"
import { searchConversations } from "../../adapters/store/search.ts"
import type { Caller } from "../access/identity.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, bindFile, type Binder } from "../http/bind.ts"
import { readContent, readMessageId } from "../http/message-input.ts"
import { exportFile, readWhole } from "./conversation-export.ts"

/** A page of a hundred entries must stay an answer that a phone can hold. */
const maxTextLength = 200_000
const maxStepTextLength = 20_000

export function bindConversations(binder: Binder, deps: EdgeDeps): void {
  const find = async (id: ConversationId) => {
    const row = await store.findConversation(deps.libsql, id)
    if (row === undefined) throw new LoopError("conversation_not_found")
    return row
  }
  const conversation = (id: ConversationId) => deps.peers("conversation", id)

  bind(binder, listConversations, async ({ query }) => {
    const { q, ...filters } = query
    const page = q === undefined ? await list(deps, filters) : await search(deps, q, filters)
    const names = await readNames(
      deps.libsql,
      page.rows.map((row) => row.conversation),
    )
    const data = page.rows.map(({ conversation: row, match }) => ({ ...toView(row, names), match }))
    return { data, nextCursor: page.nextCursor }
  })

  bind(binder, getConversation, async ({ params }) => {
    const row = await find(params.id)
    return toView(row, await readNames(deps.libsql, [row]))
  })

  bind(binder, listMessages, async ({ params, query }) => {
    if (query.before !== undefined && !/^\d{1,15}$/.test(query.before)) throw new LoopError("invalid_cursor")
    await find(params.id)
    const before = query.before === undefined ? undefined : Number(query.before)
    const page = await store.listMessages(deps.libsql, params.id, { limit: query.limit, before })
    const oldest = page.rows[0]
    return {
      data: page.rows.map(toMessageView),
      turns: page.turns.map(({ id, status, errorCode, errorMessage }) => ({
        id,
        status,
        error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? "" },
      })),
      nextCursor: page.hasMore && oldest !== undefined ? String(oldest.position) : null,
    }
  })

  bind(binder, sendAsOperator, async ({ params, body, caller, context }) => {
    const content = readContent(body.content)
    const externalId = readMessageId(deps, caller, context.req.raw.headers.get("idempotency-key"))
    const message = await toMessage(deps, await find(params.id), caller, { content, externalId })
    return named(conversation(params.id).call("accept", { viewer: null, message }))
  })

  bind(binder, interruptConversation, ({ params }) =>
    named(conversation(params.id).call("interrupt", { viewer: null })),
  )
  bind(binder, chooseModel, ({ params, body }) =>
    named(conversation(params.id).call("chooseModel", { viewer: null, model: body.model })),
  )
  bind(binder, archiveConversation, ({ params }) => named(conversation(params.id).call("archive", { viewer: null })))
  bind(binder, unarchiveConversation, ({ params }) =>
    named(conversation(params.id).call("unarchive", { viewer: null })),
  )
  bind(binder, eraseConversation, async ({ params, context }) => {
    const done = await named(conversation(params.id).call("erase", {}))
    // The trail never forgets, so it gets the digest that the database keeps too, and not the id.
    const target = ["conversation", erasedIdHash(params.id)] as const
    binder.audit.record(context, { action: "conversation_erased", target })
    return done
  })

  bindFile(binder, exportConversation, async ({ params, query }) => {
    const row = await find(params.id)
    const record = { libsql: deps.libsql, conversation: conversation(params.id) }
    return exportFile(record, row, query.format, deps.now())
  })

  bind(binder, getOutput, async ({ params: { id, messageId, toolUseId } }) => {
    await find(id)
    const blocks = (await store.findMessage(deps.libsql, id, messageId))?.blocks ?? []
    const block = blocks.find((one) => one.type === "tool_result" && one.toolUseId === toolUseId)
    if (block?.type !== "tool_result") throw new LoopError("output_not_found")
    const { text, whole } = block
    const kept = await readWhole(conversation(id), block)
    return { text: kept ?? text, isWhole: whole === undefined || kept !== undefined }
  })
}

interface Listed {
  readonly rows: readonly { readonly conversation: ConversationRow; readonly match: SearchMatch | null }[]
  readonly nextCursor: string | null
}
type Query = Omit<Parameters<typeof store.listConversations>[1], "after" | "before"> & {
  readonly after?: string | undefined
  readonly order: "newest" | "best"
}

async function list(deps: EdgeDeps, { after: given, ...filters }: Query): Promise<Listed> {
  const after = given === undefined ? undefined : ConversationId.safeParse(given)
  if (after?.success === false) throw new LoopError("invalid_cursor")
  const page = await store.listConversations(deps.libsql, { ...filters, after: after?.data })
  return {
    rows: page.rows.map((conversation) => ({ conversation, match: null })),
    nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null,
  }
}

async function search(deps: EdgeDeps, typed: string, { after: given, ...filters }: Query): Promise<Listed> {
  const query = toSearchQuery(typed)
  if (query === undefined) {
    throw new LoopError("invalid_query", { message: "Give at least one word to look for.", field: "q" })
  }
  if (given !== undefined && !/^\d{1,15}$/.test(given)) throw new LoopError("invalid_cursor")
  const after = given === undefined ? undefined : Number(given)
  const page = await searchConversations(deps.libsql, { ...filters, query, after })
  return {
    rows: page.rows.map(({ conversation, match }) => ({
      conversation,
      match: { ...match, snippet: [...match.snippet], createdAt: toRfc3339(match.createdAt) },
    })),
    nextCursor: page.next === null ? null : String(page.next),
  }
}

async function toMessage(
  deps: EdgeDeps,
  row: ConversationRow,
  caller: Caller,
  { content, externalId }: { content: string; externalId: string },
): Promise<InboundMessage> {
  const last = row.channelId === null ? undefined : await store.findChatSource(deps.libsql, row.id)
  const chat = (last && chatOf(last)) ?? null
  return {
    externalId,
    bodyHash: sha256Hex(JSON.stringify(["operator", content])),
    text: content,
    source: { kind: "operator", userId: caller.user.id, senderName: caller.user.username, chat },
    permissionMode: "default",
    whileBusy: row.channelId === null ? "queue" : "join",
    tainted: false,
    receivedAt: deps.now(),
  }
}

/** The object calls every conversation a loop. */
async function named<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!isLoopError(error)) throw error
    if (error.code === "loop_not_found") throw new LoopError("conversation_not_found", {}, { cause: error })
    if (error.code === "loop_archived") throw new LoopError("conversation_archived", {}, { cause: error })
    throw error
  }
}

function toView(row: ConversationRow, names: Names) {
  return {
    ...row,
    ownerName: (row.ownerId && names.users.get(row.ownerId)) ?? null,
    channelName: (row.channelId && names.channels.get(row.channelId)) ?? null,
    createdAt: toRfc3339(row.createdAt),
    lastActivityAt: toRfc3339(row.lastActivityAt),
    archivedAt: row.archivedAt === null ? null : toRfc3339(row.archivedAt),
  }
}

function toMessageView(row: MessageRow) {
  return {
    id: row.id,
    turnId: row.turnId,
    role: row.role,
    text: beginning(row.text, maxTextLength),
    truncated: row.text.length > maxTextLength,
    images: row.blocks.flatMap((block) =>
      block.type === "image" ? [{ mediaType: block.mediaType, sizeBytes: block.sizeBytes }] : [],
    ),
    steps: row.blocks.flatMap(toSteps),
    sender: row.source?.kind ?? null,
    senderName: row.source !== null && "senderName" in row.source ? row.source.senderName : null,
    tainted: row.tainted,
    createdAt: toRfc3339(row.createdAt),
  }
}

function toSteps(block: MessageRow["blocks"][number]): StepView[] {
  switch (block.type) {
    case "tool_use":
      return [{ type: "tool_call", toolUseId: block.id, tool: block.name, input: block.input }]
    case "tool_result": {
      const text = beginning(block.text, maxStepTextLength)
      const { toolUseId, isError, whole } = block
      const isPart = whole !== undefined || text.length < block.text.length
      const characters = isPart ? { characters: whole?.characters ?? block.text.length } : {}
      return [{ type: "tool_result", toolUseId, ok: !isError, text, ...characters }]
    }
    case "text":
    case "image":
    case "thinking":
      return []
  }
}

/** Breaks no surrogate pair. */
function beginning(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/\p{Surrogate}$/u, "")
}
