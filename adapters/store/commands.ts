/** What runners were told to do, as a record: without what it was made of, and without what it gave. */
import { and, desc, eq, getTableColumns, type SQL, sql } from "drizzle-orm"
import * as z from "zod"
import { LoopError } from "../../core/errors.ts"
import { CommandId, RunnerId, WorkFailure } from "../../core/runner/command.ts"
import { CommandStatus } from "../../core/runner/fleet.ts"
import { ConversationId, EpochMs } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { cutPage, type ListOptions } from "./page.ts"
import { build, constant, parseRow, parseRows, statement } from "./query.ts"
import type { Page } from "./rows.ts"
import { commands } from "./schema.ts"
import { storable } from "./statement.ts"

export const CommandRow = z.object({
  id: CommandId,
  kind: z.string(),
  status: CommandStatus,
  runnerId: RunnerId.nullable(),
  conversationId: ConversationId.nullable(),
  correlationId: z.string().nullable(),
  failureCode: WorkFailure.shape.code.nullable(),
  createdAt: EpochMs,
  expiresAt: EpochMs,
  acceptedAt: EpochMs.nullable(),
  startedAt: EpochMs.nullable(),
  endedAt: EpochMs.nullable(),
  /** Grows with each change. */
  version: z.number().int().nonnegative(),
})
export type CommandRow = z.infer<typeof CommandRow>

export interface CommandListOptions extends ListOptions<CommandId> {
  readonly status?: CommandStatus | undefined
  readonly runnerId?: RunnerId | undefined
  readonly conversationId?: ConversationId | undefined
  readonly correlationId?: string | undefined
}

/** The newest first. @throws LoopError `invalid_cursor` when `after` names no command */
export async function listCommands(libsql: Libsql, options: CommandListOptions): Promise<Page<CommandRow>> {
  const { limit, after } = options
  const { createdAt, id } = commands
  const cursor = build
    .select({ createdAt, id })
    .from(commands)
    .where(eq(id, after ?? ""))
  const [found, place] = await libsql.read([
    statement(
      build
        .select()
        .from(commands)
        .where(and(condition(options), after === undefined ? undefined : sql`(${createdAt}, ${id}) < (${cursor})`))
        .orderBy(desc(createdAt), desc(id))
        .limit(limit + 1),
    ),
    statement(cursor),
  ])
  if (after !== undefined && place?.rows.length !== 1) throw new LoopError("invalid_cursor")
  return cutPage(parseRows(commands, CommandRow, found), limit)
}

function condition({ status, runnerId, conversationId, correlationId }: CommandListOptions): SQL | undefined {
  return and(
    status === undefined ? undefined : eq(commands.status, status),
    runnerId === undefined ? undefined : eq(commands.runnerId, runnerId),
    conversationId === undefined ? undefined : eq(commands.conversationId, conversationId),
    correlationId === undefined ? undefined : eq(commands.correlationId, correlationId),
  )
}

const selectCommand = constant("select * from commands where id = ?")

export async function findCommand(libsql: Libsql, id: CommandId): Promise<CommandRow | undefined> {
  const [found] = await libsql.read([selectCommand(id)])
  return parseRow(commands, CommandRow, found)
}

const columns = Object.entries(getTableColumns(commands))
const names = columns.map(([, column]) => column.name)
const changes = names.filter((name) => name !== "id").map((name) => `${name} = excluded.${name}`)
// Without a condition before it, SQLite would read `on conflict` as the condition of a join (sqlite.org/lang_upsert.html 3).
const upsert = constant(
  `insert into commands (${names.join(", ")}) select ${names.map((_, at) => `value ->> ${at}`).join(", ")}
   from json_each(?) where true on conflict (id) do update set ${changes.join(", ")}
   where excluded.version >= commands.version`,
)

/** Writes the rows; the same may come again, and older ones after newer. */
export async function recordCommands(libsql: Libsql, rows: readonly CommandRow[]): Promise<void> {
  const encoded = rows.map((row) => {
    const values = new Map<string, unknown>(Object.entries(row))
    return columns.map(([key]) => storable(values.get(key) ?? null))
  })
  await libsql.write([upsert(JSON.stringify(encoded))])
}

const forget = constant("delete from commands where conversation_id = ?")

/** The conversation is erased. */
export async function forgetCommands(libsql: Libsql, conversationId: ConversationId): Promise<void> {
  await libsql.write([forget(conversationId)])
}
