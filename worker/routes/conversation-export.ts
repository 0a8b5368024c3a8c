/** The whole record of a conversation as a file, read page by page as fast as the client takes it: never in memory at once. */
import { markdownEntry, markdownHead } from "../../core/conversations/markdown.ts"
import { isLoopError } from "../../core/errors.ts"
import type { ToolResultBlock } from "../../core/model/message.ts"
import type { ConversationRow, MessageRow } from "../../core/projection.ts"
import { type EpochMs, toRfc3339 } from "../../core/units.ts"
import { listMessagesFrom } from "../../adapters/store/conversations.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { listDeliveriesFrom, listTurnsFrom } from "../../adapters/store/runs.ts"
import { listModelCallsFrom } from "../../adapters/store/usage.ts"
import type { Peer } from "../../durable-objects/peers.ts"
import type { FileAnswer } from "../http/bind.ts"

const rowsAtOnce = 100

/** What a file is made of: the record, and the conversation that keeps long outputs beside it. */
export interface ExportSource {
  readonly libsql: Libsql
  readonly conversation: Keeper
}
type Keeper = Pick<Peer<"conversation">, "call">

/** An output that is on record in part, where it is still kept whole. */
export async function readWhole(keeper: Keeper, { whole }: ToolResultBlock): Promise<string | undefined> {
  if (whole === undefined) return undefined
  try {
    return (await keeper.call("keptOutput", { sha256: whole.sha256 })).text ?? undefined
  } catch (error) {
    // Erased meanwhile, or away: what is on record has been read, and is not held back for it.
    if (isLoopError(error)) return undefined
    throw error
  }
}

export function exportFile(
  source: ExportSource,
  row: ConversationRow,
  format: "markdown" | "json",
  exportedAt: EpochMs,
): FileAnswer {
  switch (format) {
    case "markdown":
      return { type: "text/markdown", name: `${row.id}.md`, body: toStream(markdownPieces(source, row, exportedAt)) }
    case "json":
      return { type: "application/json", name: `${row.id}.json`, body: toStream(jsonPieces(source, row, exportedAt)) }
  }
}

async function* markdownPieces(
  source: ExportSource,
  row: ConversationRow,
  exportedAt: EpochMs,
): AsyncGenerator<string> {
  yield markdownHead(row, exportedAt)
  for await (const rows of messagePages(source, row)) yield rows.map(markdownEntry).join("")
}

async function* jsonPieces(source: ExportSource, row: ConversationRow, exportedAt: EpochMs): AsyncGenerator<string> {
  const { libsql } = source
  const { createdAt, lastActivityAt, archivedAt, version: _, ...shown } = row
  const conversation = {
    ...shown,
    createdAt: toRfc3339(createdAt),
    lastActivityAt: toRfc3339(lastActivityAt),
    archivedAt: archivedAt === null ? null : toRfc3339(archivedAt),
  }
  yield `{"exportedAt":"${toRfc3339(exportedAt)}","conversation":${JSON.stringify(conversation)}`
  yield* jsonList("messages", messagePages(source, row), messageRecord)
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

/** With outputs as whole as they are kept; an entry that has such a one comes alone, since a hundred of them are too much at once. */
async function* messagePages(
  { libsql, conversation }: ExportSource,
  { id }: ConversationRow,
): AsyncGenerator<MessageRow[]> {
  let after = -1
  for (;;) {
    const page = await listMessagesFrom(libsql, id, { limit: rowsAtOnce, after })
    let plain: MessageRow[] = []
    for (const row of page.rows) {
      if (!row.blocks.some(isPart)) {
        plain.push(row)
        continue
      }
      if (plain.length > 0) yield plain
      plain = []
      yield [{ ...row, blocks: await Promise.all(row.blocks.map((block) => completed(conversation, block))) }]
    }
    if (plain.length > 0) yield plain
    if (!page.hasMore) return
    after = page.rows.at(-1)?.position ?? after
  }
}

type Block = MessageRow["blocks"][number]
const isPart = (block: Block) => block.type === "tool_result" && block.whole !== undefined

/** What is left of `whole` says that the text is a part. */
async function completed(keeper: Keeper, block: Block): Promise<Block> {
  if (block.type !== "tool_result") return block
  const text = await readWhole(keeper, block)
  const { whole: _, ...rest } = block
  return text === undefined ? block : { ...rest, text }
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
