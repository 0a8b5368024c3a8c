/** The password's promises: the right one opens, no other does, and a damaged row opens for nobody. */
import { describe, expect, test } from "vitest"
import { isLoopError } from "../core/errors.ts"
import { hashPassword, isOutdated, verifyPassword, wasteTime } from "./password.ts"

const password = "correct horse battery staple"
const stored = await hashPassword(password)

describe("a password", () => {
  test("opens its own hash", async () => {
    expect(await verifyPassword(password, stored)).toBe(true)
  })

  const wrong = ["", "Correct horse battery staple", `${password} `, password.slice(1), `\u0000${password}`]
  test.each(wrong)("%j does not", async (other) => {
    expect(await verifyPassword(other, stored)).toBe(false)
  })

  test("typed with composed or decomposed letters is the same password", async () => {
    expect(await verifyPassword("Mu\u0308ller-\ufb01ne", await hashPassword("M\u00fcller-fine"))).toBe(true)
  })

  test("hashes differently each time and is not in its hash", async () => {
    const again = await hashPassword(password)
    expect(again).not.toBe(stored)
    expect(again).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  })

  test("of a megabyte is hashed whole", async () => {
    const long = "x".repeat(1_000_000)
    const hash = await hashPassword(long)
    expect(await verifyPassword(`${long.slice(1)}y`, hash)).toBe(false)
    expect(await verifyPassword(long, hash)).toBe(true)
  })
})

describe("a stored hash", () => {
  test("of an earlier cost still opens and asks to be made anew", async () => {
    // hashlib.scrypt(b"old password", salt=bytes(range(16)), n=2**14, r=8, p=1, dklen=32) of Python 3
    const old = "$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$B5g9fjxdBgxSGZMAPfunGZhlq6xHTOQNHajWw4fWWQs"
    expect(await verifyPassword("old password", old)).toBe(true)
    expect(await verifyPassword("new password", old)).toBe(false)
    expect(isOutdated(old)).toBe(true)
    expect(isOutdated(stored)).toBe(false)
  })

  const [salt = "", hash = ""] = stored.split("$").slice(3)
  const damaged = {
    empty: "",
    "the password itself": password,
    cut: stored.slice(0, -1),
    longer: `${stored}A`,
    "without a hash": `$scrypt$ln=15,r=8,p=3$${salt}$`,
    "of another kind": stored.replace("scrypt", "argon2id"),
    "too cheap": `$scrypt$ln=1,r=8,p=3$${salt}$${hash}`,
    "asking for all memory": `$scrypt$ln=30,r=8,p=3$${salt}$${hash}`,
    "asking for no blocks": `$scrypt$ln=15,r=0,p=3$${salt}$${hash}`,
    "asking for minutes": `$scrypt$ln=15,r=8,p=99$${salt}$${hash}`,
  }
  test.each(Object.entries(damaged))("that is %s fails loudly and lets nobody in", async (_, value) => {
    const outcome = await verifyPassword(password, value).catch((error: unknown) => error)
    expect(isLoopError(outcome) && outcome.code).toBe("internal")
    expect(() => isOutdated(value)).toThrow("internal")
  })
})

/** Processor time, which other programs on the machine do not stretch. */
async function processorMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  return process.cpuUsage(before).user / 1_000
}

test("an unknown user costs the work of a known one", async () => {
  const known = await processorMs(() => verifyPassword("a guess", stored))
  const unknown = await processorMs(() => wasteTime("a guess"))
  expect(unknown).toBeGreaterThan(known / 3)
  expect(unknown).toBeLessThan(known * 3)
})
