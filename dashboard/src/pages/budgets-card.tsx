/** Every limit that is set, what is spent of it and when it begins anew. */
import type { BudgetView } from "../../../core/api/budgets.ts"
import { getBudgets } from "../../../core/api/budgets.ts"
import { call } from "../api/client.ts"
import { showMoney } from "../ui/money.ts"
import { Notice } from "../ui/notice.tsx"
import { useLoaded } from "../ui/use-call.ts"

const everyMs = 30_000
const read = () => call(getBudgets, {})

interface Row {
  readonly key: string
  readonly whose: string
  readonly what: string
  readonly limit: number
  readonly spent: number
  readonly reserved: number
  readonly endsAt: string
  readonly show: (value: number) => string
}

export function BudgetsCard() {
  const [loaded] = useLoaded(read, everyMs)
  if (loaded.is === "failed") return <Notice tone="bad">{loaded.message}</Notice>
  if (loaded.is !== "ready") return null
  const { data, day, month, timeZone } = loaded.value
  const rows = data.flatMap((budget) => rowsOf(budget, { day: day.endsAt, month: month.endsAt }))
  return (
    <section className="card chart" aria-label="Budgets">
      <h2>Budgets</h2>
      {rows.length === 0 ? (
        <p className="hint">No limit is set. Set them in the settings, or for an agent group.</p>
      ) : (
        <section className="table-frame" aria-label="Limits" tabIndex={0}>
          <table className="table">
            <caption className="hint">Days and months of {timeZone}.</caption>
            <thead>
              <tr>
                <th scope="col">Budget</th>
                <th scope="col">Used</th>
                <th scope="col" className="number">
                  Spent
                </th>
                <th scope="col" className="number">
                  Held for calls that run
                </th>
                <th scope="col" className="number">
                  Limit
                </th>
                <th scope="col">Begins anew</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.key}>
                  <th scope="row">
                    {row.whose}, {row.what}
                  </th>
                  <td>
                    <meter
                      min={0}
                      max={row.limit}
                      high={row.limit * 0.8}
                      optimum={0}
                      value={Math.min(row.limit, row.spent)}
                      aria-label={`${row.whose}, ${row.what}: used`}
                    />
                  </td>
                  <td className="number">{row.show(row.spent)}</td>
                  <td className="number">{row.show(row.reserved)}</td>
                  <td className="number">{row.show(row.limit)}</td>
                  <td>
                    <time dateTime={row.endsAt}>
                      {new Date(row.endsAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}
                    </time>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}

function rowsOf(budget: BudgetView, endsAt: Readonly<Record<"day" | "month", string>>): Row[] {
  const { limits, day, month } = budget
  const count = (value: number) => value.toLocaleString()
  const micro = (usd: number | null) => (usd === null ? null : Math.round(usd * 1_000_000))
  const all = [
    { what: "tokens a day", limit: limits.maxTokensDay, of: day, unit: "tokens", ends: endsAt.day },
    { what: "tokens a month", limit: limits.maxTokensMonth, of: month, unit: "tokens", ends: endsAt.month },
    { what: "dollars a day", limit: micro(limits.maxUsdDay), of: day, unit: "microUsd", ends: endsAt.day },
    { what: "dollars a month", limit: micro(limits.maxUsdMonth), of: month, unit: "microUsd", ends: endsAt.month },
  ] as const
  return all.flatMap(({ what, limit, of, unit, ends }) =>
    limit === null
      ? []
      : [
          {
            key: `${budget.scope} ${budget.id} ${what}`,
            whose: nameOf(budget),
            what,
            limit,
            spent: of.spent[unit],
            reserved: of.reserved[unit],
            endsAt: ends,
            show: unit === "tokens" ? count : showMoney,
          },
        ],
  )
}

function nameOf({ scope, name }: BudgetView): string {
  switch (scope) {
    case "global":
      return "All agents"
    case "group":
      return name ?? "A deleted group"
    case "conversation":
      return "One conversation"
  }
}
