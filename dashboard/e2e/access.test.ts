/** Set-up, sign-in and sign-out in a real browser. Needs Chromium. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { openStage, type Stage } from "./visit.ts"

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

test.each(["?code=", "#code="])(
  "the set-up link (%s) makes the administrator and leaves no code in the address",
  async (form) => {
    const { gateway, page, troubles } = await stage.visit({ signedIn: false })
    await page.goto(`${gateway.origin}/setup${form}${gateway.setupCode}`)
    await page.getByRole("heading", { name: "Set up your gateway" }).waitFor()
    expect(page.url()).toBe(`${gateway.origin}/setup`)
    expect(await page.getByLabel("Set-up code").count()).toBe(0)
    await page.getByLabel("Password").fill("a long password")
    await page.getByRole("button", { name: "Create administrator" }).click()
    await page.getByRole("heading", { name: "New conversation" }).waitFor()
    expect(page.url()).toBe(`${gateway.origin}/`)
    expect(gateway.password).toBe("a long password")
    expect(troubles).toEqual([])
  },
)

test("a wrong code is explained and can be typed anew", async () => {
  const { gateway, page } = await stage.visit({ signedIn: false })
  await page.goto(`${gateway.origin}/setup?code=wrong`)
  await page.getByLabel("Password").fill("a long password")
  await page.getByRole("button", { name: "Create administrator" }).click()
  await page.getByRole("alert").getByText("The set-up code is wrong").waitFor()
  await page.getByLabel("Set-up code").fill(gateway.setupCode)
  await page.getByRole("button", { name: "Create administrator" }).click()
  await page.getByRole("heading", { name: "New conversation" }).waitFor()
})

test("a short password is not sent", async () => {
  const { gateway, page } = await stage.visit({ signedIn: false })
  await page.goto(`${gateway.origin}/setup?code=${gateway.setupCode}`)
  await page.getByLabel("Password").fill("short")
  await page.getByRole("button", { name: "Create administrator" }).click()
  expect(await page.getByLabel("Password").evaluate((input) => input.matches(":invalid"))).toBe(true)
  expect(gateway.password).toBeNull()
})

test("a set-up link that was used leads to sign-in, and a wrong password is told", async () => {
  const { gateway, page } = await stage.visit({ signedIn: false })
  gateway.password = "a long password"
  await page.goto(`${gateway.origin}/setup?code=${gateway.setupCode}`)
  await page.getByText("already set up").waitFor()
  await page.getByLabel("User name").fill("ada")
  await page.getByLabel("Password").fill("not the password")
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("alert").getByText("User name or password is wrong.").waitFor()
})

test("signing out ends the session; one that ended elsewhere leads to sign-in with the draft kept", async () => {
  const { gateway, page, troubles } = await stage.visit()
  await page.getByRole("textbox", { name: "Message" }).fill("half a thought")
  gateway.signedIn = false
  await page.getByRole("link", { name: "API tokens" }).click()
  await page.getByText("Your session is over").waitFor()
  await page.getByLabel("User name").fill("ada")
  await page.getByLabel("Password").fill("a long password")
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("link", { name: "New conversation" }).click()
  expect(await page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("half a thought")
  await page.getByRole("button", { name: "Sign out" }).click()
  await page.getByRole("heading", { name: "Sign in" }).waitFor()
  expect(gateway.signedIn).toBe(false)
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0)
  expect(troubles).toEqual([])
})

test("a gateway that is away is waited for", async () => {
  const { gateway, page } = await stage.visit()
  await page.route("**/api/auth/status", (route) => route.abort())
  await page.reload()
  await page.getByRole("heading", { name: "No connection" }).waitFor()
  await page.unroute("**/api/auth/status")
  await page.getByRole("heading", { name: "New conversation" }).waitFor()
  expect(gateway.signedIn).toBe(true)
})

test("what the gateway lacks is said on every page", async () => {
  const { gateway, page } = await stage.visit()
  gateway.modelHint = "No model key is set. Set ANTHROPIC_API_KEY, OPENAI_API_KEY or OLLAMA_URL, then start again."
  await page.reload()
  await page.getByText("Set ANTHROPIC_API_KEY").waitFor()
  await page.getByRole("link", { name: "Channels" }).click()
  await page.getByRole("heading", { name: "Channels", level: 1 }).waitFor()
  expect(await page.getByText("Set ANTHROPIC_API_KEY").isVisible()).toBe(true)
})
