/** A chat in a real browser: streaming, breaks of every kind, questions, and text that attacks. Needs Chromium. */
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { CallView } from "../../core/api/usage.ts"
import type { FakeLoop } from "./fake-loops.ts"
import { openStage, type Stage, type Visit, watch } from "./visit.ts"

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const answer = (page: Page) => page.locator(".answer").last()
const write = async (page: Page, text: string) => {
  await page.getByRole("textbox", { name: "Message" }).fill(text)
  await page.getByRole("textbox", { name: "Message" }).press("Enter")
}
/** Sends a first message from the start page. */
async function begin(visit: Visit, text: string) {
  await write(visit.page, text)
  await visit.page.waitForURL("**/c/loop_*")
  const [loop] = visit.gateway.loops
  if (!loop) throw new Error("no loop was made")
  return { loop, turn: await loop.nextTurn() }
}
const textsOf = (page: Page) => page.locator(".bubble, .prose").allTextContents()
const settled = async (page: Page, loop: FakeLoop, expected: string[]) => {
  await expect.poll(() => textsOf(page)).toEqual(expected)
  expect(loop.turns.map((turn) => turn.message.text)).toHaveLength(
    new Set(loop.turns.map((turn) => turn.message.key)).size,
  )
}

test("an answer appears while it is written, with its steps", async () => {
  const visit = await stage.visit()
  const { page } = visit
  const { turn } = await begin(visit, "What time is it?")
  turn.think("I should look.")
  await page.getByText("Thinking…").waitFor()
  turn.say("Let me look.")
  await answer(page).getByText("Let me look.").waitFor()
  turn.useTool("t1", "current_time", "Europe/Berlin")
  await answer(page).getByText("Europe/Berlin").waitFor()
  expect(await answer(page).locator(".step-running").count()).toBe(1)
  turn.giveResult("t1", true)
  turn.say("\n\nIt is **noon**.")
  await answer(page).locator("strong", { hasText: "noon" }).waitFor()
  expect(await page.getByRole("button", { name: "Stop the answer" }).count()).toBe(1)
  turn.finish()
  await page.getByRole("button", { name: "Stop the answer" }).waitFor({ state: "detached" })
  expect(await answer(page).locator(".step-ok").count()).toBe(1)
  expect(visit.gateway.posts).toHaveLength(1)
  await page.getByRole("link", { name: /What time is it\?/ }).waitFor()
  expect(visit.troubles).toEqual([])
})

test("a turn tells which models answered, why, and what each call cost", async () => {
  const visit = await stage.visit()
  const { page } = visit
  const { loop, turn } = await begin(visit, "Prove it.")
  const recorded = (number: number, fields: object) =>
    CallView.parse({
      id: `${turn.id}.call.${number}`,
      conversationId: loop.id,
      turnId: turn.id,
      groupId: null,
      model: "claude-opus-5-5",
      outcome: "end",
      tokens: { input: 100, cacheRead: 0, cacheWrite: 0, output: 200, total: 300 },
      costMicroUsd: 4_400,
      provider: "anthropic",
      tier: "Opus (max quality)",
      reason: "complexity 85: a proof",
      firstDeltaMs: 300,
      durationMs: 2_000,
      startedAt: "2026-11-21T12:00:00.000Z",
      ...fields,
    })
  // The newest first, as the gateway lists them.
  visit.gateway.calls.push(
    recorded(2, { model: "a-model-at-home", tier: null, costMicroUsd: null }),
    recorded(1, { outcome: "stalled" }),
  )
  turn.say("Done.")
  expect(await page.getByText("Model and cost").count()).toBe(0)
  turn.finish()
  await page.getByText("Model and cost").click()
  await page.getByText("Together 600 tokens, $0.0044, and one call of unknown price.").waitFor()
  const calls = page.locator(".model-calls > li")
  expect(await calls.nth(0).innerText()).toContain("claude-opus-5-5, Opus (max quality)")
  expect(await calls.nth(0).innerText()).toContain("complexity 85: a proof")
  expect(await calls.nth(0).innerText()).toContain("fell silent in the middle, charged at its worst case · 300 tokens")
  expect(await calls.nth(1).innerText()).toContain("answered · 300 tokens · price unknown")
  expect(visit.troubles).toEqual([])
})

