/** The record of conversations, read from libSQL: it may be a moment behind what runs. */
import { type StepView, getConversation, listConversations, listMessages } from "../../core/api/conversations.ts"
import { LoopError } from "../../core/errors.ts"
import type { ConversationRow, MessageRow } from "../../core/projection.ts"
import { ConversationId, toRfc3339 } from "../../core/units.ts"
import * as store from "../../adapters/store/conversations.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"

/** A page of a hundred entries must stay an answer that a phone can hold. */
const maxTextLength = 200_000
const maxStepTextLength = 20_000

export function bindConversations(binder: Binder, deps: EdgeDeps): void {
  const find = async (id: ConversationId) => {
    const row = await store.findConversation(deps.libsql, id)
    if (row === undefined) throw new LoopError("conversation_not_found")
    return row
  }

  bind(binder, listConversations, async ({ query }) => {
    const after = query.after === undefined ? undefined : ConversationId.safeParse(query.after)
    if (after?.success === false) throw new LoopError("invalid_cursor")
    const page = await store.listConversations(deps.libsql, { limit: query.limit, after: after?.data })
    return { data: page.rows.map(toView), nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null }
  })

  bind(binder, getConversation, async ({ params }) => toView(await find(params.id)))

  bind(binder, listMessages, async ({ params, query }) => {
    if (query.before !== undefined && !/^\d{1,15}$/.test(query.before)) throw new LoopError("invalid_cursor")
    await find(params.id)
    const before = query.before === undefined ? undefined : Number(query.before)
    const page = await store.listMessages(deps.libsql, params.id, { limit: query.limit, before })
    const oldest = page.rows[0]
    return {
      data: page.rows.map(toMessageView),
      nextCursor: page.hasMore && oldest !== undefined ? String(oldest.position) : null,
    }
  })
}

function toView(row: ConversationRow) {
  return {
    ...row,
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
    steps: row.blocks.flatMap(toSteps),
    senderName: row.source?.kind === "telegram" ? row.source.senderName : null,
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
      return [{ type: "tool_result", toolUseId: block.toolUseId, ok: !block.isError, text }]
    }
    case "text":
    case "thinking":
      return []
  }
}

/** Breaks no surrogate pair. */
function beginning(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/\p{Surrogate}$/u, "")
}
