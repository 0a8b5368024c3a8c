/** Money as people read it: two places, four below a dollar, and all six where four would show nothing. The exact number is the API's. */

/** @param microUsd - millionths of a US dollar */
export function showMoney(microUsd: number): string {
  const places = microUsd > 0 && microUsd < 100 ? 6 : microUsd > 0 && microUsd < 1_000_000 ? 4 : 2
  const dollars = (microUsd / 1_000_000).toLocaleString(undefined, {
    minimumFractionDigits: 2,
    maximumFractionDigits: places,
  })
  return `$${dollars}`
}