test("text reads from the side that its language reads from", async () => {
  const visit = await stage.visit()
  const { page } = visit
  const { turn } = await begin(visit, "שלום עולם")
  turn.say("مرحبا\n\n- أولا\n- ثانيا\n\n> שלום\n\nAnd in English.")
  turn.finish()
  await page.locator(".prose > ul").waitFor()
  const directionOf = (selector: string) =>
    page.locator(selector).evaluate((element) => getComputedStyle(element).direction)
  expect(await directionOf(".bubble")).toBe("rtl")
  expect(await directionOf(".prose > p:first-of-type")).toBe("rtl")
  expect(await directionOf(".prose > ul")).toBe("rtl")
  expect(await directionOf(".prose > blockquote")).toBe("rtl")
  expect(await directionOf(".prose > p:last-of-type")).toBe("ltr")
})

test("Enter sends, Shift+Enter breaks the line, and a composition's Enter does neither", async () => {
  const visit = await stage.visit()
  const box = visit.page.getByRole("textbox", { name: "Message" })
  await box.pressSequentially("one")
  await box.press("Shift+Enter")
  await box.pressSequentially("two")
  await box.evaluate((area) =>
    area.dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }),
    ),
  )
  expect(await box.inputValue()).toBe("one\ntwo")
  await box.press("Enter")
  await visit.page.waitForURL("**/c/loop_*")
  await expect.poll(() => visit.gateway.posts.map((post) => post.text)).toEqual(["one\ntwo"])
})

