/** Who gets in, by what, and how often. Begins with a gateway that nobody has set up. */
import { beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { TokenView } from "../../core/api/tokens.ts"
import { adminName, adminPassword, browserOf, enter, makeProgram, sendWithHost, type Client } from "./client.ts"
import type { Stage } from "./stage.ts"

const Status = z.object({ setupRequired: z.boolean(), authenticated: z.boolean() })
const setUpBy = (code: string, password = adminPassword) => ({ json: { username: adminName, password, code } })
const logInWith = (username: string, password: string) => ({ json: { username, password } })

export function accessSuite(stage: () => Stage): void {
  describe("set-up", () => {
    test("a gateway without an administrator says so and serves nobody", async () => {
      const { anyone } = stage()
      const status = await anyone.send("GET", "/api/auth/status")
      expect(status.read(Status)).toEqual({ setupRequired: true, authenticated: false })
      expect((await anyone.send("GET", "/api/v1/loops")).outcome).toBe("401 missing_credentials")
      expect((await anyone.send("POST", "/api/auth/login", logInWith(adminName, adminPassword))).outcome).toBe(
        "401 invalid_login",
      )
    })

    test("a wrong code or a weak password makes no administrator", async () => {
      const { anyone, gateway } = stage()
      expect((await anyone.send("POST", "/api/auth/setup", setUpBy("a guess"))).outcome).toBe("403 invalid_setup_code")
      expect((await anyone.send("POST", "/api/auth/setup", setUpBy(gateway.setupCode, "short"))).outcome).toBe(
        "400 setup_password_weak",
      )
      expect((await anyone.send("GET", "/api/auth/status")).read(Status).setupRequired).toBe(true)
    })

    test("of two at once one becomes administrator, with a cookie that scripts and other sites cannot use", async () => {
      const { anyone, gateway, transcript } = stage()
      const both = await Promise.all(
        [1, 2].map(() => anyone.sendForSecret("POST", "/api/auth/setup", setUpBy(gateway.setupCode))),
      )
      expect(both.map(({ outcome }) => outcome).toSorted()).toEqual(["409 already_set_up", "ok"])
      const won = both.find(({ outcome }) => outcome === "ok")
      if (won === undefined) throw new Error("nobody won")
      expect(won.status).toBe(201)
      expect(won.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^loop_session=[0-9a-f]{64}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/),
      ])
      const status = await browserOf(anyone, won, transcript).send("GET", "/api/auth/status")
      expect(status.read(Status)).toEqual({ setupRequired: false, authenticated: true })
    })

    test("a second set-up is refused, with the right code too", async () => {
      const { anyone, gateway } = stage()
      expect((await anyone.send("POST", "/api/auth/setup", setUpBy(gateway.setupCode))).outcome).toBe(
        "409 already_set_up",
      )
    })
  })

  describe("a browser", () => {
    let browser: Client
    beforeAll(async () => {
      browser = await enter(stage().anyone, "login", stage().transcript)
    })

    test("a session ends with its logout", async () => {
      const { anyone, transcript } = stage()
      const other = await enter(anyone, "login", transcript)
      const out = await other.send("POST", "/api/auth/logout")
      expect(out.headers.getSetCookie()[0]).toMatch(/^loop_session=; .*Max-Age=0$/)
      expect((await other.send("GET", "/api/v1/loops")).outcome).toBe("401 invalid_token")
      expect((await browser.send("GET", "/api/v1/loops")).outcome).toBe("ok")
    })

    test("a wrong password is refused like a name that nobody has", async () => {
      const { anyone } = stage()
      const wrong = await anyone.send("POST", "/api/auth/login", logInWith(adminName, "not the password"))
      const unknown = await anyone.send("POST", "/api/auth/login", logInWith("somebody", "not the password"))
      expect(wrong.text).toBe(unknown.text)
      expect(wrong.outcome).toBe("401 invalid_login")
    })

    test("its cookie changes nothing from another origin, or without one", async () => {
      const cookie = await freshCookie()
      const from = (headers: Readonly<Record<string, string>>) => stage().anyone.as({ cookie, ...headers })
      const before = await from({}).send("GET", "/api/v1/loops")
      expect(before.outcome).toBe("ok")
      const origins: Readonly<Record<string, string>>[] = [{}, { origin: "https://evil.example" }, { origin: "null" }]
      for (const origin of origins) {
        expect((await from(origin).send("POST", "/api/v1/loops", { json: {} })).outcome).toBe("403 origin_forbidden")
        expect((await from(origin).send("POST", "/api/v1/me/tokens", { json: {} })).outcome).toBe(
          "403 origin_forbidden",
        )
      }
      expect((await from({}).send("GET", "/api/v1/loops")).text).toBe(before.text)
    })

    async function freshCookie(): Promise<string> {
      const answer = await stage().anyone.sendForSecret("POST", "/api/auth/login", logInWith(adminName, adminPassword))
      return answer.headers.getSetCookie()[0]?.split(";")[0] ?? ""
    }

    test("a Host header that names another machine is refused, a loopback name is not", async () => {
      const { gateway } = stage()
      const { port } = new URL(gateway.url)
      expect((await sendWithHost(gateway.url, "/api/health", "evil.example")).outcome).toBe("421 host_forbidden")
      expect((await sendWithHost(gateway.url, "/", `rebound.example:${port}`)).outcome).toBe("421 host_forbidden")
      expect((await sendWithHost(gateway.url, "/api/health", `localhost:${port}`)).outcome).toBe("ok")
    })
  })

  describe("tokens", () => {
    let browser: Client
    beforeAll(async () => {
      browser = await enter(stage().anyone, "login", stage().transcript)
    })

    test("a browser makes one, a program uses it, and no token makes another", async () => {
      const program = await makeProgram(browser, stage().transcript, { label: "first" })
      expect((await program.send("GET", "/api/v1/loops")).outcome).toBe("ok")
      expect((await program.send("POST", "/api/v1/me/tokens", { json: {} })).outcome).toBe("403 cookie_required")
      expect((await program.send("GET", "/api/v1/me/tokens")).outcome).toBe("403 cookie_required")
      expect((await program.send("GET", "/api/channels")).outcome).toBe("403 scope_missing")
    })

    test("the list tells of tokens, not their values", async () => {
      const listed = await browser.send("GET", "/api/v1/me/tokens")
      const { tokens } = listed.read(z.object({ tokens: z.array(TokenView) }))
      expect(tokens.map(({ label, scopes }) => ({ label, scopes }))).toContainEqual({
        label: "first",
        scopes: ["chat"],
      })
      expect(listed.text).not.toMatch(/la_[0-9a-f]/)
    })

    test("a revoked token is refused at once", async () => {
      const { transcript } = stage()
      const program = await makeProgram(browser, transcript, { label: "to be revoked" })
      expect((await program.send("GET", "/api/v1/loops")).outcome).toBe("ok")
      const { tokens } = (await browser.send("GET", "/api/v1/me/tokens")).read(z.object({ tokens: z.array(TokenView) }))
      const path = `/api/v1/me/tokens/${tokens.find(({ label }) => label === "to be revoked")?.tokenId}`
      expect((await browser.send("DELETE", path)).status).toBe(204)
      expect((await program.send("GET", "/api/v1/loops")).outcome).toBe("401 invalid_token")
      expect((await browser.send("DELETE", path)).outcome).toBe("404 token_not_found")
    })

    test("a token ends with its time", async () => {
      const program = await makeProgram(browser, stage().transcript, { ttlSeconds: 1 })
      const used = async () => (await program.send("GET", "/api/v1/loops")).outcome
      await expect.poll(used).toBe("401 invalid_token")
    })

    test("a token that was never given is refused", async () => {
      const { anyone } = stage()
      for (const token of [`la_${"0".repeat(48)}`, "la_short", "0".repeat(64)]) {
        const answer = await anyone.as({ authorization: `Bearer ${token}` }).send("GET", "/api/v1/loops")
        expect(answer.outcome).toBe("401 invalid_token")
      }
    })
  })

  test("who guesses passwords has to wait, and the administrator still gets in", async () => {
    const { anyone, transcript } = stage()
    const guess = () => anyone.send("POST", "/api/auth/login", logInWith("nobody", "a guess of it"))
    const first = await Promise.all(Array.from({ length: 10 }, guess))
    expect(first.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 10 }, () => "401 invalid_login"))
    const next = await guess()
    expect(next.outcome).toBe("429 too_many_logins")
    expect(Number(next.headers.get("retry-after"))).toBeGreaterThan(0)
    await enter(anyone, "login", transcript)
  })
}
