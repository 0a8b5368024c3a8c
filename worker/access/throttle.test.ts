import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { isLoopError } from "../../core/errors.ts"
import { type Edge, openEdge } from "../testing/edge.ts"
import { allowedFailures, beginLogin, beginSetUp, throttleWindowMs } from "./throttle.ts"

let edge: Edge
beforeEach(async () => {
  edge = await openEdge()
})
afterEach(() => edge.close())

const home = "192.0.2.1"
const away = "198.51.100.1"

/** Whether an attempt may be judged. */
async function may(attempt: Promise<unknown>): Promise<boolean> {
  try {
    await attempt
    return true
  } catch (error) {
    if (isLoopError(error) && error.code === "too_many_logins") return false
    throw error
  }
}
const logIn = (address: string, name: string) => may(beginLogin(edge, address, name))

describe("attempts to log in", () => {
  test("are barred for one address against one name, known or not, in whatever case", async () => {
    for (let failure = 0; failure < allowedFailures.pair; failure += 1) {
      expect(await logIn(home, failure % 2 === 0 ? "ada" : "ADA")).toBe(true)
    }
    expect(await logIn(home, "Ada")).toBe(false)
    expect(await logIn(home, "bob")).toBe(true)
    expect(await logIn(away, "ada")).toBe(true)
  })

  test("count when they are made at once", async () => {
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => logIn(home, "ada")))
    expect(outcomes.filter(Boolean)).toHaveLength(allowedFailures.pair)
  })

  test("of one stranger never bar the name's owner, however many there are", async () => {
    for (let failure = 0; failure < 3 * allowedFailures.name; failure += 1) await logIn(home, "ada")
    expect(await logIn(away, "ada")).toBe(true)
  })

  test("from very many addresses bar the name", async () => {
    for (let address = 0; address < allowedFailures.name; address += 1) {
      expect(await logIn(`198.51.100.${address}`, "ada")).toBe(true)
    }
    expect(await logIn(home, "ada")).toBe(false)
    expect(await logIn(home, "bob")).toBe(true)
  })

  test("at many names bar the address, which for IPv6 is its /64", async () => {
    for (let name = 0; name < allowedFailures.address; name += 1) {
      expect(await logIn(`2001:db8:1:1::${name + 1}`, `name-${name}`)).toBe(true)
    }
    expect(await logIn("2001:db8:1:1:ffff::1", "ada")).toBe(false)
    expect(await logIn("2001:db8:1:2::1", "ada")).toBe(true)
  })

  test("that were right are not counted", async () => {
    for (let login = 0; login < 2 * allowedFailures.address; login += 1) {
      await (await beginLogin(edge, home, "ada")).succeeded()
    }
  })

  test("that were right do not wipe out the address's guesses at other names", async () => {
    for (let name = 0; name < allowedFailures.address; name += 1) {
      await logIn(home, `name-${name}`)
      if (name % 5 === 0) await (await beginLogin(edge, home, "mallory")).succeeded()
    }
    expect(await logIn(home, "ada")).toBe(false)
  })

  test("are possible again when the window is over, and the wait is told", async () => {
    for (let failure = 0; failure < allowedFailures.pair; failure += 1) await logIn(home, "ada")
    edge.advance(60_000)
    await expect(beginLogin(edge, home, "ada")).rejects.toMatchObject({
      code: "too_many_logins",
      details: { retryAfterSeconds: (throttleWindowMs - 60_000) / 1_000 },
    })
    edge.advance(throttleWindowMs - 60_000)
    expect(await logIn(home, "ada")).toBe(true)
  })

  test("leave no name in the database, because people type passwords there", async () => {
    await logIn(home, "my-secret-password")
    const [rows] = await edge.libsql.read([{ sql: "select * from login_attempts", args: [] }])
    expect(rows?.rows).toHaveLength(3)
    expect(JSON.stringify(rows?.rows)).not.toContain("my-secret-password")
  })
})

test("attempts at the set-up code are counted apart from logins", async () => {
  for (let guess = 0; guess < allowedFailures.address; guess += 1) {
    expect(await may(beginSetUp(edge, home))).toBe(true)
  }
  expect(await may(beginSetUp(edge, home))).toBe(false)
  expect(await logIn(home, "ada")).toBe(true)
  expect(await may(beginSetUp(edge, away))).toBe(true)
})
