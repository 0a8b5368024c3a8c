import { describe, expect, test } from "vitest"
import * as access from "./access.ts"
import * as agents from "./agents.ts"
import * as channels from "./channels.ts"
import { contracts } from "./contracts.ts"
import * as conversations from "./conversations.ts"
import { toUrl } from "./endpoint.ts"
import * as loops from "./loops.ts"
import * as operations from "./operations.ts"
import * as runs from "./runs.ts"
import * as tokens from "./tokens.ts"
import * as usage from "./usage.ts"
import * as webhooks from "./webhooks.ts"

describe("contracts", () => {
  test("are all listed", () => {
    const areas = [access, agents, channels, conversations, loops, operations, runs, tokens, usage, webhooks]
    const declared = areas.flatMap((area): unknown[] => Object.values(area)).filter(isContract)
    expect(new Set<unknown>(contracts)).toEqual(new Set(declared))
  })

  test("name each method of each path once", () => {
    const names = contracts.map(({ method, path }) => `${method} ${path}`)
    expect(names.length).toBeGreaterThan(30)
    expect(new Set(names).size).toBe(names.length)
  })

  test.each(contracts)("$method $path asks for a scope, or says why it needs none", ({ path, auth, scope }) => {
    const isOwnBusiness =
      path.startsWith("/api/auth/") ||
      path.startsWith("/api/v1/me/") ||
      path.startsWith("/webhooks/") ||
      ["/api/health", "/api/openapi.json"].includes(path)
    expect(scope === null).toBe(isOwnBusiness)
    if (auth === "none" || auth === "optional") expect(scope).toBeNull()
  })
})

describe("toUrl", () => {
  test("fills braces and escapes what stands in them", () => {
    expect(toUrl("/a/{id}/b/{other}", { id: "x/../y?", other: 5 }, {})).toBe("/a/x%2F..%2Fy%3F/b/5")
  })
  test("leaves out what is undefined", () => {
    expect(toUrl("/a", {}, { limit: 5, after: undefined, archived: false, q: "a&b" })).toBe(
      "/a?limit=5&archived=false&q=a%26b",
    )
    expect(toUrl("/a", {}, { after: undefined })).toBe("/a")
  })
  test("refuses to leave a brace empty", () => {
    expect(() => toUrl("/a/{id}", {}, {})).toThrow("{id}")
  })
})

function isContract(value: unknown): boolean {
  return typeof value === "object" && value !== null && "path" in value && "auth" in value && "summary" in value
}
