/** Channels, agent groups, tokens, and what only is read; on a phone, by keyboard, in the dark. Needs Chromium. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { ConversationView, MessageView } from "../../core/api/conversations.ts"
import { openStage, type Stage } from "./visit.ts"

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const plain = { images: [], steps: [], sender: null, senderName: null, tainted: false }
const grace = { sender: "telegram", senderName: "Grace" }
const botToken = "123456:ABC-secret-part"

test("a Telegram bot is added, bound, changed, switched off and deleted, and its token is never shown", async () => {
  const { gateway, page, troubles } = await stage.visit()
  await page.getByRole("link", { name: "Agent groups" }).click()
  await page.getByRole("button", { name: "New group" }).click()
  await page.getByLabel("Name").fill("support")
  await page.getByLabel("API key").fill("sk-secret")
  await page.getByRole("button", { name: "Create" }).click()
  await page.getByText("own API key").waitFor()

  await page.getByRole("link", { name: "Channels" }).click()
  await page.getByRole("button", { name: "Add Telegram" }).click()
  await page.getByLabel("Bot token").fill(botToken)
  await page.getByLabel("Allowed user ids").fill("12, x")
  await page.getByText("“x” is not a user id.").waitFor()
  expect(await page.getByRole("button", { name: "Add", exact: true }).isDisabled()).toBe(true)
  await page.getByLabel("Allowed user ids").fill("12, 34")
  await page.getByLabel("Agent group").selectOption("support")
  await page.getByRole("button", { name: "Add", exact: true }).click()
  await page.getByText("2 people are allowed").waitFor()
  await page.getByText("agent: support").waitFor()
  const config = { allowedUserIds: [12, 34], approverUserIds: null }
  expect(gateway.channels).toMatchObject([{ config, groupId: gateway.groups[0]?.id }])

  await page.getByRole("button", { name: "Edit Telegram" }).click()
  await page.getByLabel("Allowed user ids").fill("")
  await page.getByRole("button", { name: "Save" }).click()
  await page.getByText("Nobody is served").waitFor()
  await page.getByRole("button", { name: "Disable Telegram" }).click()
  await page.getByText("disabled", { exact: true }).waitFor()
  for (const secret of gateway.secrets) expect(await page.content()).not.toContain(secret)
  expect(gateway.secrets).toEqual(["sk-secret", botToken])

  await page.getByRole("link", { name: "Agent groups" }).click()
  await page.getByRole("button", { name: "Delete support" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click()
  await page.getByRole("alert").getByText("bound to a channel").waitFor()
  await page.keyboard.press("Escape")
  await page.getByRole("link", { name: "Channels" }).click()
  await page.getByRole("button", { name: "Delete Telegram" }).click()
  expect(gateway.channels).toHaveLength(1)
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click()
  await page.getByText("No channel yet").waitFor()
  expect(gateway.channels).toHaveLength(0)
  expect(troubles).toEqual([])
})

test("who may approve in a Telegram bot's chats is chosen, kept by other changes, and taken back", async () => {
  const { gateway, page, troubles } = await stage.visit()
  const approvers = () => gateway.channels[0]?.config.approverUserIds
  const save = async () => {
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByRole("dialog").waitFor({ state: "detached" })
  }
  await page.getByRole("link", { name: "Channels" }).click()
  await page.getByRole("button", { name: "Add Telegram" }).click()
  await page.getByLabel("Bot token").fill(botToken)
  await page.getByLabel("Allowed user ids").fill("12, 34")
  await page.getByLabel("Who may approve").selectOption("Only these people")
  await page.getByLabel("User ids that may approve").fill("34 @ada")
  await page.getByText("“@ada” is not a user id.").waitFor()
  expect(await page.getByRole("button", { name: "Add", exact: true }).isDisabled()).toBe(true)
  await page.getByLabel("User ids that may approve").fill("34\n34")
  await page.getByRole("button", { name: "Add", exact: true }).click()
  await page.getByText("2 people are allowed").waitFor()
  expect(approvers()).toEqual([34])

  const edit = page.getByRole("button", { name: "Edit Telegram" })
  await edit.click()
  expect(await page.getByLabel("User ids that may approve").inputValue()).toBe("34")
  await page.getByLabel("Allowed user ids").fill("12, 34, 56")
  await save()
  expect(approvers()).toEqual([34])
  await edit.click()
  await page.getByLabel("User ids that may approve").fill("")
  await page.getByText("nobody may approve in a chat").waitFor()
  await save()
  expect(approvers()).toEqual([])
  await edit.click()
  await page.getByLabel("Who may approve").selectOption("Whoever the private chat is with")
  await save()
  expect(approvers()).toBeNull()
  expect(troubles).toEqual([])
})

test("a token is shown once, with its scopes and end, and revoked after a question", async () => {
  const { gateway, page, troubles } = await stage.visit()
  await page.getByRole("link", { name: "API tokens" }).click()
  await page.getByRole("button", { name: "New token" }).click()
  await page.getByLabel("Label").fill("backup script")
  await page.getByLabel("conversations:read").check()
  await page.getByLabel("Lifetime").selectOption("30 days")
  await page.getByRole("button", { name: "Create" }).click()
  const shown = await page.locator(".secret code").textContent()
  expect(shown).toMatch(/^la_[0-9a-f]{48}$/)
  await page.getByRole("button", { name: "Copy token" }).click()
  await page.getByRole("button", { name: "Done" }).click()
  await page.getByText("never used").waitFor()
  expect(await page.content()).not.toContain(shown)
  expect(gateway.tokens).toMatchObject([{ label: "backup script", scopes: ["chat", "conversations:read"] }])
  await page.getByRole("button", { name: "Revoke backup script" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
  expect(gateway.tokens).toHaveLength(1)
  await page.getByRole("button", { name: "Revoke backup script" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click()
  await page.getByText("No token yet").waitFor()
  expect(troubles).toEqual([])
})

test("a channel's conversation is read with its people's names and steps", async () => {
  const { gateway, page, troubles } = await stage.visit()
  const id = `conv_${"c".repeat(32)}`
  const at = new Date().toISOString()
  const row = {
    id,
    kind: "telegram",
    title: "Grace",
    ownerId: null,
    ownerName: null,
    channelId: null,
    channelName: null,
    groupName: null,
    status: "idle",
  }
  const times = { createdAt: at, lastActivityAt: at, archivedAt: null }
  gateway.others.push(ConversationView.parse({ ...row, ...times, turnCount: 1 }))
  const entry = { turnId: `turn_${id}_1`, truncated: false, ...plain, createdAt: at }
  const use = { type: "tool_call", toolUseId: "t", tool: "current_time", input: { zone: "UTC" } }
  const got = { type: "tool_result", toolUseId: "t", ok: true, text: "12:00", characters: 2_000_000 }
  gateway.otherMessages.push(
    MessageView.parse({ ...entry, id: "1", role: "user", text: "What time is it?", ...grace }),
    MessageView.parse({ ...entry, id: "2", role: "assistant", text: "", steps: [use] }),
    MessageView.parse({ ...entry, id: "3", role: "user", text: "", steps: [got] }),
    MessageView.parse({ ...entry, id: "4", role: "assistant", text: "It is **noon**." }),
  )
  await page.goto(`${gateway.origin}/c/${id}`)
  await page.locator("strong", { hasText: "noon" }).waitFor()
  expect(await page.locator(".sender").textContent()).toBe("Grace")
  await page.getByText("current_time").click()
  await page.getByLabel("Result").getByText("12:00").waitFor()
  gateway.outputs.set("3 t", "12:00 in the whole of it")
  await page.getByRole("button", { name: "Show all 2,000,000 characters" }).click()
  await page.getByLabel("Result").getByText("12:00 in the whole of it").waitFor()
  gateway.otherMessages.push(
    MessageView.parse({ ...entry, id: "5", turnId: `turn_${id}_2`, role: "user", text: "Thanks", ...grace }),
  )
  await page.getByText("Thanks").waitFor()
  expect(troubles).toEqual([])
})

test("earlier messages come in above without moving what is read", async () => {
  const { gateway, page } = await stage.visit({ height: 600 })
  const id = `conv_${"d".repeat(32)}`
  const at = new Date().toISOString()
  const row = {
    id,
    kind: "telegram",
    title: "Long",
    ownerId: null,
    ownerName: null,
    channelId: null,
    channelName: null,
    groupName: null,
    status: "idle",
  }
  gateway.others.push(
    ConversationView.parse({ ...row, turnCount: 80, createdAt: at, lastActivityAt: at, archivedAt: null }),
  )
  for (let number = 1; number <= 80; number += 1)
    gateway.otherMessages.push(
      MessageView.parse({
        id: `m${number}`,
        turnId: `turn_${id}_${number}`,
        role: "user",
        text: `Message ${number}.`,
        truncated: false,
        ...plain,
        createdAt: at,
      }),
    )
  await page.goto(`${gateway.origin}/c/${id}`)
  await page.getByText("Message 80.").waitFor()
  expect(await page.getByText("Message 30.").count()).toBe(0)
  const box = page.getByRole("region", { name: "Conversation" })
  await box.evaluate((one) => one.scrollTo({ top: 0 }))
  const place = () => page.getByText("Message 31.").evaluate((one) => one.getBoundingClientRect().top)
  const before = await place()
  await page.getByRole("button", { name: "Show earlier messages" }).click()
  await page.getByText("Message 1.", { exact: true }).waitFor({ state: "attached" })
  expect(Math.abs((await place()) - before)).toBeLessThan(60)
  expect(await page.locator(".bubble").count()).toBe(80)
})

test.each([360, 390, 768])("nothing is wider than a screen of %i pixels", async (width) => {
  const { gateway, page, troubles } = await stage.visit({ width, height: 740 })
  const sideways = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  const hidden = () =>
    page
      .locator("main")
      .evaluate((main) =>
        [...main.querySelectorAll("*")]
          .filter(
            (one) =>
              one.getBoundingClientRect().right > innerWidth + 1 && !one.closest("pre, .table, .off-screen, details"),
          )
          .map((one) => one.className),
      )
  await page.getByRole("textbox", { name: "Message" }).fill(`Long ${"word".repeat(200)}`)
  await page.getByRole("textbox", { name: "Message" }).press("Enter")
  await page.waitForURL("**/c/loop_*")
  const turn = await gateway.loops[0]?.nextTurn()
  turn?.useTool("t", "a_tool_with_a_very_long_name_indeed", "summary ".repeat(40))
  turn?.say(`# ${"x".repeat(300)}\n\n\`\`\`\n${"code ".repeat(100)}\n\`\`\`\n\n`)
  turn?.say(
    `| ${"column | ".repeat(20)}\n|${"---|".repeat(20)}\n| ${"cell | ".repeat(20)}\n\nhttps://example.com/${"y".repeat(300)}`,
  )
  turn?.ask("c", { tool: "t", input: { text: "z".repeat(500) }, reason: "r".repeat(300), risk: "high" })
  turn?.finish()
  await page.locator(".prose table").waitFor()
  expect(await sideways()).toBe(0)
  expect(await hidden()).toEqual([])
  for (const path of ["/", "/channels", "/groups", "/tokens", "/nowhere"]) {
    await page.goto(gateway.origin + path)
    await page.getByRole("heading", { level: 1 }).waitFor()
    expect(await sideways()).toBe(0)
    expect(await hidden()).toEqual([])
  }
  expect(troubles).toEqual([])
})

test("on a phone the menu opens over the page, takes the focus, and Escape closes it", async () => {
  const { page } = await stage.visit({ width: 390, height: 740 })
  await page.getByRole("button", { name: "Open the menu" }).click()
  const link = page.getByRole("link", { name: "Channels" })
  await link.waitFor()
  expect(await page.evaluate(() => document.activeElement?.closest("nav") !== null)).toBe(true)
  expect(await page.locator("main").evaluate((main) => main.matches("[inert]"))).toBe(true)
  await page.keyboard.press("Escape")
  await link.waitFor({ state: "hidden" })
  await page.getByRole("button", { name: "Open the menu" }).click()
  await link.click()
  await page.getByRole("heading", { name: "Channels", level: 1 }).waitFor()
  await link.waitFor({ state: "hidden" })
})

test("the chosen look is kept, and stands before the first paint of the next visit", async () => {
  const { page } = await stage.visit()
  await page.getByLabel("Dark").check({ force: true })
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const dark = await ground()
  await page.reload()
  await page.getByRole("heading", { level: 1 }).waitFor()
  expect(await ground()).toBe(dark)
  await page.getByLabel("Light").check({ force: true })
  expect(await ground()).not.toBe(dark)
})
