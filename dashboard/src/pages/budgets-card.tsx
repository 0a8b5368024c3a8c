/** Every limit that is set, what is spent of it and when it begins anew. */
import type { BudgetView } from "../../../core/api/budgets.ts"
import { getBudgets } from "../../../core/api/budgets.ts"
import { call } from "../api/client.ts"
import { BudgetMeter } from "../ui/budget-meter.tsx"
import { Notice } from "../ui/notice.tsx"
import { useLoaded } from "../ui/use-call.ts"
import { budgetRows, showInstant } from "./budget-rows.ts"

const everyMs = 30_000
const read = () => call(getBudgets, {})

export function BudgetsCard() {
  const [loaded] = useLoaded(read, everyMs)
  if (loaded.is === "failed") return <Notice tone="bad">{loaded.message}</Notice>
  if (loaded.is !== "ready") return null
  const { data, day, month, timeZone } = loaded.value
  const rows = data.flatMap((budget) =>
    budgetRows(budget, { day, month }).map((row) => ({
      ...row,
      key: `${budget.scope} ${budget.id} ${row.name}`,
      whose: nameOf(budget),
    })),
  )
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
                    <p className="hint narrow-only">
                      {row.show(row.spent)} of {row.show(row.limit)}
                    </p>
                  </th>
                  <td>
                    <BudgetMeter label={`${row.whose}, ${row.what}: used`} spent={row.spent} limit={row.limit} />
                  </td>
                  <td className="number">{row.show(row.spent)}</td>
                  <td className="number">{row.show(row.reserved)}</td>
                  <td className="number">{row.show(row.limit)}</td>
                  <td>
                    <time dateTime={row.endsAt}>{showInstant(row.endsAt)}</time>
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
