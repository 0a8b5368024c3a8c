import { describe, expect, test } from "vitest"
import { LiveEvent } from "../../../core/live/event.ts"
import { createActivityLog } from "./activity.ts"

const news = (seq: number) => ({
  seq,
  at: "2026-11-21T12:00:00.000Z",
  ...LiveEvent.parse({ event: "settings:changed", data: { what: "channel", id: null } }),
})

describe("the activity log", () => {
  test("keeps the newest first, and no more than a page shows", () => {
    const log = createActivityLog()
    for (let seq = 1; seq <= 250; seq += 1) log.hear(news(seq))
    log.hear({ event: "gap" })
    expect(log.read()).toHaveLength(200)
    expect([log.read()[0]?.seq, log.read().at(-1)?.seq]).toEqual([250, 51])
  })

  test("is another list after a change, and the same one until then", () => {
    const log = createActivityLog()
    let changes = 0
    log.onChange(() => (changes += 1))
    const before = log.read()
    expect(log.read()).toBe(before)
    log.hear(news(1))
    expect(log.read()).not.toBe(before)
    expect(changes).toBe(1)
  })
})
