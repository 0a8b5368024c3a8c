/** What a deployment does for each state that it may find. */
import { expect, test } from "vitest"
import { createVault, parseEncryptionKey } from "../adapters/vault.ts"
import { planDeployment, publicUrlOf, type Found } from "./deploy-plan.ts"

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64")
const checkValueOf = (text: string) => createVault(parseEncryptionKey(text) ?? new Uint8Array()).checkValue()

const nothingThere: Found = {
  given: { LIBSQL_URL: "libsql://db.example" },
  secretNames: new Set(),
  hasBucket: false,
  isSetUp: false,
  checkValue: undefined,
  keptKey: undefined,
  fresh: { encryptionKey: key(1), setupCode: "fresh-set-up-code" },
}
const plan = (found: Partial<Found>) => planDeployment({ ...nothingThere, ...found })

test("a first deployment makes the bucket, a key and a set-up code", () => {
  expect(plan({})).toMatchObject({
    status: "ready",
    newKey: { text: key(1), isMade: true },
    createsBucket: true,
    secrets: { LIBSQL_URL: "libsql://db.example", ENCRYPTION_KEY: key(1), SETUP_CODE: "fresh-set-up-code" },
    setupCode: "fresh-set-up-code",
  })
})

test("a later deployment leaves key and bucket alone, and asks for no set-up", () => {
  const secretNames = new Set(["ENCRYPTION_KEY", "SETUP_CODE"])
  expect(plan({ secretNames, hasBucket: true, isSetUp: true, checkValue: checkValueOf(key(7)) })).toEqual({
    status: "ready",
    newKey: undefined,
    createsBucket: false,
    secrets: { LIBSQL_URL: "libsql://db.example" },
    setupCode: undefined,
  })
})

test("a key that the Worker has is not replaced, whatever is given", () => {
  const given = { ...nothingThere.given, ENCRYPTION_KEY: key(2) }
  const planned = plan({ given, secretNames: new Set(["ENCRYPTION_KEY"]) })
  expect(planned).toMatchObject({ status: "ready", newKey: undefined })
  expect(planned).not.toHaveProperty("secrets.ENCRYPTION_KEY")
})

test("a gateway without an administrator gets a new set-up code each time", () => {
  expect(plan({ secretNames: new Set(["ENCRYPTION_KEY", "SETUP_CODE"]) })).toMatchObject({
    secrets: { SETUP_CODE: "fresh-set-up-code" },
  })
})

test("given values travel; those that are not given are left as they are", () => {
  const given = {
    ...nothingThere.given,
    ANTHROPIC_API_KEY: "sk-a",
    PUBLIC_URL: "https://bot.example",
    SETUP_CODE: "mine-1234",
  }
  expect(plan({ given })).toMatchObject({
    secrets: { ANTHROPIC_API_KEY: "sk-a", PUBLIC_URL: "https://bot.example", SETUP_CODE: "mine-1234" },
    setupCode: "mine-1234",
  })
  expect(plan({ given })).not.toHaveProperty("secrets.OPENAI_API_KEY")
})

test.each([
  ["the operator's key", { given: { ...nothingThere.given, ENCRYPTION_KEY: key(2) }, keptKey: key(3) }, key(2)],
  ["the key that was kept", { keptKey: key(3) }, key(3)],
])("%s comes before a new one", (_name, found, text) => {
  expect(plan(found)).toMatchObject({ newKey: { text, isMade: false }, secrets: { ENCRYPTION_KEY: text } })
})

test("a database that belongs to a key gets that key back", () => {
  expect(plan({ checkValue: checkValueOf(key(3)), keptKey: key(3) })).toMatchObject({ newKey: { text: key(3) } })
})

test.each([
  ["no key is known", {}],
  ["another key is given", { given: { ...nothingThere.given, ENCRYPTION_KEY: key(2) } }],
  ["another key was kept", { keptKey: key(2) }],
])("a database that belongs to a key stops the deployment when %s", (_name, found) => {
  expect(plan({ checkValue: checkValueOf(key(3)), ...found })).toMatchObject({
    status: "blocked",
    problem: expect.stringContaining("ENCRYPTION_KEY"),
  })
})

test("a key that is none stops the deployment without being repeated", () => {
  const planned = plan({ given: { ...nothingThere.given, ENCRYPTION_KEY: "not-a-key" } })
  expect(planned).toMatchObject({ status: "blocked" })
  expect(JSON.stringify(planned)).not.toContain("not-a-key")
})

test.each([
  [["https://loop-gateway.someone.workers.dev"], "https://loop-gateway.someone.workers.dev"],
  [["bot.example/* (zone name: bot.example)", "https://bot.example", "schedule: * * * * *"], "https://bot.example"],
  [["*.bot.example/*"], undefined],
  [[], undefined],
])("of what was deployed, %j, the public address is %s", (targets, expected) => {
  expect(publicUrlOf(targets)).toBe(expected)
})
