/** The running day and month of the operator's calendar, in which spending is summed. */
import * as z from "zod"
import { dayOf, daySpans } from "../usage/days.ts"
import { EpochMs, toEpochMs } from "../units.ts"

export const Window = z.object({ startsAt: EpochMs, endsAt: EpochMs })
export type Window = z.infer<typeof Window>
export const Windows = z.object({ day: Window, month: Window })
export type Windows = z.infer<typeof Windows>

/**
 * The windows in which `now` falls: those that run until they end, even if the time zone has changed meanwhile; then those of
 * the zone's calendar. What follows a window of another zone begins at its end, so that no instant is in two windows or none.
 * @param before - the windows so far; undefined at the very beginning
 */
export function windowsAt(now: EpochMs, timeZone: string, before: Windows | undefined): Windows {
  if (before !== undefined && now < before.day.endsAt && now < before.month.endsAt) return before
  const today = dayOf(now, timeZone)
  const [day] = daySpans(today, today, timeZone)
  const [first] = daySpans(`${today.slice(0, 8)}01`, `${today.slice(0, 8)}01`, timeZone)
  const nextMonth = firstOfNextMonth(today)
  const [next] = daySpans(nextMonth, nextMonth, timeZone)
  return {
    day: follow(before?.day, now, { startsAt: day?.startsAt ?? now, endsAt: day?.endsAt ?? now }),
    month: follow(before?.month, now, { startsAt: first?.startsAt ?? now, endsAt: next?.startsAt ?? now }),
  }
}

function follow(before: Window | undefined, now: EpochMs, calendar: Window): Window {
  if (before === undefined) return calendar
  if (now < before.endsAt) return before
  return { ...calendar, startsAt: toEpochMs(Math.max(calendar.startsAt, before.endsAt)) }
}

function firstOfNextMonth(day: string): string {
  const [year = 0, month = 0] = day.split("-").map(Number)
  const at = month === 12 ? [year + 1, 1] : [year, month + 1]
  return `${String(at[0]).padStart(4, "0")}-${String(at[1]).padStart(2, "0")}-01`
}
