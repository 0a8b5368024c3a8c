/** A conversation's own budget on its page: seen, set, changed and taken away. Needs Chromium. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { ConversationView } from "../../core/api/conversations.ts"
import { openStage, type Stage, type Visit } from "./visit.ts"

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const id = `conv_${"a".repeat(32)}`
const at = "2026-11-20T12:00:00.000Z"

async function openBudget({ gateway, page }: Visit) {
  const place = { kind: "telegram", ownerId: null, ownerName: null, channelId: null, channelName: "Support bot" }
  const times = { createdAt: at, lastActivityAt: at, archivedAt: null, turnCount: 3 }
  gateway.others.push(
    ConversationView.parse({ id, title: "Where is my parcel?", groupName: null, status: "idle", ...place, ...times }),
  )
  await page.goto(`${gateway.origin}/c/${id}`)
  await page.getByRole("button", { name: "More about this conversation" }).click()
  await page.getByRole("button", { name: "Budget", exact: true }).click()
  const dialog = page.getByRole("dialog", { name: "Budget of this conversation" })
  await dialog.getByText("Today").waitFor()
  return dialog
}

test("it is seen with what is spent, set field by field, changed, and taken away", async () => {
  const visit = await stage.visit()
  visit.gateway.usualLimits = { ...visit.gateway.usualLimits, maxTokensMonth: 500_000 }
  const dialog = await openBudget(visit)
  expect(await dialog.getByText("81,000 tokens", { exact: true }).count()).toBe(2)
  const limits = dialog.getByRole("list", { name: "Limits" }).getByRole("listitem")
  expect(await limits.allInnerTexts()).toEqual([
    expect.stringMatching(/Tokens a month\s+81,000 of 500,000\s+As for every conversation/),
  ])
  const save = dialog.getByRole("button", { name: "Save" })
  expect(await save.isDisabled()).toBe(true)
  expect(await dialog.getByRole("spinbutton", { name: "Tokens a month" }).getAttribute("placeholder")).toBe("500000")

  await dialog.getByRole("spinbutton", { name: "Tokens a day" }).fill("100000")
  await dialog.getByRole("spinbutton", { name: "Dollars a month" }).fill("2.5")
  await save.click()
  await dialog.getByText("$1.25 of $2.50").waitFor()
  expect(visit.gateway.ownLimits.get(id)).toMatchObject({
    maxTokensDay: 100_000,
    maxTokensMonth: null,
    maxUsdMonth: 2.5,
  })

  await dialog.getByRole("spinbutton", { name: "Tokens a day" }).fill("")
  await save.click()
  await dialog.getByText("81,000 of 100,000").waitFor({ state: "detached" })
  expect(visit.gateway.ownLimits.get(id)).toMatchObject({ maxTokensDay: null, maxUsdMonth: 2.5 })

  await dialog.getByRole("button", { name: "Take them away" }).click()
  await dialog.getByText("$1.25 of $2.50").waitFor({ state: "detached" })
  expect(Object.values(visit.gateway.ownLimits.get(id) ?? {})).toEqual([null, null, null, null])
  expect(await dialog.getByRole("button", { name: "Take them away" }).count()).toBe(0)
  await dialog.getByRole("button", { name: "Close" }).click()
  await dialog.waitFor({ state: "detached" })
  expect(visit.troubles).toEqual([])
})

test("what someone else has set meanwhile is not overwritten unseen", async () => {
  const visit = await stage.visit()
  const dialog = await openBudget(visit)
  await dialog.getByRole("spinbutton", { name: "Tokens a day" }).fill("5000")
  visit.gateway.ownLimits.set(id, { maxTokensDay: 7_000, maxTokensMonth: null, maxUsdDay: null, maxUsdMonth: 3 })
  visit.gateway.ownLimitsVersion += 1
  await dialog.getByRole("button", { name: "Save" }).click()
  await dialog.getByText("Someone else changed this").waitFor()
  await dialog.getByText("81,000 of 7,000").waitFor()
  expect(visit.gateway.ownLimits.get(id)).toMatchObject({ maxTokensDay: 7_000 })
  await dialog.getByRole("button", { name: "Save" }).click()
  await dialog.getByText("81,000 of 5,000").waitFor()
  expect(visit.gateway.ownLimits.get(id)).toMatchObject({ maxTokensDay: 5_000, maxUsdMonth: 3 })
})

test("what is no budget is refused before it is sent", async () => {
  const visit = await stage.visit()
  const dialog = await openBudget(visit)
  await dialog.getByRole("spinbutton", { name: "Dollars a day" }).fill("-1")
  await dialog.getByRole("button", { name: "Save" }).click()
  expect(await dialog.locator("input:invalid").count()).toBe(1)
  expect(visit.gateway.ownLimits.size).toBe(0)
})

test("a viewer sees it and can set nothing", async () => {
  const visit = await stage.visit({ signedIn: false })
  visit.gateway.role = "viewer"
  visit.gateway.signedIn = true
  visit.gateway.password = "a long password"
  await visit.page.goto(visit.gateway.origin)
  await visit.page.getByLabel("User name").fill("ada")
  await visit.page.getByLabel("Password").fill("a long password")
  await visit.page.getByRole("button", { name: "Sign in" }).click()
  await visit.page.getByRole("heading", { name: "New conversation" }).waitFor()
  const dialog = await openBudget(visit)
  expect(await dialog.getByRole("spinbutton").count()).toBe(0)
  expect(await dialog.getByRole("button").allInnerTexts()).toEqual(["Done"])
})

test.each([
  { name: "a phone in the dark", width: 360, height: 740, dark: true },
  { name: "a phone in the light", width: 360, height: 740, dark: false },
  { name: "a desk in the dark", width: 1280, height: 800, dark: true },
  { name: "a desk in the light", width: 1280, height: 800, dark: false },
])("nothing stands out of it on $name", async ({ name, ...look }) => {
  const visit = await stage.visit(look)
  visit.gateway.usualLimits = { maxTokensDay: 90_000, maxTokensMonth: 500_000, maxUsdDay: 1.5, maxUsdMonth: null }
  visit.gateway.ownLimits.set(id, { maxTokensDay: 100_000, maxTokensMonth: null, maxUsdDay: null, maxUsdMonth: 1.2 })
  const dialog = await openBudget(visit)
  expect(await dialog.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0)
  const folder = process.env["SCREENSHOTS"]
  if (folder !== undefined) {
    await visit.page.screenshot({ path: `${folder}/budget on ${name}.png` })
    await dialog.getByRole("button", { name: "Save" }).scrollIntoViewIfNeeded()
    await visit.page.screenshot({ path: `${folder}/budget on ${name}, below.png` })
  }
  expect(visit.troubles).toEqual([])
})
