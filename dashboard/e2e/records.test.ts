/** Search, an operator's message, archive and erase, runs and usage; on a phone and in the dark. Needs Chromium. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { ConversationView, MessageView } from "../../core/api/conversations.ts"
import { RunView } from "../../core/api/runs.ts"
import { CallView } from "../../core/api/usage.ts"
import type { FakeGateway } from "./fake-gateway.ts"
import { openStage, type Stage } from "./visit.ts"

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const at = "2026-11-20T12:00:00.000Z"
const chatId = (letter: string) => `conv_${letter.repeat(32)}`

function addChat(gateway: FakeGateway, letter: string, title: string, fields: object = {}): string {
  const id = chatId(letter)
  const row = {
    id,
    kind: "telegram",
    title,
    ownerId: null,
    ownerName: null,
    channelId: null,
    channelName: "Support bot",
  }
  const times = { createdAt: at, lastActivityAt: at, archivedAt: null, turnCount: 3 }
  gateway.others.push(ConversationView.parse({ ...row, groupName: null, status: "idle", ...times, ...fields }))
  return id
}

function addMessage(gateway: FakeGateway, id: string, text: string): void {
  gateway.otherMessages.push(
    MessageView.parse({
      id: `m${gateway.otherMessages.length}`,
      turnId: `turn_${id}_1`,
      role: "user",
      text,
      truncated: false,
      images: [],
      steps: [],
      sender: "telegram",
      senderName: "Grace",
      tainted: true,
      createdAt: at,
    }),
  )
}

/** What can be scrolled sideways; a wide table may be, within its frame. */
const overflow = () =>
  [document.documentElement, ...document.querySelectorAll(".page, .chat")].map(
    (one) => one.scrollWidth - one.clientWidth,
  )

test("the sidebar goes on beyond a hundred conversations, to the oldest", async () => {
  const { gateway, page, troubles } = await stage.visit()
  for (let n = 1; n <= 130; n += 1) {
    const id = `conv_${n.toString(16).padStart(32, "0")}`
    addChat(gateway, "a", `chat number ${n}`, { id })
  }
  await page.reload()
  const listed = page.getByRole("navigation").locator(".conversations li")
  for (const count of [30, 60, 90, 120, 130]) {
    await expect.poll(() => listed.count()).toBe(count)
    if (count < 130) await page.getByRole("button", { name: "Show more" }).click()
  }
  expect(await page.getByRole("button", { name: "Show more" }).count()).toBe(0)
  expect(new Set(await listed.allTextContents()).size).toBe(130)
  expect(troubles).toEqual([])
})

test("what was said is searched and shown with its words marked, and filters narrow it", async () => {
  const { gateway, page, troubles } = await stage.visit()
  addChat(gateway, "a", "Where is my parcel?")
  addChat(gateway, "b", "<b>parcel</b> & <script>", { archivedAt: at })
  await page.getByRole("link", { name: "Search" }).click()
  await page.locator(".found-title", { hasText: "Where is my parcel?" }).waitFor()
  expect(await page.locator(".found-card").count()).toBe(1)
  await page.getByRole("searchbox").fill("parc")
  await page.locator("mark", { hasText: "parc" }).waitFor()
  await page.getByLabel("Archive").selectOption("Open and archived")
  await page.locator(".snippet", { hasText: "<b>parcel</b> & <script>" }).waitFor()
  expect(await page.locator("mark").count()).toBe(2)
  expect(gateway.searches).toContainEqual(expect.objectContaining({ q: "parc*", order: "newest" }))
  await page.getByLabel("First").selectOption("The best match")
  await page.getByLabel("Kind").selectOption("Telegram")
  await page.getByLabel("From").fill("2026-11-20")
  const from = new Date(2026, 10, 20).getTime()
  await expect.poll(() => gateway.searches.findLast((one) => Object(one).q)).toMatchObject({ order: "best", from })
  await page.getByRole("searchbox").fill("nobody said this")
  await page.getByText("Nobody said that").waitFor()
  await page.getByRole("searchbox").fill("parcel ")
  await page.locator(".found-title", { hasText: "Where is my parcel?" }).click()
  await page.getByRole("heading", { name: "Where is my parcel?" }).waitFor()
  expect(troubles).toEqual([])
})

