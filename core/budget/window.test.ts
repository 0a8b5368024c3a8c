/** Days and months of the operator's calendar, over changed clocks and changed zones. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { EpochMs } from "../units.ts"
import { type Windows, windowsAt } from "./window.ts"

const at = (text: string) => EpochMs.parse(Date.parse(text))
const hours = ({ startsAt, endsAt }: { startsAt: number; endsAt: number }) => (endsAt - startsAt) / 3_600_000
const shown = ({ day, month }: Windows) =>
  [day.startsAt, day.endsAt, month.startsAt, month.endsAt].map((instant) => new Date(instant).toISOString())

describe("the windows of an instant", () => {
  test.each([
    ["UTC", "2026-11-21T15:00:00Z", "2026-11-21T00:00", "2026-11-22T00:00", "2026-11-01T00:00", "2026-12-01T00:00"],
    ["UTC", "2026-12-31T23:59:59Z", "2026-12-31T00:00", "2027-01-01T00:00", "2026-12-01T00:00", "2027-01-01T00:00"],
    ["UTC", "2028-02-29T00:00:00Z", "2028-02-29T00:00", "2028-03-01T00:00", "2028-02-01T00:00", "2028-03-01T00:00"],
    [
      "Asia/Kathmandu",
      "2026-11-21T18:15:00Z",
      "2026-11-21T18:15",
      "2026-11-22T18:15",
      "2026-10-31T18:15",
      "2026-11-30T18:15",
    ],
    [
      "America/New_York",
      "2026-11-01T03:59:00Z",
      "2026-10-31T04:00",
      "2026-11-01T04:00",
      "2026-10-01T04:00",
      "2026-11-01T04:00",
    ],
    // The month begins in winter time and ends in summer time.
    [
      "Europe/Berlin",
      "2026-03-29T12:00:00Z",
      "2026-03-28T23:00",
      "2026-03-29T22:00",
      "2026-02-28T23:00",
      "2026-03-31T22:00",
    ],
  ])("%s at %s", (zone, now, ...expected) => {
    expect(shown(windowsAt(at(now), zone, undefined))).toEqual(expected.map((text) => `${text}:00.000Z`))
  })

  test("a day has 23 hours when clocks go forward and 25 when they go back", () => {
    expect(hours(windowsAt(at("2026-03-29T12:00:00Z"), "Europe/Berlin", undefined).day)).toBe(23)
    expect(hours(windowsAt(at("2026-10-25T12:00:00Z"), "Europe/Berlin", undefined).day)).toBe(25)
  })
})

describe("another time zone", () => {
  const before = windowsAt(at("2026-11-21T15:00:00Z"), "UTC", undefined)

  test("changes nothing in the running day and month", () => {
    expect(windowsAt(at("2026-11-21T23:59:59Z"), "America/New_York", before)).toEqual(before)
  })

  test("begins its first day where the old one ended, and leaves the month to its end", () => {
    const next = windowsAt(at("2026-11-22T00:00:00Z"), "America/New_York", before)
    expect(shown(next).slice(0, 2)).toEqual(["2026-11-22T00:00:00.000Z", "2026-11-22T05:00:00.000Z"])
    expect(next.month).toEqual(before.month)
  })

  test("that is ahead goes on with the day that has begun there", () => {
    const next = windowsAt(at("2026-11-22T00:00:00Z"), "Asia/Tokyo", before)
    expect(shown(next).slice(0, 2)).toEqual(["2026-11-22T00:00:00.000Z", "2026-11-22T15:00:00.000Z"])
  })
})

test("over all zones and instants, windows hold their instant and never overlap", () => {
  const zones = fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
  )
  const steps = fc.array(fc.tuple(zones, fc.integer({ min: 0, max: 40 * 86_400_000 })), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(steps, (all) => {
      let now = at("2026-01-01T00:00:00Z")
      let before: Windows | undefined
      for (const [zone, ms] of all) {
        now = EpochMs.parse(now + ms)
        const windows: Windows = windowsAt(now, zone, before)
        for (const period of ["day", "month"] as const) {
          const window = windows[period]
          expect(window.startsAt).toBeLessThanOrEqual(now)
          expect(window.endsAt).toBeGreaterThan(now)
          const isNew = before !== undefined && before[period].startsAt !== window.startsAt
          if (before !== undefined && isNew) expect(window.startsAt).toBeGreaterThanOrEqual(before[period].endsAt)
        }
        before = windows
      }
    }),
    { numRuns: 100 },
  )
})
