import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { sha256Hex } from "../../adapters/digest.ts"
import { deleteSession, revokeToken } from "../../adapters/store/access.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { type Edge, openEdge } from "../testing/edge.ts"
import { createIdentifier, type Presented } from "./identity.ts"

let edge: Edge
let reads: number
/** Runs before a read is answered. */
let beforeAnswer: (() => Promise<void>) | undefined
let libsql: Libsql
beforeEach(async () => {
  edge = await openEdge()
  reads = 0
  beforeAnswer = undefined
  libsql = {
    ...edge.libsql,
    async read(statements) {
      reads += 1
      const answers = await edge.libsql.read(statements)
      await beforeAnswer?.()
      return answers
    },
  }
})
afterEach(() => edge.close())

const open = (maxRemembered = 100) =>
  createIdentifier({ libsql, now: () => edge.now(), background: (work) => void work }, maxRemembered)
const session = (secret: string): Presented => ({ via: "bearer", kind: "session", hash: sha256Hex(secret) })
const token = (secret: string): Presented => ({ via: "bearer", kind: "token", hash: sha256Hex(secret) })

describe("who calls", () => {
  test("is asked of the database once in ten seconds", async () => {
    const ada = await edge.addUser("ada", "admin")
    const identifier = open()
    for (let time = 0; time < 5; time += 1) {
      expect(await identifier.identify(session(ada.session))).toMatchObject({ status: "known" })
    }
    expect(reads).toBe(1)
    edge.advance(10_000)
    await identifier.identify(session(ada.session))
    expect(reads).toBe(2)
  })

  test("is noticed as ended elsewhere within ten seconds", async () => {
    const ada = await edge.addUser("ada", "admin")
    const identifier = open()
    await identifier.identify(session(ada.session))
    await deleteSession(edge.libsql, sha256Hex(ada.session))
    edge.advance(10_000)
    expect(await identifier.identify(session(ada.session))).toMatchObject({ status: "invalid" })
  })

  test("ends at its own instant, though it was remembered a moment before", async () => {
    const ada = await edge.addUser("ada", "admin")
    const made = await edge.addToken(ada.id, ["chat"], edge.now())
    const identifier = open()
    expect(await identifier.identify(token(made.token))).toMatchObject({ status: "invalid" })
  })

  test("is not remembered when it was revoked while being looked up", async () => {
    const ada = await edge.addUser("ada", "admin")
    const made = await edge.addToken(ada.id, ["chat"])
    const identifier = open()
    beforeAnswer = async () => {
      beforeAnswer = undefined
      await revokeToken(edge.libsql, ada.id, made.tokenId, edge.now())
      identifier.forgetToken(made.tokenId)
    }
    await identifier.identify(token(made.token))
    expect(await identifier.identify(token(made.token))).toMatchObject({ status: "invalid" })
  })

  test("is remembered for a bounded number of callers", async () => {
    const ada = await edge.addUser("ada", "admin")
    const made = await Promise.all([1, 2, 3].map(() => edge.addToken(ada.id, ["chat"])))
    const identifier = open(2)
    for (const one of made) await identifier.identify(token(one.token))
    expect(made.map((one) => identifier.remembers(token(one.token)))).toEqual([false, true, true])
  })

  test("cannot be had by showing one kind of secret for the other", async () => {
    const ada = await edge.addUser("ada", "admin")
    const identifier = open()
    await identifier.identify(session(ada.session))
    expect(await identifier.identify(token(ada.session))).toMatchObject({ status: "invalid" })
  })
})