test("an operator writes into a channel's conversation, once however often it fails", async () => {
  const { gateway, page, troubles } = await stage.visit()
  const id = addChat(gateway, "a", "Grace")
  addMessage(gateway, id, "Are you there?")
  await page.goto(`${gateway.origin}/c/${id}`)
  await page.getByText("What it answers goes to the chat").waitFor()
  const box = page.getByRole("textbox", { name: "Message" })
  await box.fill("Yes, and a person too")
  gateway.refuseNext = "queue_full"
  await page.getByRole("button", { name: "Send" }).click()
  await page.getByRole("alert").waitFor()
  expect(await box.inputValue()).toBe("Yes, and a person too")
  await page.getByRole("button", { name: "Send" }).click()
  await page.locator(".sender", { hasText: "ada (operator)" }).waitFor()
  expect(await box.inputValue()).toBe("")
  expect(gateway.posts).toHaveLength(1)
  expect(troubles).toEqual([])
})

test("a conversation is saved, archived, taken out again, and erased after a question", async () => {
  const { gateway, page, troubles } = await stage.visit()
  const id = addChat(gateway, "a", "Grace")
  addMessage(gateway, id, "Hello")
  await page.goto(`${gateway.origin}/c/${id}`)
  const menu = async (name: string) => {
    await page.getByRole("button", { name: "More about this conversation" }).click()
    return page.getByRole("button", { name, exact: true })
  }
  await menu("Archive")
  const links = await page.locator(".menu a").evaluateAll((all) => all.map((one) => one.getAttribute("href")))
  expect(links).toEqual([
    `/api/conversations/${id}/export?format=markdown`,
    `/api/conversations/${id}/export?format=json`,
  ])
  await page.keyboard.press("Escape")
  expect(await page.locator(".menu a").first().isVisible()).toBe(false)
  await (await menu("Archive")).click()
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click()
  await page.getByText("Take it out of the archive to write in it").waitFor()
  expect(await page.getByRole("textbox").count()).toBe(0)
  await (await menu("Take out of the archive")).click()
  await page.getByRole("textbox", { name: "Message" }).waitFor()
  await (await menu("Erase for good")).click()
  await page.getByText("deleted for good, wherever this gateway stores it").waitFor()
  expect(gateway.others).toHaveLength(1)
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
  await (await menu("Erase for good")).click()
  await page.getByRole("dialog").getByRole("button", { name: "Erase" }).click()
  await page.getByRole("heading", { name: "New conversation" }).waitFor()
  expect(gateway.others).toHaveLength(0)
  expect(troubles).toEqual([])
})

function addRuns(gateway: FakeGateway): void {
  gateway.calls.push(
    CallView.parse({
      id: "call",
      conversationId: chatId("a"),
      turnId: `turn_${chatId("a")}_1`,
      groupId: null,
      model: "claude-opus-5-5",
      outcome: "end",
      tokens: { input: 100, cacheRead: 0, cacheWrite: 0, output: 200, total: 300 },
      costMicroUsd: 1_200,
      provider: "anthropic",
      tier: "Opus (max quality)",
      reason: "complexity 85: code, several parts",
      firstDeltaMs: 300,
      durationMs: 2_000,
      startedAt: at,
    }),
  )
  const run = (number: number, fields: object) =>
    RunView.parse({
      id: `turn_${chatId("a")}_${number}`,
      conversationId: chatId("a"),
      groupId: null,
      status: "done",
      error: null,
      modelCalls: number,
      startedAt: at,
      endedAt: at,
      durationMs: 12_345,
      ...fields,
    })
  const error = { code: "overloaded", message: "The model provider is overloaded. It was tried three times." }
  gateway.runs.push(
    run(3, { status: "running", endedAt: null, durationMs: null }),
    run(2, { status: "failed", error }),
    run(1, {}),
  )
}

