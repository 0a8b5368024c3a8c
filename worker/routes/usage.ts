/** What calls of models used, read from libSQL. Costs are unknown until calls have prices. */
import {
  exportCalls,
  getDailyUsage,
  getGroupStats,
  getModelUsage,
  getUsage,
  getUsageByConversation,
  getUsageByGroup,
  listCalls,
  maxDays,
} from "../../core/api/usage.ts"
import { LoopError } from "../../core/errors.ts"
import type { Usage } from "../../core/model/call.ts"
import type { ModelCallRow } from "../../core/projection.ts"
import { after, EpochMs, type GroupId, toRfc3339, toEpochMs } from "../../core/units.ts"
import { addDays, dayOf, daySpans } from "../../core/usage/days.ts"
import { findGroup, listGroupNames } from "../../adapters/store/agents.ts"
import { globalTerms, groupTerms } from "../../adapters/store/budgets.ts"
import { countRuns } from "../../adapters/store/runs.ts"
import { readSettings } from "../../adapters/store/settings.ts"
import * as store from "../../adapters/store/usage.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder, bindFile } from "../http/bind.ts"
import { toLimitsView } from "./budgets.ts"
import { callsFile } from "./calls-file.ts"

const defaultDays = 30
const dayMs = 24 * 60 * 60_000

export function bindUsage(binder: Binder, deps: EdgeDeps): void {
  bind(binder, getUsage, async ({ query }) => toView(await store.sumUsage(deps.libsql, query)))

  bind(binder, getDailyUsage, async ({ query }) => {
    const { groupId } = query
    const timeZone = await zoneOf(query)
    const last = query.to ?? dayOf(deps.now(), timeZone)
    const first = query.from ?? addDays(last, 1 - defaultDays)
    if (first > last) throw new LoopError("invalid_query", { message: "from is later than to.", field: "from" })
    if (first < addDays(last, 1 - maxDays)) {
      throw new LoopError("invalid_query", { message: `At most ${maxDays} days are told at once.`, field: "from" })
    }
    const spans = daySpans(first, last, timeZone)
    const sums = await store.sumUsageBySpan(deps.libsql, spans, groupId)
    return { timeZone, data: sums.flatMap((sum, index) => ({ day: spans[index]?.day ?? first, ...toView(sum) })) }
  })

  bind(binder, getModelUsage, async ({ query }) => {
    const sums = await store.sumUsageByModel(deps.libsql, query)
    return { data: sums.map((sum) => ({ model: sum.model, ...toView(sum) })) }
  })

  bind(binder, getUsageByGroup, async ({ query }) => {
    const [sums, names] = await Promise.all([store.sumUsageByGroup(deps.libsql, query), listGroupNames(deps.libsql)])
    const nameOf = (groupId: GroupId | null) => (groupId === null ? null : (names.get(groupId) ?? null))
    return { data: sums.map((sum) => ({ groupId: sum.groupId, name: nameOf(sum.groupId), ...toView(sum) })) }
  })

  bind(binder, getUsageByConversation, async ({ query }) => {
    const sums = await store.sumUsageByConversation(deps.libsql, query)
    return { data: sums.map(({ conversationId, title, ...sum }) => ({ conversationId, title, ...toView(sum) })) }
  })

  bindFile(binder, exportCalls, async ({ query }) => callsFile(deps.libsql, query))

  bind(binder, listCalls, async ({ query }) => {
    const page = await store.listModelCalls(deps.libsql, query)
    const last = page.hasMore ? page.rows.at(-1) : undefined
    return { data: page.rows.map(toCallView), nextCursor: last === undefined ? null : store.callCursor(last) }
  })

  bind(binder, getGroupStats, async ({ params: { groupId }, query }) => {
    const now = deps.now()
    const timeZone = await zoneOf(query)
    const today = dayOf(now, timeZone)
    const [ofDay] = daySpans(today, today, timeZone)
    const firstOfMonth = `${today.slice(0, 8)}01`
    const [ofMonth] = daySpans(firstOfMonth, firstOfMonth, timeZone)
    const [group, [day, month, total], runs] = await Promise.all([
      findGroup(deps.libsql, groupId),
      store.sumUsageBySpan(
        deps.libsql,
        [ofDay, ofMonth, undefined].map((span) => since(span?.startsAt)),
        groupId,
      ),
      countRuns(deps.libsql, groupId, toEpochMs(Math.max(0, now - defaultDays * dayMs))),
    ])
    if (group === undefined) throw new LoopError("group_not_found")
    const none = { done: 0, failed: 0, interrupted: 0, running: 0, waiting: 0 }
    const counted = Object.fromEntries(runs.map(({ status, runs: count }) => [status, count]))
    const lastRunAt = Math.max(0, ...runs.map(({ last }) => last))
    return {
      groupId,
      today: toView(day),
      thisMonth: toView(month),
      total: toView(total),
      budget: toLimitsView(groupTerms(group).limits),
      runs: { ...none, ...counted },
      lastRunAt: lastRunAt === 0 ? null : toRfc3339(EpochMs.parse(lastRunAt)),
    }
  })

  /** In which budgets count, unless another is asked for. */
  async function zoneOf({ timeZone }: { readonly timeZone?: string | undefined }): Promise<string> {
    return timeZone ?? globalTerms(await readSettings(deps.libsql, "gateway")).timeZone
  }

  /** To the end of the quarter of an hour in which it is now. */
  function since(startsAt: EpochMs = EpochMs.parse(0)) {
    return { startsAt, endsAt: after(deps.now(), 1) }
  }
}

const nothingUsed: store.UsageSum = {
  calls: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  costMicroUsd: 0,
  unpricedCalls: 0,
}

function toView(sum: store.UsageSum = nothingUsed) {
  const { calls, costMicroUsd, unpricedCalls } = sum
  return {
    calls,
    tokens: toTokens(sum),
    costMicroUsd: calls > 0 && unpricedCalls === calls ? null : costMicroUsd,
    unpricedCalls,
  }
}

function toTokens({ inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens }: Usage) {
  return {
    input: inputTokens,
    cacheRead: cacheReadTokens,
    cacheWrite: cacheWriteTokens,
    output: outputTokens,
    total: inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens,
  }
}

function toCallView(row: ModelCallRow) {
  return { ...row, tokens: toTokens(row), startedAt: toRfc3339(row.startedAt) }
}
