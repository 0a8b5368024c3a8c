/** What users, sessions, tokens and login counts promise, over any database. */
import { describe, expect, test } from "vitest"
import * as access from "./access.ts"
import { claimInstanceValue, readInstanceValue } from "./instance.ts"
import type { Libsql } from "./libsql.ts"
import { at, session, token, tokenId, user, userId } from "./samples.ts"

/** @param database - an empty database with the present schema */
export function accessSuite(database: () => Libsql): void {
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
        await access.touchSession(database(), "s", used)
        await access.touchToken(database(), tokenId(1), used)
      }
      expect((await access.findSession(database(), "s", at(60)))?.session.lastUsedAt).toBe(at(50))
      expect((await access.findToken(database(), "hash-1", at(60)))?.token.lastUsedAt).toBe(at(50))
    })

    test("purging forgets what is over and nothing else", async () => {
      await access.createFirstAdmin(database(), user(1))
      await access.createSession(database(), session("over", { expiresAt: at(500) }))
      await access.createSession(database(), session("live", { expiresAt: at(501) }))
      await access.recordFailure(database(), "old", at(100), 100)
      await access.recordFailure(database(), "new", at(450), 100)
      await access.purgeExpired(database(), at(500), 100)
      // Asked as of an earlier instant, so that only what is gone is missing.
      expect(await access.findSession(database(), "over", at(0))).toBeUndefined()
      expect(await access.findSession(database(), "live", at(0))).toBeDefined()
      expect(await access.readFailures(database(), ["old", "new"], at(120), 1_000)).toEqual([0, 1])
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

    test("failed logins are counted inside a window that starts with the first", async () => {
      const counts: number[] = []
      for (const ms of [0, 50, 99, 100, 150]) counts.push(await access.recordFailure(database(), "ada", at(ms), 100))
      expect(counts).toEqual([1, 2, 3, 1, 2])
      expect(await access.readFailures(database(), ["ada", "bob"], at(199), 100)).toEqual([2, 0])
      expect(await access.readFailures(database(), ["ada"], at(200), 100)).toEqual([0])
    })

    test("failures counted at the same time are all counted", async () => {
      await Promise.all(Array.from({ length: 20 }, () => access.recordFailure(database(), "ada", at(0), 100)))
      expect(await access.readFailures(database(), ["ada"], at(1), 100)).toEqual([20])
    })

    test("a login that succeeded clears its own keys", async () => {
      for (const key of ["ada", "10.0.0.1", "bob"]) await access.recordFailure(database(), key, at(0), 100)
      await access.clearFailures(database(), ["ada", "10.0.0.1"])
      await access.clearFailures(database(), [])
      expect(await access.readFailures(database(), ["ada", "10.0.0.1", "bob"], at(1), 100)).toEqual([0, 0, 1])
    })

    test("an installation's value is claimed once, and everyone learns which one won", async () => {
      expect(await readInstanceValue(database(), "check")).toBeUndefined()
      const told = await Promise.all(["a", "b", "c"].map((value) => claimInstanceValue(database(), "check", value)))
      expect(new Set(told).size).toBe(1)
      expect(await readInstanceValue(database(), "check")).toBe(told[0])
    })
  })
}
