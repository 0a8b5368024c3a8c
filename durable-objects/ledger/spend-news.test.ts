/** What people are told of budgets, once, and though the process is killed. */
import { afterEach, describe, expect, test } from "vitest"
import { listAuditRows } from "../../adapters/store/audit.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { channelId, openHarness, type Harness } from "../testing/harness.ts"
import { candidate, openLedgerDesk, usage } from "../testing/ledger-desk.ts"

let harness: Harness
afterEach(async () => harness.close())
const { ledger, reserve, settle, setGlobal } = openLedgerDesk(() => harness)

describe("people are told", () => {
  const told: LiveEvent[] = []
  const open = async () => {
    told.length = 0
    harness = await openHarness({ onLive: (events) => void told.push(...events) })
    await setGlobal({ maxTokensDay: 1_000 }, { home: { channelId, chatId: 99 }, timeZone: "Europe/Berlin" })
  }
  const names = () => told.map(({ event }) => event)

  test("once at 80 % and once when calls are refused, with the next allowed time", async () => {
    await open()
    await reserve(1)
    await settle(1, { usage: usage(500, 300) })
    for (const n of [2, 3]) expect(await reserve(n)).toMatchObject({ status: "refused" })
    await harness.until("both messages", () => (harness.sent.length >= 2 ? true : undefined))
    expect(harness.sent.map(({ chatId, text }) => [chatId, text.split(":")[0]])).toEqual([
      [99, "Budget warning"],
      [99, "Spending has stopped"],
    ])
    expect(harness.sent[0]?.text).toContain("80 % of the daily token budget")
    expect(harness.sent[1]?.text).toContain("800 of 1,000 tokens")
    expect(harness.sent[1]?.text).toContain("(Europe/Berlin)")
    await harness.until("the news", () => (names().length >= 2 ? true : undefined))
    expect(names()).toEqual(["spend:warning", "spend:stopped"])
    await expect
      .poll(async () => (await listAuditRows(harness.libsql, { limit: 9 })).rows.map(({ action }) => action))
      .toEqual(["spend_stopped"])
  })

  test("again about another limit, and in the next window", async () => {
    await open()
    await reserve(1)
    await settle(1, { usage: null })
    await setGlobal({ maxTokensDay: 1_250 }, { home: { channelId, chatId: 99 } })
    await reserve(2, { candidates: [candidate({ inputTokens: 0, maxOutputTokens: 1 })] })
    await settle(2, { usage: usage(0, 1), costMicroUsd: 10 })
    await harness.until("both messages", () => (harness.sent.length >= 2 ? true : undefined))
    expect(harness.sent[1]?.text).toContain("of 1,250 tokens")
  })

  test("though the process is killed before the message is sent", async () => {
    await open()
    harness.onSend = () => ({ status: "later", retryAfterMs: 5_000, reason: "busy" })
    await reserve(1)
    await settle(1, { usage: null })
    await harness.until("the first try", () => harness.sent[0])
    await harness.restart()
    harness.onSend = () => ({ status: "sent", externalId: "1" })
    harness.time.advance(60_000)
    await harness.until("the second try", () => harness.sent[1])
    expect(harness.sent[1]).toEqual(harness.sent[0])
    harness.time.advance(60 * 60_000)
    await harness.restart()
    await ledger().call("check", {})
    expect(harness.sent).toHaveLength(2)
  })
})

describe("a message to the home chat", () => {
  const warn = async () => {
    await reserve(1)
    await settle(1, { usage: usage(500, 300) })
  }
  const gaveUp = () => harness.logs.find(({ event }) => event === "notice_not_sent")

  test("is told to nobody without a home chat, which the log says", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 })
    await warn()
    await expect.poll(gaveUp).toMatchObject({ reason: "There is no home chat." })
    expect(harness.sent).toEqual([])
  })

  test("that may have arrived is repeated twice at most", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 }, { home: { channelId, chatId: 99 } })
    harness.onSend = () => ({ status: "unknown", reason: "no answer" })
    await warn()
    for (let tries = 1; tries <= 3; tries += 1) {
      await harness.until("a try", () => (harness.sent.length >= tries ? true : undefined))
      // The alarm that follows the try stands once its outcome is stored.
      await ledger().call("check", {})
      harness.time.advance(60_000)
    }
    await expect.poll(gaveUp).toMatchObject({ reason: "It may or may not have arrived." })
    harness.time.advance(24 * 60 * 60_000)
    await ledger().call("check", {})
    expect(harness.sent).toHaveLength(3)
  })

  test("that the channel refuses for good is not tried again", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 }, { home: { channelId, chatId: 99 } })
    harness.onSend = () => ({ status: "refused", reason: "The channel is disabled." })
    await warn()
    await expect.poll(gaveUp).toMatchObject({ reason: "The channel is disabled." })
    expect(harness.sent).toHaveLength(1)
  })
})