describe("breaks", () => {
  /** One turn was answered when the gateway went away. */
  const beginAndLoseGateway = async () => {
    const visit = await stage.visit()
    const { page, gateway } = visit
    const { loop, turn } = await begin(visit, "First")
    turn.say("1")
    turn.finish()
    await settled(page, loop, ["First", "1"])
    gateway.away = true
    gateway.cut()
    return { page, gateway, loop }
  }

  test("a reload in mid-stream joins the running turn and sends nothing twice", async () => {
    const visit = await stage.visit()
    const { page } = visit
    const { loop, turn } = await begin(visit, "Tell me")
    turn.say("First ")
    await answer(page).getByText("First").waitFor()
    await page.reload()
    await answer(page).getByText("First").waitFor()
    turn.say("second.")
    turn.finish()
    await settled(page, loop, ["Tell me", "First second."])
    await page.reload()
    await settled(page, loop, ["Tell me", "First second."])
    expect(loop.turns).toHaveLength(1)
    expect(visit.troubles).toEqual([])
  })

  test("another tab joins by its own", async () => {
    const visit = await stage.visit()
    const { loop, turn } = await begin(visit, "Tell me")
    turn.say("First ")
    const other = await visit.context.newPage()
    watch(other, visit.troubles)
    await other.goto(visit.page.url())
    await answer(other).getByText("First").waitFor()
    turn.say("second.")
    turn.finish()
    await settled(other, loop, ["Tell me", "First second."])
    await write(visit.page, "And?")
    const next = await loop.nextTurn()
    next.say("Third.")
    next.finish()
    await settled(other, loop, ["Tell me", "First second.", "And?", "Third."])
    expect(visit.troubles).toEqual([])
  })

  test("a cut connection comes back without losing or doubling text or steps", async () => {
    const visit = await stage.visit()
    const { page, gateway } = visit
    const { loop, turn } = await begin(visit, "Tell me")
    turn.say("One ")
    await answer(page).getByText("One").waitFor()
    gateway.cut()
    turn.say("two ")
    turn.useTool("t1", "current_time", "UTC")
    turn.giveResult("t1", true)
    await answer(page).getByText("One two").waitFor()
    expect(await answer(page).locator(".step-ok").count()).toBe(1)
    gateway.cut()
    turn.say("three.")
    turn.finish()
    await settled(page, loop, ["Tell me", "One two three."])
    expect(gateway.posts).toHaveLength(1)
  })

  test("a gateway that restarts in mid-answer is waited for", async () => {
    const visit = await stage.visit()
    const { page, gateway } = visit
    const { loop, turn } = await begin(visit, "Tell me")
    turn.say("Before ")
    await answer(page).getByText("Before").waitFor()
    await gateway.stop()
    await page.getByText("Connection lost").waitFor()
    turn.say("after.")
    turn.finish()
    await gateway.start()
    await settled(page, loop, ["Tell me", "Before after."])
    await page.getByText("Connection lost").waitFor({ state: "detached" })
  })

  test("a message written while the gateway is away arrives once, in order, even across a reload", async () => {
    const { page, gateway, loop } = await beginAndLoseGateway()
    await write(page, "Second")
    await write(page, "Third")
    await page.getByText("Sending…").first().waitFor()
    gateway.away = false
    await page.reload()
    const second = await loop.nextTurn()
    second.say("2")
    second.finish()
    const third = await loop.nextTurn()
    third.say("3")
    third.finish()
    await settled(page, loop, ["First", "1", "Second", "2", "Third", "3"])
  })

  test("a message is sent though its conversation is left at once, and while the gateway is away", async () => {
    const { page, gateway, loop } = await beginAndLoseGateway()
    await write(page, "Second")
    await page.getByRole("link", { name: "New conversation" }).click()
    await page.getByText("What can I do for you?").waitFor()
    gateway.away = false
    const second = await loop.nextTurn()
    expect(second.message.text).toBe("Second")
    second.say("2")
    second.finish()
    await page.getByRole("link", { name: /^First/ }).click()
    await settled(page, loop, ["First", "1", "Second", "2"])
  })

  test("a first message is sent though its page is left before the conversation is there", async () => {
    const visit = await stage.visit()
    const { page, gateway } = visit
    const made = Promise.withResolvers<void>()
    await page.route("**/api/v1/loops", async (route) => {
      await made.promise
      await route.continue()
    })
    await write(page, "On my way out")
    await page.getByRole("link", { name: "Runs", exact: true }).click()
    await page.getByRole("heading", { name: "Runs" }).waitFor()
    made.resolve()
    await expect.poll(() => gateway.posts.map(({ text }) => text)).toEqual(["On my way out"])
    expect(new URL(page.url()).pathname).toBe("/runs")
  })

  test("an unsent draft is kept for its conversation", async () => {
    const visit = await stage.visit()
    const { page } = visit
    const { turn } = await begin(visit, "First")
    turn.finish()
    await page.getByRole("textbox", { name: "Message" }).fill("not yet")
    await page.reload()
    expect(await page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("not yet")
    await page.getByRole("link", { name: "New conversation" }).click()
    expect(await page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("")
  })
})

test("messages during an answer wait in the queue, visibly, and are answered in turn", async () => {
  const visit = await stage.visit()
  const { page } = visit
  const { loop, turn } = await begin(visit, "First")
  turn.say("1")
  await answer(page).getByText("1").waitFor()
  await write(page, "Second")
  await write(page, "Third")
  await page.getByText("Waits for the answer before it").waitFor()
  turn.finish()
  const second = await loop.nextTurn()
  second.say("2")
  second.finish()
  const third = await loop.nextTurn()
  third.say("3")
  third.finish()
  await settled(page, loop, ["First", "1", "Second", "2", "Third", "3"])
  expect(visit.troubles).toEqual([])
})

test("a running answer can be stopped", async () => {
  const visit = await stage.visit()
  const { turn } = await begin(visit, "Go on forever")
  turn.say("On and ")
  await visit.page.getByRole("button", { name: "Stop the answer" }).click()
  await visit.page.getByText("Stopped.").waitFor()
  expect(turn.ended).toBe(true)
})

test("a failure is told in the gateway's words", async () => {
  const visit = await stage.visit()
  const { turn } = await begin(visit, "Hi")
  turn.fail("model_not_configured", "No key is set for Anthropic. Set ANTHROPIC_API_KEY.")
  await visit.page.getByRole("alert").getByText("Set ANTHROPIC_API_KEY").waitFor()
})

test("a turn that failed or was stopped is told so after a reload too", async () => {
  const visit = await stage.visit()
  const { loop, turn } = await begin(visit, "Hi")
  turn.fail("model_not_configured", "No key is set for Anthropic. Set ANTHROPIC_API_KEY.")
  const second = loop.nextTurn()
  await write(visit.page, "Again")
  await second
  await visit.page.getByRole("button", { name: "Stop the answer" }).click()
  await visit.page.getByText("Stopped.").waitFor()
  await visit.page.reload()
  await visit.page.getByText("Set ANTHROPIC_API_KEY").waitFor()
  await visit.page.getByText("Stopped.").waitFor()
  expect(await visit.page.getByText("No answer is on record").count()).toBe(0)
  // What is long over is not called out.
  expect(await visit.page.getByRole("alert").count()).toBe(0)
})

test("a message that is refused can be taken back or sent again", async () => {
  const visit = await stage.visit()
  const { page } = visit
  const { loop, turn } = await begin(visit, "Hi")
  turn.finish()
  visit.gateway.refuseNext = "queue_full"
  await write(page, "More")
  await page.getByText("Not sent: Too many messages wait").waitFor()
  await page.getByRole("button", { name: "Edit" }).click()
  expect(await page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("More")
  await page.getByText("Not sent").waitFor({ state: "detached" })
  visit.gateway.refuseNext = "queue_full"
  await page.getByRole("textbox", { name: "Message" }).press("Enter")
  await page.getByRole("button", { name: "Try again" }).click()
  const next = await loop.nextTurn()
  next.say("Here.")
  next.finish()
  await settled(page, loop, ["Hi", "More", "Here."])
})

test("a permission question shows the whole arguments, survives a reload, and is answered", async () => {
  const visit = await stage.visit()
  const { page } = visit
  const { loop, turn } = await begin(visit, "Delete it")
  const path = `/srv/${"very-long-".repeat(200)}end`
  turn.useTool("t1", "delete_file", path.slice(0, 40))
  turn.ask("c1", { tool: "delete_file", input: { path }, reason: "You asked for it.", risk: "high" })
  await page.reload()
  const card = page.getByRole("region", { name: "Question from the agent" })
  await card.getByText("You asked for it.").waitFor()
  expect(await card.getByLabel("Arguments").textContent()).toContain(path)
  await card.getByRole("button", { name: "Allow" }).click()
  await card.getByText("You allowed it.").waitFor()
  expect(loop.answers).toEqual([{ choiceId: "c1", answer: { allow: true } }])
  turn.giveResult("t1", true)
  turn.finish()
  await page.getByRole("button", { name: "Stop the answer" }).waitFor({ state: "detached" })
  expect(visit.troubles).toEqual([])
})

test("text from a model cannot run, load or lead anywhere but to plain addresses", async () => {
  const visit = await stage.visit()
  const { page } = visit
  const { turn } = await begin(visit, "Attack me")
  turn.say(
    [
      "<script>alert(1)</script>",
      "<img src=x onerror=alert(2)>",
      "<iframe src='javascript:alert(3)'></iframe>",
      "[js](javascript:alert(4))",
      "[tab](java\tscript:alert(5))",
      "[entity](&#106;avascript:alert(6))",
      "[data](data:text/html,<script>alert(7)</script>)",
      "[own](/api/auth/logout)",
      "![tracker](https://tracker.example/pixel.png?secret=1)",
      "![data](data:image/svg+xml,<svg onload=alert(8)>)",
      "<a href='javascript:alert(9)'>html</a>",
      "<javascript:alert(10)>",
      "[good](https://example.com/path)",
      "| a | b |\n|:-:|--:|\n| 1 | 2 |",
      '<style>body{display:none}</style><svg onload="alert(11)"><math><mi xlink:href="data:x,alert(12)">',
    ].join("\n\n"),
  )
  turn.finish()
  await answer(page).getByRole("link", { name: "good" }).waitFor()
  const box = answer(page).locator(".prose")
  expect(await box.locator("script, img, iframe, style, math, [onerror], [onload], [style]").count()).toBe(0)
  expect(await box.locator("a").evaluateAll((links) => links.map((link) => link.getAttribute("href")))).toEqual([
    "https://tracker.example/pixel.png?secret=1",
    "https://example.com/path",
  ])
  for (const link of await box.locator("a").all()) {
    expect(await link.getAttribute("target")).toBe("_blank")
    expect(await link.getAttribute("rel")).toContain("noopener")
  }
  expect(await box.textContent()).toContain("<script>alert(1)</script>")
  expect(visit.troubles).toEqual([])
})

test("a message of the person is shown as written", async () => {
  const visit = await stage.visit()
  await begin(visit, "<img src=x onerror=alert(1)> **not bold**")
  await visit.page.locator(".bubble", { hasText: "<img src=x onerror=alert(1)> **not bold**" }).waitFor()
  expect(visit.troubles).toEqual([])
})

test("reading above is not disturbed by what is written below", async () => {
  const visit = await stage.visit({ height: 500 })
  const { page } = visit
  const { turn } = await begin(visit, "Long")
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `Line ${index}\n\n`).join("")
  turn.say(lines(60))
  const box = page.getByRole("region", { name: "Conversation" })
  const fromEnd = () => box.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight)
  await answer(page).getByText("Line 59").waitFor()
  await expect.poll(fromEnd).toBeLessThan(5)
  await box.evaluate((one) => one.scrollTo({ top: 200 }))
  await page.getByRole("button", { name: "Go to the newest message" }).waitFor()
  const before = await box.evaluate((one) => one.scrollTop)
  turn.say("The end.")
  await answer(page).getByText("The end.").waitFor()
  expect(await box.evaluate((one) => one.scrollTop)).toBe(before)
  await page.getByRole("button", { name: "Go to the newest message" }).click()
  await expect.poll(fromEnd).toBeLessThan(5)
})

test("a screen reader hears each finished paragraph once", async () => {
  const visit = await stage.visit()
  const { page } = visit
  const { turn } = await begin(visit, "Speak")
  turn.say("One.\n\nTw")
  const log = page.getByRole("log", { name: "Answer" })
  await log.getByText("One.").waitFor()
  expect(await log.textContent()).not.toContain("Tw")
  turn.say("o.")
  turn.finish()
  await log.getByText("Two.").waitFor()
  expect(await log.getAttribute("aria-live")).toBe("polite")
})
