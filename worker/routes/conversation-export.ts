/** The whole record of a conversation as a file, read page by page as fast as the client takes it: never in memory at once. */
import { markdownEntry, markdownHead } from "../../core/conversations/markdown.ts"
import type { ConversationRow, MessageRow } from "../../core/projection.ts"
import { type EpochMs, toRfc3339 } from "../../core/units.ts"
import { listMessagesFrom } from "../../adapters/store/conversations.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { listDeliveriesFrom, listTurnsFrom } from "../../adapters/store/runs.ts"
import { listModelCallsFrom } from "../../adapters/store/usage.ts"
import type { FileAnswer } from "../http/bind.ts"

const rowsAtOnce = 100

export function exportFile(
  libsql: Libsql,
  row: ConversationRow,
  format: "markdown" | "json",
  exportedAt: EpochMs,
): FileAnswer {
  switch (format) {
    case "markdown":
      return { type: "text/markdown", name: `${row.id}.md`, body: toStream(markdownPieces(libsql, row, exportedAt)) }
    case "json":
      return { type: "application/json", name: `${row.id}.json`, body: toStream(jsonPieces(libsql, row, exportedAt)) }
  }
}

async function* markdownPieces(libsql: Libsql, row: ConversationRow, exportedAt: EpochMs): AsyncGenerator<string> {
  yield markdownHead(row, exportedAt)
  for await (const rows of messagePages(libsql, row)) yield rows.map(markdownEntry).join("")
}

async function* jsonPieces(libsql: Libsql, row: ConversationRow, exportedAt: EpochMs): AsyncGenerator<string> {
  const { createdAt, lastActivityAt, archivedAt, version: _, ...shown } = row
  const conversation = {
    ...shown,
    createdAt: toRfc3339(createdAt),
    lastActivityAt: toRfc3339(lastActivityAt),
    archivedAt: archivedAt === null ? null : toRfc3339(archivedAt),
  }
  yield `{"exportedAt":"${toRfc3339(exportedAt)}","conversation":${JSON.stringify(conversation)}`
  yield* jsonList("messages", messagePages(libsql, row), messageRecord)
  const { id } = row
  const turns = pages((after: Parameters<typeof listTurnsFrom>[2]["after"]) =>
    listTurnsFrom(libsql, id, { limit: rowsAtOnce, after }),
  )
  yield* jsonList("turns", turns, (turn) => ({
    ...turn,
    startedAt: toRfc3339(turn.startedAt),
    endedAt: turn.endedAt === null ? null : toRfc3339(turn.endedAt),
  }))
  const calls = pages((after: { id: string } | undefined) =>
    listModelCallsFrom(libsql, id, { limit: rowsAtOnce, after: after?.id }),
  )
  yield* jsonList("modelCalls", calls, (call) => ({ ...call, startedAt: toRfc3339(call.startedAt) }))
  const deliveries = pages((after: Parameters<typeof listDeliveriesFrom>[2]["after"]) =>
    listDeliveriesFrom(libsql, id, { limit: rowsAtOnce, after }),
  )
  yield* jsonList("deliveries", deliveries, (delivery) => ({
    ...delivery,
    createdAt: toRfc3339(delivery.createdAt),
    updatedAt: toRfc3339(delivery.updatedAt),
  }))
  yield "}\n"
}

/** A provider's own reasoning is for that provider alone. */
function messageRecord(row: MessageRow) {
  const { id, turnId, position, role, blocks, source, tainted, createdAt } = row
  const record = { id, turnId, position, role, source, tainted }
  return { ...record, blocks: blocks.filter(({ type }) => type !== "thinking"), createdAt: toRfc3339(createdAt) }
}

async function* jsonList<Row>(
  name: string,
  rowPages: AsyncIterable<readonly Row[]>,
  record: (row: Row) => unknown,
): AsyncGenerator<string> {
  yield `,"${name}":[`
  let separator = "\n"
  for await (const rows of rowPages) {
    yield rows
      .map((row) => {
        const piece = separator + JSON.stringify(record(row))
        separator = ",\n"
        return piece
      })
      .join("")
  }
  yield "]"
}

async function* messagePages(libsql: Libsql, { id }: ConversationRow): AsyncGenerator<MessageRow[]> {
  let after = -1
  for (;;) {
    const page = await listMessagesFrom(libsql, id, { limit: rowsAtOnce, after })
    if (page.rows.length > 0) yield page.rows
    if (!page.hasMore) return
    after = page.rows.at(-1)?.position ?? after
  }
}

async function* pages<Row>(read: (after: Row | undefined) => Promise<Row[]>): AsyncGenerator<Row[]> {
  let after: Row | undefined
  for (;;) {
    const rows = await read(after)
    if (rows.length > 0) yield rows
    if (rows.length < rowsAtOnce) return
    after = rows.at(-1)
  }
}

/** Asks for the next piece when the client has taken the last one. */
export function toStream(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done === true) controller.close()
        else if (value !== "") controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
