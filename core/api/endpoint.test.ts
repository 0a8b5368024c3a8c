import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { contracts } from "./contracts.ts"
import { toUrl } from "./endpoint.ts"

describe("contracts", () => {
  test("are all listed", async () => {
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".ts") && !name.includes(".test."))
    const areas: object[] = await Promise.all(files.map((name) => import(`./${name}`)))
    const declared = areas.flatMap((area): unknown[] => Object.values(area)).filter(isContract)
    expect(contracts.map(nameOf).toSorted()).toEqual(declared.map(nameOf).toSorted())
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
      ["/api/health", "/api/live", "/api/openapi.json"].includes(path)
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

type Named = { readonly method: string; readonly path: string }
const nameOf = ({ method, path }: Named) => `${method} ${path}`

function isContract(value: unknown): value is Named {
  return typeof value === "object" && value !== null && "path" in value && "auth" in value && "summary" in value
}
