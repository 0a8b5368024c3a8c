import { describe, expect, test } from "vitest"
import { type Credential, permits, Role, Scope, scopesFor } from "./scope.ts"

const cookie: Credential = { kind: "cookie" }
const token = (...scopes: Scope[]): Credential => ({ kind: "token", scopes })

describe("permits", () => {
  test("an admin everything, an operator all but people, runners and erasing, a viewer to read", () => {
    expect(scopesFor("admin")).toEqual(Scope.options)
    expect(Scope.options.filter((scope) => !scopesFor("operator").includes(scope))).toEqual([
      "conversations:erase",
      "access:read",
      "access:write",
      "runner",
    ])
    expect(scopesFor("viewer").every((scope) => scope.endsWith(":read"))).toBe(true)
    expect(scopesFor("viewer")).not.toContain("access:read")
  })

  test("a token what both its scopes and its person's role allow", () => {
    expect(permits({ role: "admin", credential: token("chat") }, "chat").status).toBe("allowed")
    expect(permits({ role: "admin", credential: token("chat") }, "agents:read").status).toBe("scope_missing")
    expect(permits({ role: "viewer", credential: token("chat") }, "chat").status).toBe("role_forbidden")
  })

  test("no writing by a scope to read, nor reading by one to write", () => {
    expect(permits({ role: "admin", credential: token("agents:read") }, "agents:write").status).toBe("scope_missing")
    expect(permits({ role: "admin", credential: token("agents:write") }, "agents:read").status).toBe("scope_missing")
  })

  test.each(Role.options)("every signed-in %s what needs no scope", (role) => {
    expect(permits({ role, credential: cookie }, null).status).toBe("allowed")
    expect(permits({ role, credential: token() }, null).status).toBe("allowed")
  })
})
