import { beforeEach, describe, expect, test } from "vitest"
import type { LiveEvent } from "../../core/live/event.ts"
import { after, EpochMs, GroupId } from "../../core/units.ts"
import type { OrderedStore } from "../host.ts"
import { toBounds } from "../stored.ts"
import { LiveLog } from "./log.ts"

const start = EpochMs.parse(1_790_000_000_000)
const at = (hours: number) => after(start, hours * 3_600_000)
const grouped: LiveEvent = { event: "group:updated", data: { groupId: GroupId.parse(`grp_${"b".repeat(24)}`) } }
const many = (count: number) => Array.from({ length: count }, () => grouped)

let kept: Map<string, string>
beforeEach(() => {
  kept = new Map()
})

/** Ordered keys in memory, without gates: what the log asks of a host. */
function memoryStore(): OrderedStore {
  const list: OrderedStore["list"] = ({ reverse = false, limit, ...range }) => {
    const { start: from, end } = toBounds(range)
    const keys = [...kept.keys()].filter((key) => key >= from && (end === undefined || key < end)).toSorted()
    const ordered = reverse ? keys.toReversed() : keys
    return ordered.slice(0, limit).map((key): [string, unknown] => [key, JSON.parse(kept.get(key) ?? "null")])
  }
  return {
    get: (key) => JSON.parse(kept.get(key) ?? "null") ?? undefined,
    put: (key, value) => void kept.set(key, JSON.stringify(value)),
    delete: (key) => void kept.delete(key),
    deleteRange: (range) => {
      for (const [key] of list(range)) kept.delete(key)
    },
    list,
    transaction: (fn) => fn(),
  }
}

const open = () => new LiveLog(memoryStore())
const opened = () => {
  const log = open()
  log.watch(start)
  return log
}
const numbers = (log: LiveLog, seq: number, hours = 0) =>
  log.since(seq, at(hours))?.map(({ frame }) => Number(JSON.parse(frame).seq))

describe("the log of the feed", () => {
  test("numbers on where an earlier life stopped", () => {
    opened().append(many(2), start)
    const again = open()
    again.append(many(1), start)
    expect(numbers(again, 0)).toEqual([1, 2, 3])
    expect(numbers(again, 2)).toEqual([3])
    expect(numbers(again, 3)).toEqual([])
  })

  test("keeps the newest 1,000 and no byte more", () => {
    const log = opened()
    for (let n = 0; n < 30; n += 1) log.append(many(50), start)
    expect(log.since(499, start)).toBeUndefined()
    expect(numbers(log, 500)).toHaveLength(1_000)
    expect([...kept.keys()].filter((key) => key.startsWith("e/"))).toHaveLength(1_000)
  })

  test("keeps what is at most a day old", () => {
    const log = opened()
    log.append(many(1), at(0))
    log.append(many(1), at(1))
    expect(numbers(log, 0, 24)).toEqual([1, 2])
    expect(log.since(0, after(at(24), 1))).toBeUndefined()
    expect(numbers(log, 1, 24.5)).toEqual([2])
    log.append(many(1), at(24.5))
    expect([...kept.keys()].filter((key) => key.startsWith("e/"))).toHaveLength(2)
    expect(log.since(0, at(24.5))).toBeUndefined()
    expect(numbers(log, 1, 24.5)).toEqual([2, 3])
  })

  test("knows nothing of numbers that were never given", () => {
    const log = opened()
    log.append(many(1), start)
    expect(log.since(2, start)).toBeUndefined()
  })

  test("forgets all when nobody watches, and skips a number, so that who comes later knows of the gap", () => {
    const log = opened()
    log.append(many(3), start)
    log.goBlind()
    log.goBlind()
    expect(log.seq).toBe(4)
    expect([...kept.keys()]).toEqual(["state"])
    log.watch(at(1))
    expect(log.since(3, at(1))).toBeUndefined()
    expect(numbers(log, 4, 1)).toEqual([])
  })

  test("writes that someone watches once in a while only", () => {
    const log = opened()
    const { watchedUntil } = log
    log.watch(after(start, 7 * 60_000))
    expect(log.watchedUntil).toBe(watchedUntil)
    log.watch(after(start, 8 * 60_000))
    expect(log.watchedUntil).toBe(after(start, 23 * 60_000))
  })

  test("tells who missed more than a socket holds to read the lists anew", () => {
    const log = opened()
    const wordy: LiveEvent = { event: "settings:changed", data: { what: "é".repeat(40), id: "i".repeat(100) } }
    for (let n = 0; n < 20; n += 1)
      log.append(
        Array.from({ length: 50 }, () => wordy),
        start,
      )
    expect(log.since(0, start)).toBeUndefined()
    expect(numbers(log, 500)).toHaveLength(500)
  })
})
