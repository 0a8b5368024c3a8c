import { describe, expect, test } from "vitest"
import { EpochMs } from "../units.ts"
import { addDays, dayOf, daySpans, TimeZone } from "./days.ts"

const at = (text: string) => EpochMs.parse(Date.parse(text))
const hours = (first: string, zone: string) =>
  daySpans(first, first, zone).map((day) => (day.endsAt - day.startsAt) / 3_600_000)

describe("a day", () => {
  test("is the one that clocks of the zone show", () => {
    expect(dayOf(at("2026-11-21T23:30:00Z"), "UTC")).toBe("2026-11-21")
    expect(dayOf(at("2026-11-21T23:30:00Z"), "Europe/Berlin")).toBe("2026-11-22")
    expect(dayOf(at("2026-11-21T01:00:00Z"), "America/Los_Angeles")).toBe("2026-11-20")
  })

  test.each([
    ["UTC", "2026-11-21T00:00:00Z"],
    ["Europe/Berlin", "2026-11-20T23:00:00Z"],
    ["Asia/Kathmandu", "2026-11-20T18:15:00Z"],
    ["Pacific/Kiritimati", "2026-11-20T10:00:00Z"],
    ["Etc/GMT+12", "2026-11-21T12:00:00Z"],
    ["America/St_Johns", "2026-11-21T03:30:00Z"],
  ])("begins in %s at %s", (zone, start) => {
    expect(daySpans("2026-11-21", "2026-11-21", zone)[0]?.startsAt).toBe(at(start))
  })

  test("has 23 hours when clocks go forward and 25 when they go back", () => {
    expect(hours("2026-03-29", "Europe/Berlin")).toEqual([23])
    expect(hours("2026-10-25", "Europe/Berlin")).toEqual([25])
    expect(hours("2026-10-26", "Europe/Berlin")).toEqual([24])
  })

  test("begins later where clocks skip midnight", () => {
    // Chile went from 24:00 on 7 September 2024 to 01:00.
    const [day] = daySpans("2024-09-08", "2024-09-08", "America/Santiago")
    expect(day?.startsAt).toBe(at("2024-09-08T04:00:00Z"))
    expect(hours("2024-09-08", "America/Santiago")).toEqual([23])
  })

  test("follows the one before without a gap, over a year", () => {
    const days = daySpans("2026-01-01", "2026-12-31", "Australia/Lord_Howe")
    expect(days).toHaveLength(365)
    days.slice(1).forEach((day, index) => expect(day.startsAt).toBe(days[index]?.endsAt))
  })
})

test("days are counted over months and years", () => {
  expect(addDays("2026-12-31", 1)).toBe("2027-01-01")
  expect(addDays("2028-03-01", -1)).toBe("2028-02-29")
})

test("only names of zones are zones", () => {
  expect(["UTC", "Europe/Berlin", "Asia/Kathmandu"].every((name) => TimeZone.safeParse(name).success)).toBe(true)
  expect(["", "Berlin", "Europe/Berlin; drop", "../etc"].some((name) => TimeZone.safeParse(name).success)).toBe(false)
})
