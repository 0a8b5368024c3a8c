/** Dollars as people write them, and as whole millionths of a dollar: never through a fraction. */

/** A billion dollars. */
const most = 1_000_000_000_000_000
const microUsd = 1_000_000

/** Whole millionths of a decimal number of dollars with at most six places; null for any other number. */
export function toMicroUsd(usd: number): number | null {
  const [, whole, places = ""] = /^(\d{1,10})(?:\.(\d{1,6}))?$/.exec(plainDecimal(usd)) ?? []
  if (whole === undefined) return null
  const micro = Number(whole) * microUsd + Number(places.padEnd(6, "0"))
  return micro <= most ? micro : null
}

/** The number of dollars that {@link toMicroUsd} gives `micro` for. */
export function toUsd(micro: number): number {
  return micro / microUsd
}

/** `$12.50`, with all six places where there are more than two. */
export function showUsd(micro: number): string {
  const places = String(micro % microUsd).padStart(6, "0")
  const shown = places.endsWith("0000") ? places.slice(0, 2) : places.replace(/0+$/, "")
  return `$${Math.floor(micro / microUsd)}.${shown}`
}

/** JavaScript writes small numbers as 1e-7: those have more than six places anyway, save 0.000001 to 0.000009. */
function plainDecimal(usd: number): string {
  return usd > 0 && usd < 0.001 ? usd.toFixed(9).replace(/0+$/, "") : String(usd)
}
