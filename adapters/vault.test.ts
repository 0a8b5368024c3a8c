/** The vault's promises: only the right key in the right place opens a value, and purposes never share a key. */
import { describe, expect, test } from "vitest"
import { isLoopError } from "../core/errors.ts"
import { toHex } from "../core/units.ts"
import { createVault, parseEncryptionKey } from "./vault.ts"

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const place = { table: "channels", row: "chan_1", column: "bot_token" }

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return isLoopError(error) ? error.code : "not a LoopError"
  }
  return "nothing thrown"
}

describe("parseEncryptionKey", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + 251) % 256)
  const forms = {
    base64: Buffer.from(bytes).toString("base64"),
    "base64 without padding": Buffer.from(bytes).toString("base64").replace("=", ""),
    base64url: Buffer.from(bytes).toString("base64url"),
    hex: Buffer.from(bytes).toString("hex"),
    "upper-case hex": Buffer.from(bytes).toString("hex").toUpperCase(),
    "a file with a line end": `${Buffer.from(bytes).toString("base64")}\n`,
  }
  test.each(Object.entries(forms))("reads %s", (_, text) => {
    expect(parseEncryptionKey(text)).toEqual(bytes)
  })

  const wrong = [
    "",
    "secret",
    "0".repeat(63),
    "0".repeat(65),
    "z".repeat(64),
    Buffer.alloc(31).toString("base64"),
    Buffer.alloc(33).toString("base64"),
    `${"A".repeat(42)}!=`,
    `+${"_".repeat(42)}`,
  ]
  test.each(wrong)("refuses %j", (text) => {
    expect(parseEncryptionKey(text)).toBeUndefined()
  })
})

describe("a sealed value", () => {
  const vault = createVault(key(1))

  test.each(["", "123:bot-token", "日本 🔑", "\ufeffbom", "x".repeat(100_000)])("opens to the text it was", (plain) => {
    expect(vault.open(place, vault.seal(place, plain))).toBe(plain)
  })

  test("says its version and never the same bytes twice", () => {
    const first = vault.seal(place, "token")
    expect(first).toMatch(/^v1\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+$/)
    expect(vault.seal(place, "token")).not.toBe(first)
    expect(first).not.toContain("token")
  })

  const elsewhere = [
    { ...place, row: "chan_2" },
    { ...place, column: "webhook_secret" },
    { ...place, table: "groups" },
    { table: "channelschan", row: "_1", column: "bot_token" },
    { table: "channels", row: 'chan_1","bot_token', column: "" },
  ]
  test.each(elsewhere)("does not open at %j", (other) => {
    const sealed = vault.seal(place, "token")
    expect(codeOf(() => vault.open(other, sealed))).toBe("secret_unreadable")
  })

  test("does not open with another master key", () => {
    expect(codeOf(() => createVault(key(2)).open(place, vault.seal(place, "token")))).toBe("secret_unreadable")
  })

  test("does not open when any one character of it is changed", () => {
    const sealed = vault.seal(place, "token")
    for (let at = 0; at < sealed.length - 1; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1)
      expect(
        codeOf(() => vault.open(place, changed)),
        changed,
      ).toBe("secret_unreadable")
    }
  })

  test("does not open when cut or when it is something else", () => {
    const sealed = vault.seal(place, "token")
    const cut = Array.from({ length: sealed.length }, (_, length) => sealed.slice(0, length))
    for (const other of [...cut, `${sealed}.x`, "v2" + sealed.slice(2), "plain text", "v1..", "v1.AAAA.AAAA"]) {
      expect(
        codeOf(() => vault.open(place, other)),
        other,
      ).toBe("secret_unreadable")
    }
  })

  test("a failure names neither the row nor the value", () => {
    try {
      vault.open(place, "v1.secret-value.x")
      expect.unreachable()
    } catch (error) {
      expect(isLoopError(error) && error.details).toEqual({ table: "channels", column: "bot_token" })
    }
  })
})

describe("derived keys", () => {
  test("differ by purpose and by master key, and are the same at the next start", () => {
    const purposes = ["links", "visitors", "audit"] as const
    const keys = [key(1), key(2)].flatMap((master) =>
      purposes.map((purpose) => toHex(createVault(master).keyFor(purpose))),
    )
    expect(new Set(keys).size).toBe(6)
    expect(keys.every((hex) => hex.length === 64 && hex !== toHex(key(1)))).toBe(true)
    expect(toHex(createVault(key(1)).keyFor("links"))).toBe(keys[0])
  })

  test("stay what they are: a release that changes them would lose every stored secret", () => {
    expect(toHex(createVault(key(7)).keyFor("links"))).toMatchInlineSnapshot(
      `"ade00fc72cb4bf95940e89fe768727a7ca1f916f4109d22650dbc6eb91ee5b2b"`,
    )
    expect(createVault(key(7)).open(place, "v1.AIcn7vVgfSXqnJMe.Uw2h9ryXILCy3-PdDbEuYPJe3UE")).toBe("kept")
  })

  test("do not change when the caller wipes its copy of the master key", () => {
    const master = key(3)
    const vault = createVault(master)
    master.fill(0)
    expect(toHex(vault.keyFor("audit"))).toBe(toHex(createVault(key(3)).keyFor("audit")))
  })
})

describe("the check value", () => {
  test("opens with the key that made it and with no other", () => {
    const check = createVault(key(1)).checkValue()
    expect(createVault(key(1)).opens(check)).toBe(true)
    expect(createVault(key(2)).opens(check)).toBe(false)
    expect(createVault(key(1)).opens("garbage")).toBe(false)
  })

  test("a secret of the same key is no check value", () => {
    const vault = createVault(key(1))
    expect(vault.opens(vault.seal(place, "loop-gateway"))).toBe(false)
  })
})

test("a master key of another length is refused", () => {
  expect(codeOf(() => createVault(new Uint8Array(16)))).toBe("internal")
})
