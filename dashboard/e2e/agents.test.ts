/** Agent groups, settings and what a configuration file owns at a real gateway, in a real browser. Needs Chromium. */
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as z from "zod"
import { AgentGroupView } from "../../core/api/agents.ts"
import { SettingsView } from "../../core/api/settings.ts"
import { launchBrowser, openContext } from "../../sandbox-runner/testkit/browser.ts"
import { type GatewayProcess, startGatewayProcess } from "../../sandbox-runner/testkit/gateway-process.ts"
import { createAdministrator, watch } from "./visit.ts"

let gateway: GatewayProcess
let browser: Browser
let page: Page
const troubles: string[] = []
beforeAll(async () => {
  ;[gateway, browser] = await Promise.all([
    startGatewayProcess({ env: { RATE_LIMIT_PER_MINUTE: "10000" } }),
    launchBrowser(),
  ])
  const { context } = await openContext(browser, { baseUrl: gateway.url })
  page = await context.newPage()
  watch(page, troubles)
  await page.goto(`/setup#code=${gateway.setupCode}`)
  await createAdministrator(page)
}, 90_000)
afterAll(async () => {
  await browser.close()
  await gateway.dispose()
})

const groups = async () => {
  const answer = await page.request.get("/api/agent-groups")
  return z.object({ data: z.array(AgentGroupView) }).parse(await answer.json()).data
}
const named = async (name: string) => (await groups()).find((group) => group.name === name)
const applyFile = async (text: string) => {
  const answer = await page.request.post("/api/config-file/apply", { headers: { origin: gateway.url }, data: { text } })
  expect(answer.status()).toBe(200)
}

test("a group gets tiers, fallbacks and skills, and its keys are never shown again", async () => {
  await page.goto("/groups")
  await page.getByRole("button", { name: "New group" }).click()
  await page.getByLabel("Name").fill("support")
  await page.getByText("Model by difficulty").click()
  await page.getByLabel("Choose the model by how hard a message is").selectOption("On")
  await page.getByRole("button", { name: "Add a tier" }).click()
  const tier = page.getByRole("group", { name: "Tier 1" })
  await tier.getByLabel("Model").fill("claude-haiku-5-5")
  await tier.getByLabel("Up to rating").fill("40")
  await page.getByText("When the model fails").click()
  await page.getByLabel("Ask other models when one fails").selectOption("On")
  for (const [number, label, model] of [
    [1, "Home", "llama3"],
    [2, "Cloud", "gpt-5"],
  ] as const) {
    await page.getByRole("button", { name: "Add a model to ask" }).click()
    const fallback = page.getByRole("group", { name: `Fallback ${number}` })
    await fallback.getByLabel("Label").fill(label)
    await fallback.getByLabel("Model").fill(model)
  }
  await page.getByRole("group", { name: "Fallback 1" }).getByLabel("Provider").selectOption("Ollama")
  await page.getByRole("group", { name: "Fallback 2" }).getByLabel("Provider").selectOption("OpenAI")
  await page.getByRole("group", { name: "Fallback 2" }).getByLabel("API key").fill("sk-of-the-cloud")
  await page.getByRole("button", { name: "Earlier fallback 2" }).click()
  await page.getByText("Skills", { exact: true }).click()
  await page.getByLabel("Enabled skills").fill("dates\nweb-browse\n")
  await page.getByRole("button", { name: "Create" }).click()
  await page.getByText("2 fallbacks · skills: dates, web-browse").waitFor()
  await page.getByText("by difficulty", { exact: true }).waitFor()
  await page.getByText("claude-haiku-5-5 cannot answer: ANTHROPIC_API_KEY is not set.").waitFor()
  expect(await named("support")).toMatchObject({
    skills: ["dates", "web-browse"],
    hotSwapConfig: { enabled: true, tiers: [{ model: "claude-haiku-5-5", maxComplexity: 40 }] },
    fallbackChainConfig: {
      enabled: true,
      providers: [
        { label: "Cloud", type: "openai", model: "gpt-5", hasApiKey: true },
        { label: "Home", type: "ollama", model: "llama3", hasApiKey: false },
      ],
    },
  })
  expect(await page.content()).not.toContain("sk-of-the-cloud")
  expect(troubles).toEqual([])
})

test("a group is changed without losing a fallback's key, and told when another address would lose it", async () => {
  await page.goto("/groups")
  const edit = async () => {
    await page.getByRole("button", { name: "Edit support" }).click()
    await page.getByText("When the model fails").click()
    return page.getByRole("group", { name: "Fallback 1" })
  }
  let cloud = await edit()
  await cloud.getByText("One is stored.").waitFor()
  await cloud.getByLabel("Model").fill("gpt-6")
  await page.getByRole("button", { name: "Save" }).click()
  await expect
    .poll(async () => (await named("support"))?.fallbackChainConfig?.providers[0])
    .toMatchObject({ model: "gpt-6", hasApiKey: true })
  cloud = await edit()
  await cloud.getByLabel("Address").fill("https://models.example/v1")
  await cloud.getByText("is forgotten. Enter it again.").waitFor()
  await page.getByRole("button", { name: "Save" }).click()
  await expect
    .poll(async () => (await named("support"))?.fallbackChainConfig?.providers[0])
    .toMatchObject({ baseUrl: "https://models.example/v1", hasApiKey: false })
  expect(troubles).toEqual([])
})

