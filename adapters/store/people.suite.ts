/** What accounts, invitations and the audit trail promise, over any database. */
import { describe, expect, test } from "vitest"
import {
  acceptInvitation,
  changePassword,
  changeUserAccess,
  createInvitation,
  endSessionOf,
  findInvitation,
  listInvitations,
  listSessions,
  listUsers,
  removeUser,
} from "./users.ts"
import * as access from "./access.ts"
import { createAuditTrail } from "../audit-trail.ts"
import type { Libsql } from "./libsql.ts"
import { at, session, token, tokenId, user, userId } from "./samples.ts"

/** @param database - an empty database with the present schema */
export function peopleSuite(database: () => Libsql): void {
  const invitation = (number: number) => ({
    id: `inv_${String(number).padStart(24, "0")}`,
    codeHash: `code-${number}`,
    role: "operator" as const,
    createdBy: userId(1),
    createdAt: at(number),
    expiresAt: at(1_000),
    acceptedBy: null,
  })
  const accept = (code: number, person: number) =>
    acceptInvitation(
      database(),
      `code-${code}`,
      { id: userId(person), username: `person-${person}`, passwordHash: "x" },
      at(10),
    )

  describe("people", () => {
    test("an invitation makes one account, however many accept it at the same time", async () => {
      await createInvitation(database(), invitation(1))
      const answers = await Promise.all([2, 3, 4].map((person) => accept(1, person)))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([
        "accepted",
        "invitation_not_found",
        "invitation_not_found",
      ])
      expect((await listUsers(database(), { limit: 10 })).rows).toMatchObject([{ role: "operator", disabledAt: null }])
      expect(await listInvitations(database(), at(10))).toEqual([])
    })

    test("an invitation whose name is taken stays open, and is over at its instant", async () => {
      await access.createFirstAdmin(database(), user(1, { username: "person-2" }))
      await createInvitation(database(), invitation(1))
      expect((await accept(1, 2)).status).toBe("name_taken")
      expect(await findInvitation(database(), "code-1", at(999))).toMatchObject({ role: "operator" })
      expect(await findInvitation(database(), "code-1", at(1_000))).toBeUndefined()
    })

    test("of two administrators who are taken the role at once, one keeps it", async () => {
      await access.createFirstAdmin(database(), user(1))
      await createInvitation(database(), { ...invitation(1), role: "admin" })
      await accept(1, 2)
      const taken = await Promise.all(
        [1, 2].map((one) => changeUserAccess(database(), userId(one), { role: "viewer", disabledAt: null }, at(20))),
      )
      expect(taken.map(({ status }) => status).toSorted()).toEqual(["changed", "last_admin"])
    })

    test("a disabled or removed account ends its sessions and tokens in the same step, and nobody else's", async () => {
      await access.createFirstAdmin(database(), user(1))
      await createInvitation(database(), invitation(1))
      await accept(1, 2)
      for (const owner of [1, 2]) {
        await access.createSession(database(), session(`session-${owner}`, { userId: userId(owner) }))
        await access.createToken(database(), token(owner, { userId: userId(owner) }))
      }
      await changeUserAccess(database(), userId(2), { role: "operator", disabledAt: at(20) }, at(20))
      expect(await access.findSession(database(), "session-2", at(20))).toBeUndefined()
      expect(await access.findToken(database(), "hash-2", at(20))).toBeUndefined()
      expect(await access.findSession(database(), "session-1", at(20))).toBeDefined()
      expect((await access.findToken(database(), "hash-1", at(20)))?.token.id).toBe(tokenId(1))
      expect((await removeUser(database(), userId(2), at(30))).status).toBe("removed")
      expect((await removeUser(database(), userId(2), at(30))).status).toBe("user_not_found")
      expect((await removeUser(database(), userId(1), at(30))).status).toBe("last_admin")
    })

    test("another password ends all sessions but one, and only where the old one is still stored", async () => {
      await access.createFirstAdmin(database(), user(1))
      for (const name of ["aa", "bb", "cc"]) await access.createSession(database(), session(name))
      const change = { userId: userId(1), stored: "scrypt", anew: "new", keep: "bb", now: at(20) }
      expect((await changePassword(database(), change)).status).toBe("changed")
      expect((await changePassword(database(), change)).status).toBe("conflict")
      expect((await listSessions(database(), userId(1), at(20))).map(({ tokenHash }) => tokenHash)).toEqual(["bb"])
      expect(await endSessionOf(database(), userId(2), "bb")).toEqual([])
      expect(await endSessionOf(database(), userId(1), "b")).toEqual(["bb"])
    })
  })

  test("the audit trail is written in one piece by many, and found intact", async () => {
    const works: Promise<void>[] = []
    const trail = () =>
      createAuditTrail({
        libsql: database(),
        key: new Uint8Array(32),
        background: (work) => void works.push(work),
        log: ({ cause }) => {
          throw new Error(String(cause))
        },
      })
    const nobody = { actorId: null, actorName: "", credential: "none" as const, targetKind: null, targetId: null }
    for (let writer = 0; writer < 3; writer += 1) {
      const written = trail()
      for (let number = 0; number < 5; number += 1)
        written.record({
          at: at(number),
          action: "login",
          requestId: `${writer}-${number}`,
          address: "",
          details: {},
          ...nobody,
        })
    }
    await Promise.all(works)
    expect(await trail().verify()).toEqual({ status: "intact", events: 15 })
  })
}
