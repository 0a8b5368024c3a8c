/** The page Approvals at a real gateway, with a model that calls a tool that asks first, in a real browser. Needs Chromium. */
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { launchBrowser, openContext } from "../../sandbox-runner/testkit/browser.ts"
import { type GatewayProcess, startGatewayProcess } from "../../sandbox-runner/testkit/gateway-process.ts"
import { type LineServer, startLineServer } from "../../sandbox-runner/testkit/line-server.ts"
import { type ScriptedModel, startScriptedModel } from "../../sandbox-runner/testkit/scripted-model.ts"
import { createAdministrator, watch } from "./visit.ts"

const troubles: string[] = []
let gateway: GatewayProcess
let model: ScriptedModel
let lines: LineServer
let browser: Browser
let page: Page
beforeAll(async () => {
  ;[model, lines, browser] = await Promise.all([startScriptedModel(), startLineServer(), launchBrowser()])
  const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "sk-test", RATE_LIMIT_PER_MINUTE: "10000" }
  gateway = await startGatewayProcess({ env, lineServerUrl: lines.url, appendLineAsksFirst: true })
  const { context } = await openContext(browser, { device: "desktop", baseUrl: gateway.url })
  page = await context.newPage()
  watch(page, troubles)
  await page.goto(`/setup#code=${gateway.setupCode}`)
  await createAdministrator(page)
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await gateway?.dispose()
  await Promise.all([model?.close(), lines?.close()])
})

const ask = async (text: string) => {
  await page.getByRole("link", { name: "New conversation" }).click()
  await page.getByRole("textbox").first().fill(text)
  await page.keyboard.press("Enter")
}
const openWaiting = async () => {
  await page.getByRole("link", { name: /^Approvals 1$/ }).click()
  await page.getByRole("heading", { name: "Approvals" }).waitFor()
}
/** What the model was sent last; a question is on record as answered before the agent goes on. */
const lastAsked = () => JSON.stringify(model.requests.at(-1)?.body)
const call = (line: string) => `tool append_line ${JSON.stringify({ line })}`
const card = () => page.getByRole("region", { name: "Request of append_line" })

test("what waits is counted, shown whole with escapes, and runs once when it is approved", async () => {
  await ask(call("first\u202eline"))
  await openWaiting()
  await card().getByText("high risk").waitFor()
  const shown = (await card().getByLabel("Arguments").textContent()) ?? ""
  expect(shown).toContain('line: "first\\u{202e}line"')
  expect(shown).not.toContain("\u202e")
  await card()
    .getByText(/Open for/)
    .waitFor()
  expect(lines.lines).toEqual([])
  await card().getByRole("button", { name: "Approve" }).click()
  await page.getByText("Nothing waits for you.").waitFor()
  await page.getByRole("row", { name: /append_line.*approved.*ada/s }).waitFor()
  await lines.waitForLine("first\u202eline")
  expect(lines.lines).toHaveLength(1)
  await page.getByRole("link", { name: "Approvals", exact: true }).waitFor()
})

test("a no with words reaches the agent, and is on record", async () => {
  await ask(call("second"))
  await openWaiting()
  await card().getByLabel("Words for the agent").fill("Not on a Friday.")
  await card().getByRole("button", { name: "Deny" }).click()
  await page.getByRole("row", { name: /append_line.*denied.*Not on a Friday/s }).waitFor()
  await expect.poll(lastAsked).toContain("They said: Not on a Friday.")
  expect(lines.lines).toHaveLength(1)
})

test("what the agent asks itself is answered there too", async () => {
  const questions = [{ id: "size", question: "Which size?", options: ["Small", "Large"] }]
  await ask(`tool ask_user ${JSON.stringify({ questions })}`)
  await openWaiting()
  await page.getByLabel("Large").check()
  await page.getByRole("button", { name: "Answer", exact: true }).click()
  await page.getByRole("row", { name: /ask_user.*answered/s }).waitFor()
  await expect.poll(lastAsked).toContain("Large")
})

test("a rule lets a tool run by itself until it is deleted", async () => {
  await page.getByRole("link", { name: "Rules" }).click()
  await page.getByLabel("Tool").selectOption("append_line")
  await page.getByLabel("A person is asked").selectOption("no")
  await page.getByRole("button", { name: "Save rule" }).click()
  await page.getByText("runs by itself").waitFor()
  await ask(call("third"))
  await lines.waitForLine("third")
  await page.getByRole("link", { name: "Approvals", exact: true }).click()
  await page.getByText("Nothing waits for you.").waitFor()
  await page.getByRole("link", { name: "Rules" }).click()
  await page.getByRole("button", { name: "Delete" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click()
  await page.getByText("No rule yet.").waitFor()
  expect(troubles).toEqual([])
})
