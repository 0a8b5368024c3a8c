/** What calls of models used: by day and by model. */
import { useCallback, useState } from "react"
import type { UsageView } from "../../../core/api/usage.ts"
import { exportCalls, getDailyUsage, getModelUsage, getUsageByGroup } from "../../../core/api/usage.ts"
import { toUrl } from "../../../core/api/endpoint.ts"
import { listAgentGroups } from "../../../core/api/agents.ts"
import { EpochMs } from "../../../core/units.ts"
import { addDays, dayOf, daySpans } from "../../../core/usage/days.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { useTitle } from "../router.ts"
import { Bars, short } from "../ui/bars.tsx"
import { Choice } from "../ui/choice.tsx"
import { Empty } from "../ui/empty.tsx"
import { showMoney } from "../ui/money.ts"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { useLoaded } from "../ui/use-call.ts"
import { BudgetsCard } from "./budgets-card.tsx"

const everyMs = 60_000
const readGroups = () => readAll((query) => call(listAgentGroups, { query }))

const kinds = ["Input", "From the cache", "Into the cache", "Output"] as const
const partsOf = ({ tokens }: UsageView) => [tokens.input, tokens.cacheRead, tokens.cacheWrite, tokens.output]

async function read(days: number, timeZone: string, groupId: string) {
  const group = groupId === "" ? {} : { groupId }
  const to = dayOf(EpochMs.parse(Date.now()), timeZone)
  const from = addDays(to, 1 - days)
  const [first] = daySpans(from, from, timeZone)
  const since = first === undefined ? {} : { from: new Date(first.startsAt).toISOString() }
  const [daily, models, groups] = await Promise.all([
    call(getDailyUsage, { query: { timeZone, from, to, ...group } }),
    call(getModelUsage, { query: { ...since, ...group } }),
    call(getUsageByGroup, { query: since }),
  ])
  const ofGroup = groups.data.filter((one) => groupId === "" || one.groupId === groupId)
  return {
    daily: daily.data,
    models: models.data,
    groups: ofGroup,
    file: toUrl(exportCalls.path, {}, { ...since, ...group }),
  }
}

export default function UsagePage() {
  useTitle("Usage")
  const [days, setDays] = useState<"7" | "30" | "90">("30")
  const [groupId, setGroupId] = useState("")
  const [groups] = useLoaded(readGroups)
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const [loaded] = useLoaded(
    useCallback(() => read(Number(days), timeZone, groupId), [days, timeZone, groupId]),
    everyMs,
  )
  return (
    <div className="page">
      <PageHead title="Usage" />
      <div className="page-body">
        <div className="filters">
          <Choice
            label="Days"
            value={days}
            options={[
              ["7", "Last 7 days"],
              ["30", "Last 30 days"],
              ["90", "Last 90 days"],
            ]}
            onChange={setDays}
          />
          {groups.is === "ready" && groups.value.length > 0 && (
            <Choice
              label="Agent group"
              value={groupId}
              options={[["", "All"] as const, ...groups.value.map(({ id, name }) => [id, name] as const)]}
              onChange={setGroupId}
            />
          )}
        </div>
        <BudgetsCard />
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {loaded.is === "ready" && <Shown {...loaded.value} timeZone={timeZone} />}
      </div>
    </div>
  )
}

function Shown({
  daily,
  models,
  groups,
  file,
  timeZone,
}: Awaited<ReturnType<typeof read>> & { readonly timeZone: string }) {
  const sum = (of: (day: UsageView) => number) => daily.reduce((all, day) => all + of(day), 0)
  const calls = sum((day) => day.calls)
  if (calls === 0) return <Empty icon="bars">No model was called in these days.</Empty>
  const input = sum(({ tokens }) => tokens.input + tokens.cacheRead + tokens.cacheWrite)
  const cached = sum(({ tokens }) => tokens.cacheRead)
  const facts = [
    { label: "Model calls", value: calls.toLocaleString() },
    {
      label: "Tokens in",
      value: short(input),
      note: `${Math.round((cached / Math.max(1, input)) * 100)} % from caches`,
    },
    { label: "Tokens out", value: short(sum(({ tokens }) => tokens.output)) },
    { label: "Cost", ...costOf(sum) },
  ]
  return (
    <>
      <dl className="facts">
        {facts.map(({ label, value, note }) => (
          <div key={label} className="card">
            <dt>{label}</dt>
            <dd>{value}</dd>
            {note !== undefined && <dd className="hint">{note}</dd>}
          </div>
        ))}
      </dl>
      <section className="card chart" aria-label="Tokens by day">
        <div className="card-head">
          <h2>Tokens by day</h2>
          <ul className="legend" aria-hidden="true">
            {kinds.map((kind, place) => (
              <li key={kind}>
                <svg viewBox="0 0 10 10">
                  <rect className={`bars-part-${place}`} width="10" height="10" rx="2" />
                </svg>
                {kind}
              </li>
            ))}
          </ul>
        </div>
        <Bars bars={daily.map((one) => ({ label: dayName(one.day), parts: partsOf(one), total: one.tokens.total }))} />
        <details className="more">
          <summary>As a table</summary>
          <UsageTable
            caption={`Days of ${timeZone}`}
            first="Day"
            rows={daily.toReversed().map((one) => ({ name: one.day, used: one }))}
          />
        </details>
      </section>
      <section className="card chart" aria-label="By model">
        <h2>By model</h2>
        <UsageTable first="Model" rows={models.map((one) => ({ name: one.model, used: one }))} />
      </section>
      <section className="card chart" aria-label="By agent group">
        <h2>By agent group</h2>
        <UsageTable
          first="Agent group"
          rows={groups.map((one) => ({
            key: one.groupId ?? "",
            name: one.name ?? (one.groupId === null ? "No group" : "A deleted group"),
            used: one,
          }))}
        />
      </section>
      <p>
        <a href={file} download>
          Every call as a file (CSV)
        </a>
      </p>
    </>
  )
}

function UsageTable({
  first,
  caption,
  rows,
}: {
  readonly first: string
  readonly caption?: string
  readonly rows: readonly { readonly key?: string; readonly name: string; readonly used: UsageView }[]
}) {
  return (
    <section className="table-frame" aria-label={`Usage, ${first}`} tabIndex={0}>
      <table className="table">
        {caption !== undefined && <caption className="hint">{caption}</caption>}
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {["Calls", ...kinds, "Cost"].map((name) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, key = name, used }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td className="number">{used.calls.toLocaleString()}</td>
              {partsOf(used).map((part, place) => (
                <td key={kinds[place]} className="number">
                  {part.toLocaleString()}
                </td>
              ))}
              <td className="number">{used.costMicroUsd === null ? "unknown" : showMoney(used.costMicroUsd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** What is known of it, and how much is not. */
function costOf(sum: (of: (day: UsageView) => number) => number): { value: string; note?: string } {
  const unpriced = sum((day) => day.unpricedCalls)
  if (unpriced > 0 && unpriced === sum((day) => day.calls))
    return { value: "unknown", note: "No price of these models is known." }
  const value = showMoney(sum((day) => day.costMicroUsd ?? 0))
  return unpriced === 0 ? { value } : { value, note: `and ${unpriced.toLocaleString()} calls of unknown price` }
}

/** Of a calendar's day, wherever it is read. */
function dayName(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" })
}
