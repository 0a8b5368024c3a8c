/** What libSQL says of a conversation: the record that people and operators get to see, read past the gateway. */
import { DatabaseSync } from "node:sqlite"
import * as z from "zod"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { AssistantBlock, ToolResultBlock } from "../../core/model/message.ts"

const Conversation = z.object({ status: z.string() })
const Message = z.object({ role: z.string(), text: z.string(), blocks: z.string(), turn_id: z.string() })
const TurnRow = z.object({ id: z.string(), status: z.string(), ended_at: z.number().nullable() })
const Delivery = z.object({
  turn_id: z.string(),
  status: z.string(),
  attempts: z.number(),
  maybe_repeated: z.number(),
})

export interface Record {
  readonly status: string | undefined
  /** What the person said, in order. */
  readonly said: readonly { readonly text: string; readonly turnId: string }[]
  /** What the agent said, in order. */
  readonly answered: readonly { readonly text: string; readonly turnId: string }[]
  readonly toolResults: readonly { readonly text: string; readonly isError: boolean }[]
  readonly turns: readonly { readonly id: string; readonly status: string; readonly isOver: boolean }[]
  readonly deliveries: readonly {
    readonly turnId: string
    readonly status: string
    readonly attempts: number
    /** It may stand in the chat more than once. */
    readonly isMarked: boolean
  }[]
}

const selects = [
  "select status from conversations where id = ?",
  "select role, text, blocks, turn_id from messages where conversation_id = ? order by position",
  "select id, status, ended_at from turns where conversation_id = ? order by started_at, id",
  "select turn_id, status, attempts, maybe_repeated from deliveries where conversation_id = ? order by created_at, id",
]

/** Of one moment: all of it is one read. */
export async function readRecord(libsql: Pick<Libsql, "read">, conversationId: string): Promise<Record> {
  const answers = await libsql.read(selects.map((sql) => ({ sql, args: [conversationId] })))
  const [conversations = [], messageRows = [], turnRows = [], deliveryRows = []] = answers.map(({ rows }) => rows)
  const messages = z.array(Message).parse(messageRows)
  const blocks = messages.flatMap((message) =>
    z.array(z.union([AssistantBlock, ToolResultBlock])).parse(JSON.parse(message.blocks)),
  )
  return {
    status: z.array(Conversation).parse(conversations)[0]?.status,
    said: messages.filter(({ role, text }) => role === "user" && text !== "").map(toSaid),
    answered: messages.filter(({ role, text }) => role === "assistant" && text !== "").map(toSaid),
    toolResults: blocks.flatMap((block) => (block.type === "tool_result" ? [block] : [])),
    turns: z
      .array(TurnRow)
      .parse(turnRows)
      .map(({ id, status, ended_at }) => ({ id, status, isOver: ended_at !== null })),
    deliveries: z
      .array(Delivery)
      .parse(deliveryRows)
      .map((row) => ({
        turnId: row.turn_id,
        status: row.status,
        attempts: row.attempts,
        isMarked: row.maybe_repeated === 1,
      })),
  }
}

/** The embedded database, read beside the gateway that writes it. */
export function openRecordFile(path: string): Pick<Libsql, "read"> & { close(): void } {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  return {
    async read(statements) {
      return statements.map(({ sql, args }) => ({ rows: database.prepare(sql).all(...args) }))
    },
    close: () => database.close(),
  }
}

/** Everything of these texts is over and told: nothing of it will still happen. */
export function isSettled(record: Record, texts: readonly string[]): boolean {
  const isKnown = texts.every((text) => record.said.some((said) => said.text === text))
  const isSent = record.deliveries.every(({ status }) => status === "sent" || status === "failed")
  return isKnown && record.status === "idle" && record.turns.every(({ isOver }) => isOver) && isSent
}

function toSaid({ text, turn_id: turnId }: z.infer<typeof Message>) {
  return { text, turnId }
}
