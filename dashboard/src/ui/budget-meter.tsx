/** How much of a limit is spent, as a bar that changes its colour at 80 %. */
export function BudgetMeter({
  label,
  spent,
  limit,
}: {
  readonly label: string
  readonly spent: number
  readonly limit: number
}) {
  return <meter min={0} max={limit} high={limit * 0.8} optimum={0} value={Math.min(limit, spent)} aria-label={label} />
}
