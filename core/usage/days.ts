/** The days of a time zone as stretches of time. Pure: the zone's rules are those of ECMA-402. */
import * as z from "zod"
import { type EpochMs, toEpochMs } from "../units.ts"

/** A day of a calendar, `2026-11-21`. */
export const Day = z.iso.date()
export type Day = z.infer<typeof Day>

/** An IANA name that this host knows the rules of. */
export const TimeZone = z
  .string()
  .max(100)
  .refine(isTimeZone, "is no time zone: give an IANA name such as Europe/Berlin")

/** Every zone's offset is a multiple of it (IANA tz database, since 1972). */
export const quarterMs = 15 * 60_000
const hourMs = 60 * 60_000
/** Offsets run from -12 to +14 hours. */
const mostOffsetMs = 15 * hourMs

export interface DaySpan {
  readonly day: Day
  readonly startsAt: EpochMs
  /** The next day's first instant: 23, 24 or 25 hours later, as clocks change. */
  readonly endsAt: EpochMs
}

/** The day on which `at` falls. */
export function dayOf(at: EpochMs, timeZone: string): Day {
  return formatOf(timeZone)(at)
}

/** The day `days` days after `day`, before it when negative. */
export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 24 * hourMs).toISOString().slice(0, 10)
}

/** All days from `first` to `last`, both among them; none when `last` is earlier. */
export function daySpans(first: Day, last: Day, timeZone: string): DaySpan[] {
  const toDay = formatOf(timeZone)
  const spans: DaySpan[] = []
  let startsAt = startOf(first, toDay)
  for (let day = first; day <= last; day = addDays(day, 1)) {
    const endsAt = startOf(addDays(day, 1), toDay)
    spans.push({ day, startsAt, endsAt })
    startsAt = endsAt
  }
  return spans
}

/** The first instant that is not before the day: where clocks skip midnight, the day begins later. */
function startOf(day: Day, toDay: (at: number) => Day): EpochMs {
  const midnight = Date.parse(`${day}T00:00:00Z`)
  let before = Math.max(0, midnight - mostOffsetMs) - quarterMs
  let from = midnight + mostOffsetMs
  while (from - before > quarterMs) {
    const middle = before + Math.floor((from - before) / quarterMs / 2) * quarterMs
    if (toDay(middle) < day) before = middle
    else from = middle
  }
  return toEpochMs(Math.max(0, from))
}

function formatOf(timeZone: string): (at: number) => Day {
  const parts = new Intl.DateTimeFormat("en-CA-u-ca-iso8601-nu-latn", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  })
  return (at) => {
    const values = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]))
    return `${(values["year"] ?? "").padStart(4, "0")}-${values["month"]}-${values["day"]}`
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== ""
  } catch {
    return false
  }
}
