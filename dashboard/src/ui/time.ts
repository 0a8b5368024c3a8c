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

/** How long something took: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
