/** What calls of models used: sums from the table of quarters of an hour, and the calls one by one. */
import { type SQL, and, desc, eq, gte, lt, sql } from "drizzle-orm"
import type { SQLiteColumn } from "drizzle-orm/sqlite-core"
import * as z from "zod"
import { LoopError } from "../../core/errors.ts"
import { ModelCallRow } from "../../core/projection.ts"
import { ConversationId, type EpochMs, GroupId, type TurnId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { type ListOptions, cutPage } from "./page.ts"
import { build, parseRows, statement } from "./query.ts"
import type { Page } from "./rows.ts"
import { modelCalls, modelUsage } from "./schema.ts"

/** Sums count whole quarters of an hour: those that begin in the stretch. */
export interface UsageFilter {
  /** At or after this instant. */
  readonly from?: EpochMs | undefined
  /** Before this instant. */
  readonly to?: EpochMs | undefined
  readonly groupId?: GroupId | undefined
}

const tokens = z.number().int().nonnegative()
export const UsageSum = z.object({
  calls: tokens,
  inputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  outputTokens: tokens,
  /** Of the calls whose cost is known. */
  costMicroUsd: tokens,
  /** Calls whose cost is not known. */
  unpricedCalls: tokens,
})
export type UsageSum = z.infer<typeof UsageSum>

const sums = {
  calls: sql<number>`coalesce(sum(${modelUsage.calls}), 0)`.as("calls"),
  inputTokens: sql<number>`coalesce(sum(${modelUsage.inputTokens}), 0)`.as("inputTokens"),
  cacheReadTokens: sql<number>`coalesce(sum(${modelUsage.cacheReadTokens}), 0)`.as("cacheReadTokens"),
  cacheWriteTokens: sql<number>`coalesce(sum(${modelUsage.cacheWriteTokens}), 0)`.as("cacheWriteTokens"),
  outputTokens: sql<number>`coalesce(sum(${modelUsage.outputTokens}), 0)`.as("outputTokens"),
  costMicroUsd: sql<number>`coalesce(sum(${modelUsage.costMicroUsd}), 0)`.as("costMicroUsd"),
  unpricedCalls: sql<number>`coalesce(sum(${modelUsage.unpricedCalls}), 0)`.as("unpricedCalls"),
}

export async function sumUsage(libsql: Libsql, filter: UsageFilter): Promise<UsageSum> {
  const [found] = await libsql.read([statement(build.select(sums).from(modelUsage).where(usageCondition(filter)))])
  return UsageSum.parse(found?.rows[0])
}

const ModelSum = UsageSum.extend({ model: z.string() })

/** By model, the one with the most tokens first. */
export async function sumUsageByModel(libsql: Libsql, filter: UsageFilter): Promise<z.infer<typeof ModelSum>[]> {
  const [found] = await libsql.read([
    statement(
      build
        .select({ model: modelUsage.model, ...sums })
        .from(modelUsage)
        .where(usageCondition(filter))
        .groupBy(modelUsage.model)
        .orderBy(
          sql`sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) desc`,
          modelUsage.model,
        ),
    ),
  ])
  return z.array(ModelSum).parse(found?.rows ?? [])
}

const GroupSum = UsageSum.extend({ groupId: GroupId.or(z.literal("")).transform((id) => (id === "" ? null : id)) })

/** By group, the one with the most tokens first; null: calls of no group. */
export async function sumUsageByGroup(libsql: Libsql, filter: UsageFilter): Promise<z.infer<typeof GroupSum>[]> {
  const [found] = await libsql.read([
    statement(
      build
        .select({ groupId: sql<string>`${modelUsage.groupId}`.as("groupId"), ...sums })
        .from(modelUsage)
        .where(usageCondition(filter))
        .groupBy(modelUsage.groupId)
        .orderBy(
          sql`sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) desc`,
          modelUsage.groupId,
        ),
    ),
  ])
  return z.array(GroupSum).parse(found?.rows ?? [])
}

const ConversationSum = UsageSum.extend({ conversationId: ConversationId, title: z.string().nullable() })

/** By conversation, the one with the most tokens first, at most `limit`. To the millisecond. Erased ones are not among them. */
export async function sumUsageByConversation(
  libsql: Libsql,
  { from, to, groupId, limit }: UsageFilter & { readonly limit: number },
): Promise<z.infer<typeof ConversationSum>[]> {
  const { startedAt } = modelCalls
  const total = (column: SQLiteColumn, name: string) => sql<number>`sum(${column})`.as(name)
  const [found] = await libsql.read([
    statement(
      build
        .select({
          conversationId: sql<string>`${modelCalls.conversationId}`.as("conversationId"),
          title: sql<string | null>`(select title from conversations where id = ${modelCalls.conversationId})`.as(
            "title",
          ),
          calls: sql<number>`count(*)`.as("calls"),
          inputTokens: total(modelCalls.inputTokens, "inputTokens"),
          cacheReadTokens: total(modelCalls.cacheReadTokens, "cacheReadTokens"),
          cacheWriteTokens: total(modelCalls.cacheWriteTokens, "cacheWriteTokens"),
          outputTokens: total(modelCalls.outputTokens, "outputTokens"),
          costMicroUsd: sql<number>`coalesce(sum(${modelCalls.costMicroUsd}), 0)`.as("costMicroUsd"),
          unpricedCalls: sql<number>`sum(${modelCalls.costMicroUsd} is null)`.as("unpricedCalls"),
        })
        .from(modelCalls)
        .where(
          and(
            from === undefined ? undefined : gte(startedAt, from),
            to === undefined ? undefined : lt(startedAt, to),
            groupId === undefined ? undefined : eq(modelCalls.groupId, groupId),
          ),
        )
        .groupBy(modelCalls.conversationId)
        .orderBy(
          sql`sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) desc`,
          modelCalls.conversationId,
        )
        .limit(limit),
    ),
  ])
  return z.array(ConversationSum).parse(found?.rows ?? [])
}

/** One sum for each stretch of time, in their order. */
export async function sumUsageBySpan(
  libsql: Libsql,
  spans: readonly { readonly startsAt: EpochMs; readonly endsAt: EpochMs }[],
  groupId: GroupId | undefined,
): Promise<UsageSum[]> {
  const given = JSON.stringify(spans.map(({ startsAt, endsAt }) => [startsAt, endsAt]))
  const [found] = await libsql.read([
    statement(
      build
        .select({ place: sql<number>`span.key`.as("place"), ...sums })
        .from(sql`json_each(${given}) as span`)
        .leftJoin(
          modelUsage,
          and(
            gte(modelUsage.quarterStartsAt, sql`span.value ->> 0`),
            lt(modelUsage.quarterStartsAt, sql`span.value ->> 1`),
            usageCondition({ groupId }),
          ),
        )
        .groupBy(sql`span.key`)
        .orderBy(sql`span.key`),
    ),
  ])
  return z.array(UsageSum).parse(found?.rows ?? [])
}

export interface CallListOptions extends ListOptions<string> {
  readonly model?: string | undefined
  readonly groupId?: GroupId | undefined
  readonly conversationId?: ConversationId | undefined
  readonly turnId?: TurnId | undefined
  /** At or after this instant. */
  readonly from?: EpochMs | undefined
  /** Before this instant. */
  readonly to?: EpochMs | undefined
}

/**
 * Calls one by one, the newest first. Those of erased conversations are not among them.
 * @param options - `after`: the `callCursor` of the last call before, which need not be there any more
 * @throws LoopError `invalid_cursor` when `after` is none
 */
export async function listModelCalls(libsql: Libsql, options: CallListOptions): Promise<Page<ModelCallRow>> {
  const { limit, after, model, groupId, conversationId, turnId, from, to } = options
  const { startedAt, id } = modelCalls
  const behind = after === undefined ? undefined : readCursor(after)
  const condition = and(
    model === undefined ? undefined : eq(modelCalls.model, model),
    groupId === undefined ? undefined : eq(modelCalls.groupId, groupId),
    conversationId === undefined ? undefined : ofConversation(conversationId),
    turnId === undefined ? undefined : ofTurn(turnId),
    from === undefined ? undefined : gte(startedAt, from),
    to === undefined ? undefined : lt(startedAt, to),
    behind === undefined ? undefined : sql`(${startedAt}, ${id}) < (${behind.startedAt}, ${behind.id})`,
  )
  const [found] = await libsql.read([
    statement(
      build
        .select()
        .from(modelCalls)
        .where(condition)
        .orderBy(desc(startedAt), desc(id))
        .limit(limit + 1),
    ),
  ])
  return cutPage(parseRows(modelCalls, ModelCallRow, found), limit)
}

/** A place in the list of calls. It holds what calls are in order of, so that a list goes on though its conversation was erased. */
export function callCursor({ startedAt, id }: Pick<ModelCallRow, "startedAt" | "id">): string {
  return `${startedAt}.${id}`
}

function readCursor(cursor: string): { startedAt: number; id: string } {
  const [, startedAt, id] = /^(\d{1,15})\.(.+)$/.exec(cursor) ?? []
  if (startedAt === undefined || id === undefined) throw new LoopError("invalid_cursor")
  return { startedAt: Number(startedAt), id }
}

/** A conversation's calls behind another one, in the order of their ids. */
export async function listModelCallsFrom(
  libsql: Libsql,
  conversationId: ConversationId,
  options: { readonly limit: number; readonly after: string | undefined },
): Promise<ModelCallRow[]> {
  const { limit, after = "" } = options
  const behind = and(ofConversation(conversationId), sql`${modelCalls.id} > ${after}`)
  const [found] = await libsql.read([
    statement(build.select().from(modelCalls).where(behind).orderBy(modelCalls.id).limit(limit)),
  ])
  return parseRows(modelCalls, ModelCallRow, found)
}

/** The id of a call begins with that of its turn, and that with the conversation's: "`" is the character behind "_". */
function ofConversation(id: ConversationId): SQL | undefined {
  return and(gte(modelCalls.id, `turn_${id}_`), lt(modelCalls.id, `turn_${id}\``))
}

/** The ids of its calls lie together, and with them those of turns whose number begins as its own does. */
function ofTurn(id: TurnId): SQL | undefined {
  return and(gte(modelCalls.id, id), lt(modelCalls.id, `${id}\``), eq(modelCalls.turnId, id))
}

function usageCondition({ from, to, groupId }: UsageFilter): SQL | undefined {
  return and(
    from === undefined ? undefined : gte(modelUsage.quarterStartsAt, from),
    to === undefined ? undefined : lt(modelUsage.quarterStartsAt, to),
    groupId === undefined ? undefined : eq(modelUsage.groupId, groupId),
  )
}
