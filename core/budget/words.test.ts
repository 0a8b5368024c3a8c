import { describe, expect, test } from "vitest"
import { EpochMs } from "../units.ts"
import { refusalText } from "./words.ts"

const refused = (at: string, timeZone: string) =>
  refusalText({
    status: "refused",
    scope: { kind: "global" },
    limit: { unit: "tokens", period: "day" },
    limitValue: 1_000,
    usedValue: 900,
    nextAllowedAt: EpochMs.parse(Date.parse(at)),
    timeZone,
  })

describe("the next allowed time", () => {
  test.each([
    ["2026-10-25T23:00:00Z", "Europe/Berlin", "on 26 Oct 2026 at 00:00 (Europe/Berlin)"],
    ["2026-03-29T22:00:00Z", "Europe/Berlin", "on 30 Mar 2026 at 00:00 (Europe/Berlin)"],
    ["2026-11-21T18:15:00Z", "Asia/Kathmandu", "on 22 Nov 2026 at 00:00 (Asia/Kathmandu)"],
  ])("%s in %s is told %s", (at, timeZone, told) => {
    expect(refused(at, timeZone)).toBe(
      `The daily token budget for the whole gateway is used up. I can answer again ${told}.`,
    )
  })

  test("is never told a minute too early", () => {
    expect(refused("2026-11-21T13:59:30Z", "UTC")).toContain("on 21 Nov 2026 at 14:00")
    expect(refused("2026-11-21T23:59:01Z", "UTC")).toContain("on 22 Nov 2026 at 00:00")
  })
})

test("what no time helps is told with what does", () => {
  const refusal = {
    status: "refused",
    scope: { kind: "global" },
    limit: { unit: "micro_usd", period: "month" },
    limitValue: 10,
    usedValue: 0,
    nextAllowedAt: null,
    timeZone: "UTC",
  } as const
  expect(refusalText(refusal)).toBe(
    "This is larger than the whole monthly dollar budget for the whole gateway: a shorter message or a higher limit may let it through.",
  )
})
