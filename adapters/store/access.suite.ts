/** What users, sessions, tokens and login counts promise, over any database. */
import { describe, expect, test } from "vitest"
import type { EpochMs } from "../../core/units.ts"
import * as access from "./access.ts"
import { claimInstanceValue, readInstanceValue } from "./instance.ts"
import type { Libsql } from "./libsql.ts"
import { countAttempt, settleAttempt } from "./login-attempts.ts"
import { at, session, token, tokenId, user, userId } from "./samples.ts"

/** @param database - an empty database with the present schema */
export function accessSuite(database: () => Libsql): void {
  const attempts = async (keys: string[], now: EpochMs): Promise<number[]> =>
    (await countAttempt(database(), keys, now, 100)).map((counted) => counted.attempts)

  describe("access", () => {
    test("the first account is made once, however many ask at the same time", async () => {
      const asked = [1, 2, 3, 4].map((number) => access.createFirstAdmin(database(), user(number)))
      const answers = await Promise.all(asked)
      expect(answers.map(({ status }) => status).sort()).toEqual(["created", "exists", "exists", "exists"])
      const made = await Promise.all([1, 2, 3, 4].map((number) => access.findUser(database(), userId(number))))
      expect(made.filter(Boolean)).toHaveLength(1)
    })

    test("a database is set up when it has an account", async () => {
      expect(await access.isSetUp(database())).toBe(false)
      await access.createFirstAdmin(database(), user(1))
      expect(await access.isSetUp(database())).toBe(true)
    })

    test("a user is found by name in any case", async () => {
      const ada = user(1, { username: "Ådä" })
      await access.createFirstAdmin(database(), ada)
      expect(await access.findUserByName(database(), "ÅDÄ")).toEqual(ada)
      expect(await access.findUserByName(database(), "A\u030Ada\u0308")).toEqual(ada)
      expect(await access.findUserByName(database(), "ada")).toBeUndefined()
      expect(await access.findUserByName(database(), "' or 1=1 --")).toBeUndefined()
    })

    test("a session is found with its user until the instant it expires", async () => {
      await access.createFirstAdmin(database(), user(1))
      await access.createSession(database(), session("s"))
      expect(await access.findSession(database(), "s", at(999))).toEqual({ session: session("s"), user: user(1) })
      expect(await access.findSession(database(), "s", at(1000))).toBeUndefined()
      expect(await access.findSession(database(), "other", at(0))).toBeUndefined()
    })

    test("a session whose user is gone serves nobody", async () => {
      await access.createSession(database(), session("s"))
      expect(await access.findSession(database(), "s", at(0))).toBeUndefined()
    })

    test("a deleted session is over", async () => {
      await access.createFirstAdmin(database(), user(1))
      await access.createSession(database(), session("s"))
      await access.deleteSession(database(), "s")
      expect(await access.findSession(database(), "s", at(0))).toBeUndefined()
    })

    test("the last use of a session and of a token never moves back", async () => {
      await access.createFirstAdmin(database(), user(1))
      await access.createSession(database(), session("s"))
      await access.createToken(database(), token(1))
      for (const used of [at(50), at(20)]) {
        await access.extendSession(database(), "s", used, at(1000))
        await access.touchToken(database(), tokenId(1), used)
      }
      expect((await access.findSession(database(), "s", at(60)))?.session.lastUsedAt).toBe(at(50))
      expect((await access.findToken(database(), "hash-1", at(60)))?.token.lastUsedAt).toBe(at(50))
    })

    test("a session in use lives longer, and never shorter than it was told before", async () => {
      await access.createFirstAdmin(database(), user(1))
      await access.createSession(database(), session("s"))
      await access.extendSession(database(), "s", at(10), at(2_000))
      await access.extendSession(database(), "s", at(20), at(1_500))
      expect((await access.findSession(database(), "s", at(1_999)))?.session.expiresAt).toBe(at(2_000))
      expect(await access.findSession(database(), "s", at(2_000))).toBeUndefined()
    })

    test("a session that was ended is not extended back to life", async () => {
      await access.createFirstAdmin(database(), user(1))
      await access.createSession(database(), session("s"))
      await access.deleteSession(database(), "s")
      await access.extendSession(database(), "s", at(10), at(2_000))
      expect(await access.findSession(database(), "s", at(20))).toBeUndefined()
    })

    test("purging forgets what is over and nothing else", async () => {
      await access.createFirstAdmin(database(), user(1))
      await access.createSession(database(), session("over", { expiresAt: at(500) }))
      await access.createSession(database(), session("live", { expiresAt: at(501) }))
      await countAttempt(database(), ["old"], at(400), 100)
      await countAttempt(database(), ["new"], at(401), 100)
      await access.purgeExpired(database(), at(500), 100)
      // Asked as of an earlier instant, so that only what is gone is missing.
      expect(await access.findSession(database(), "over", at(0))).toBeUndefined()
      expect(await access.findSession(database(), "live", at(0))).toBeDefined()
      expect(await attempts(["old", "new"], at(401))).toEqual([1, 2])
    })

    test("a token is found with its user until it expires or is revoked", async () => {
      await access.createFirstAdmin(database(), user(1))
      const limited = token(1, { expiresAt: at(100), scopes: ["chat", "agents:read"] })
      await access.createToken(database(), limited)
      await access.createToken(database(), token(2))
      expect(await access.findToken(database(), "hash-1", at(99))).toEqual({ token: limited, user: user(1) })
      expect(await access.findToken(database(), "hash-1", at(100))).toBeUndefined()
      await access.revokeToken(database(), userId(1), tokenId(2), at(10))
      expect(await access.findToken(database(), "hash-2", at(11))).toBeUndefined()
    })

    test("a token is revoked once, and by its owner alone", async () => {
      await access.createToken(database(), token(1))
      expect(await access.revokeToken(database(), userId(2), tokenId(1), at(1))).toEqual({ status: "not_found" })
      expect(await access.revokeToken(database(), userId(1), tokenId(1), at(1))).toEqual({ status: "revoked" })
      expect(await access.revokeToken(database(), userId(1), tokenId(1), at(2))).toEqual({ status: "not_found" })
    })

    test("a user's tokens are listed newest first, without revoked ones and those of others", async () => {
      for (const number of [1, 2, 3]) await access.createToken(database(), token(number))
      await access.createToken(database(), token(4, { userId: userId(2) }))
      await access.revokeToken(database(), userId(1), tokenId(2), at(9))
      expect(await access.listTokens(database(), userId(1))).toEqual([token(3), token(1)])
    })

    test("attempts are counted inside a window that starts with the first", async () => {
      const counted: unknown[] = []
      for (const ms of [0, 50, 99, 100, 150]) counted.push(...(await countAttempt(database(), ["ada"], at(ms), 100)))
      expect(counted).toEqual([
        { attempts: 1, windowStartedAt: at(0) },
        { attempts: 2, windowStartedAt: at(0) },
        { attempts: 3, windowStartedAt: at(0) },
        { attempts: 1, windowStartedAt: at(100) },
        { attempts: 2, windowStartedAt: at(100) },
      ])
    })

    test("attempts at the same time are all counted, each at its own place", async () => {
      const told = await Promise.all(Array.from({ length: 20 }, () => attempts(["ada"], at(0))))
      expect(told.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    })

    test("an attempt that was right frees its own keys and is not counted on shared ones", async () => {
      for (let count = 0; count < 3; count++) await attempts(["ada", "10.0.0.1", "bob"], at(0))
      await settleAttempt(database(), { forgiven: ["ada"], uncounted: ["10.0.0.1", "unknown"] })
      expect(await attempts(["ada", "10.0.0.1", "bob"], at(1))).toEqual([1, 3, 4])
      await settleAttempt(database(), { forgiven: [], uncounted: [] })
    })

    test("an installation's value is claimed once, and everyone learns which one won", async () => {
      expect(await readInstanceValue(database(), "check")).toBeUndefined()
      const told = await Promise.all(["a", "b", "c"].map((value) => claimInstanceValue(database(), "check", value)))
      expect(new Set(told).size).toBe(1)
      expect(await readInstanceValue(database(), "check")).toBe(told[0])
    })
  })
}