test("runs are listed with their end, and found by it", async () => {
  const { gateway, page, troubles } = await stage.visit()
  addRuns(gateway)
  addChat(gateway, "a", "Grace")
  await page.getByRole("link", { name: "Runs" }).click()
  await page.getByText("The model provider is overloaded").waitFor()
  expect(await page.getByRole("row").count()).toBe(4)
  expect(await page.getByRole("row").nth(3).textContent()).toContain("12 s")
  await page.getByRole("row").nth(3).locator("summary").click()
  await page.getByText("claude-opus-5-5, Opus (max quality)").waitFor()
  await page.getByText("complexity 85: code, several parts").waitFor()
  await page.getByText("answered · 300 tokens · $0.0012 · 2.0 s").waitFor()
  await page.getByLabel("State").selectOption("Failed")
  await expect.poll(() => page.getByRole("row").count()).toBe(2)
  await page.getByRole("row").nth(1).getByRole("link").click()
  await page.getByRole("heading", { name: "Grace" }).waitFor()
  expect(troubles).toEqual([])
})

test("usage is drawn by day and told by model, the same in bars and table", async () => {
  const { page, troubles } = await stage.visit()
  await page.getByRole("link", { name: "Usage" }).click()
  await page.getByText("claude-sonnet-5-5").waitFor()
  await page.getByText("$0.09").first().waitFor()
  const limits = page.getByRole("region", { name: "Limits" })
  expect(await limits.getByRole("row").count()).toBe(3)
  const numbersOf = (row: number) => limits.getByRole("row").nth(row).locator("td.number").allTextContents()
  await limits.getByRole("rowheader", { name: "All agents, tokens a day" }).waitFor()
  expect(await numbersOf(1)).toEqual(["81,000", "2,000", "100,000"])
  await limits.getByRole("rowheader", { name: "All agents, dollars a month" }).waitFor()
  expect(await numbersOf(2)).toEqual(["$1.25", "$0.04", "$20.00"])
  const inShort = page.getByText("81,000 of 100,000")
  expect(await inShort.isVisible()).toBe(false)
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await inShort.isVisible()).toBe(true)
  await page.setViewportSize({ width: 1280, height: 800 })
  expect(await page.locator(".bars-day").count()).toBe(30)
  await page.getByLabel("Days").selectOption("Last 7 days")
  await expect.poll(() => page.locator(".bars-day").count()).toBe(7)
  await page.getByText("As a table").click()
  expect(await page.getByRole("region", { name: "Usage, Day" }).getByRole("row").count()).toBe(8)
  expect(troubles).toEqual([])
})

test.each([
  { name: "a phone in the dark", width: 360, height: 740, dark: true },
  { name: "a desk in the light", width: 1280, height: 800, dark: false },
])("nothing stands out of the page on $name", async ({ width, height, dark, name }) => {
  const { gateway, page, troubles } = await stage.visit({ width, height, dark })
  addRuns(gateway)
  addMessage(gateway, addChat(gateway, "a", "Where is my parcel, and why does it take so long to get here?"), "Hello")
  addChat(gateway, "b", "Grace", { status: "waiting", archivedAt: at })
  const folder = process.env["SCREENSHOTS"]
  for (const path of ["conversations", "runs", "usage", `c/${chatId("a")}`]) {
    await page.goto(`${gateway.origin}/${path}`)
    await page.locator("main :is(.card, .table, .composer)").first().waitFor()
    if (path === "conversations") {
      await page.getByRole("searchbox").fill("parcel")
      await page.locator("mark").waitFor()
    }
    if (path.startsWith("c/")) {
      await page.getByRole("button", { name: "More about this conversation" }).click()
      await page.getByRole("link", { name: "Save as JSON" }).waitFor()
    }
    expect(Math.max(...(await page.evaluate(overflow)))).toBe(0)
    if (folder !== undefined)
      await page.screenshot({ path: `${folder}/${name}-${path.slice(0, 4).replace("/", "")}.png` })
  }
  expect(troubles).toEqual([])
})
