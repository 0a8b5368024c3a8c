/** Who is asked once a call has outgrown a model. */
import { describe, expect, test } from "vitest"
import type { FailureReason } from "../model/call.ts"
import { EpochMs } from "../units.ts"
import { outgrown, roomyLinks } from "./overflow.ts"
import { linkOf } from "./policy.ts"

const startedAt = EpochMs.parse(0)
const failed = (candidate: number, reason: FailureReason = "context_overflow") => ({
  candidate,
  failure: { reason, message: "" },
  startedAt,
})
const windows = [8, 4, 8, 100, 200]
const chain = windows.map((_, place) => ({ place, link: linkOf(`claude-${place}`) }))
const places = (from: number, failures: ReturnType<typeof failed>[], fullWindows: number[] = []) =>
  roomyLinks(chain, from, { failures, fullWindows }, ({ place }) => windows[place] ?? 0).map(({ place }) => place)

test("a model has no room once less of the conversation did not fit either, or its third answer filled it", () => {
  expect([...outgrown({ failures: [failed(0)], fullWindows: [0, 0] })]).toEqual([])
  expect([...outgrown({ failures: [failed(0), failed(0)], fullWindows: [] })]).toEqual([0])
  expect([...outgrown({ failures: [failed(0), failed(1)], fullWindows: [2, 2, 2] })]).toEqual([2])
  expect([...outgrown({ failures: [failed(0, "network"), failed(0, "network")], fullWindows: [] })]).toEqual([])
})

describe("the links that may be asked", () => {
  test("are all from the one on that is meant, while everything fits", () => {
    expect(places(2, [failed(2), failed(1, "auth")])).toEqual([2, 3, 4])
  })
  test("are those with a larger window alone, once one was outgrown", () => {
    expect(places(0, [failed(0), failed(0)])).toEqual([3, 4])
    expect(places(1, [failed(1), failed(1)])).toEqual([2, 3, 4, 0])
    expect(places(0, [], [0, 0, 0])).toEqual([3, 4])
  })
  test("are none that failed before, though one that is tried again is", () => {
    const small = [failed(1), failed(1)]
    expect(places(1, [failed(0, "auth"), ...small])).toEqual([2, 3, 4])
    expect(places(3, [...small, failed(3, "network")])).toEqual([3, 4, 0, 2])
  })
  test("are none where nobody has more room", () => {
    expect(places(4, [failed(4), failed(4)])).toEqual([])
  })
})