test("what is missing in a folded part unfolds it", async () => {
  await page.goto("/groups")
  await page.getByRole("button", { name: "Edit support" }).click()
  await page.getByText("Model by difficulty", { exact: true }).click()
  await page.getByRole("button", { name: "Add a tier" }).click()
  await page.getByText("Model by difficulty", { exact: true }).click()
  const field = page.getByRole("group", { name: "Tier 2" }).getByLabel("Model")
  expect(await field.isVisible()).toBe(false)
  await page.getByRole("button", { name: "Save" }).click()
  await expect.poll(() => field.isVisible()).toBe(true)
  await page.keyboard.press("Escape")
})

test("settings are changed by name, refused with a reason, and every version is told", async () => {
  await page.goto("/settings")
  await page.getByLabel("Default model").fill("gpt-5")
  await page.getByLabel("Time zone").fill("Mars/Olympus")
  await page.getByRole("button", { name: "Save" }).click()
  const refusal = page.getByRole("alert").getByText("time zone")
  await refusal.waitFor()
  // Beside the button that was pressed, and not out of sight at the top of a long form.
  const [told, pressed] = await Promise.all([
    refusal.boundingBox(),
    page.getByRole("button", { name: "Save" }).boundingBox(),
  ])
  expect(Math.abs((told?.y ?? 0) - (pressed?.y ?? 1_000))).toBeLessThan(150)
  await page.getByLabel("Time zone").fill("Europe/Berlin")
  await page.getByRole("button", { name: "Save" }).click()
  const changes = page.getByRole("region", { name: "Changes so far" }).getByRole("listitem")
  await changes.filter({ hasText: "Europe/Berlin" }).waitFor()
  await page.getByText("Saved.", { exact: true }).waitFor()
  await page.getByLabel("Default model").fill("")
  expect(await page.getByText("Saved.", { exact: true }).count()).toBe(0)
  await page.getByRole("button", { name: "Save" }).click()
  await changes.filter({ hasText: "taken back" }).waitFor()
  expect(await changes.count()).toBe(2)
  expect(await changes.first().textContent()).toMatch(/ada.*Default model.*taken back/)
  expect(troubles).toEqual([])
})

test("what a person types into the settings stays when somebody else saves, and is not saved over theirs", async () => {
  await page.goto("/settings")
  await page.getByLabel("Default model").fill("half typ")
  const { version } = SettingsView.parse(await (await page.request.get("/api/settings")).json())
  const changed = await page.request.put("/api/settings", {
    headers: { origin: gateway.url },
    data: { version, settings: { budgetMaxUsdDay: 5 } },
  })
  expect(changed.status()).toBe(200)
  await page.getByText("The settings were changed meanwhile").waitFor()
  expect(await page.getByLabel("Default model").inputValue()).toBe("half typ")
  await page.getByRole("button", { name: "Save" }).click()
  await page.getByRole("alert").waitFor()
  await page.goto("/settings")
  await expect.poll(() => page.getByLabel("Dollars a day", { exact: true }).inputValue()).toBe("5")
  expect(await page.getByLabel("Default model").inputValue()).toBe("")
  expect(troubles).toEqual([])
})

test("what the configuration file owns is marked as it happens, and not offered to be changed", async () => {
  await page.goto("/groups")
  await page.getByRole("button", { name: "Edit support" }).waitFor()
  await applyFile("groups:\n  - name: support\nsettings:\n  timeZone: Asia/Tokyo\n")
  // Nothing is pressed: the page hears of it.
  await page.getByText("set by file").waitFor()
  expect(await page.getByRole("button", { name: /(Edit|Delete) support/ }).count()).toBe(0)
  await page.goto("/settings")
  await page.getByText("The configuration file owns Time zone.").waitFor()
  expect(await page.getByLabel("Time zone").isDisabled()).toBe(true)
  await page.getByLabel("Messages of history").fill("7")
  await page.getByRole("button", { name: "Save" }).click()
  await page.getByRole("region", { name: "Changes so far" }).getByText("Messages of history").waitFor()
  await page.goto("/groups")
  await applyFile("")
  await page.getByRole("button", { name: "Edit support" }).waitFor()
  expect(troubles).toEqual([])
})

test("the activity page shows what happens while it is open, and operations how each part is", async () => {
  await page.getByRole("link", { name: "Activity" }).click()
  await applyFile("groups:\n  - name: made-by-file\n")
  await page.getByText("An agent group was made").waitFor()
  await page.getByRole("link", { name: "Operations" }).click()
  await page.getByRole("heading", { name: "Database" }).waitFor()
  await page.getByText("not configured", { exact: true }).waitFor()
  expect(troubles).toEqual([])
})
