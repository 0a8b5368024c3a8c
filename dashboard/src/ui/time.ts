/** Instants as people say them. */

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** {@link ago}, from this moment. */
export function agoNow(instant: string): string {
  return ago(Date.parse(instant), Date.now())
}

/** How long ago, short: `now`, `5m`, `3h`, `2d`, then the date. */
export function ago(at: number, now: number): string {
  const passed = now - at
  if (passed < minuteMs) return "now"
  if (passed < hourMs) return `${Math.floor(passed / minuteMs)}m`
  if (passed < dayMs) return `${Math.floor(passed / hourMs)}h`
  if (passed < 7 * dayMs) return `${Math.floor(passed / dayMs)}d`
  return new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short" })
}
