/** What each role may do, tried at every operation of the API: the table of core/access is the only thing that decides. */
import { describe, expect, test } from "vitest"
import { Role, roleAllows, type Scope } from "../../core/access/scope.ts"
import { contracts } from "../../core/api/contracts.ts"
import { toUrl } from "../../core/api/endpoint.ts"
import type { Contract } from "../../core/api/openapi.ts"
import { apiCases, type World } from "../testing/api-cases.ts"
import { type Edge, openEdge, type Sent } from "../testing/edge.ts"

/** What no scope is needed for: one's own account, and what anyone may ask. */
const isOwnBusiness = (contract: Contract) => contract.scope === null
/** Rows that belong to the caller's own account, and the trail that notes what is done. */
const ownTables = ["sessions", "tokens", "audit_events", "instance", "login_attempts"]

interface Tried {
  readonly status: number
  readonly code: string
  /** Rows of every table, and every call of an object, before and after. */
  readonly changed: boolean
}

/** Makes the operation ready as an administrator, then calls it as someone of that role. */
async function tryAs(role: Role, contract: Contract): Promise<Tried> {
  const found = apiCases[`${contract.method} ${contract.path}`]
  if (found === undefined) throw new Error(`no case for ${contract.method} ${contract.path}`)
  const edge = await openEdge({ RATE_LIMIT_PER_MINUTE: "1000", TOKEN_RATE_LIMIT_PER_MINUTE: "1000" })
  try {
    const admin = found.isFresh === true ? "" : (await edge.addUser("root", "admin")).session
    const { params = {}, query = {}, headers = {}, body } = await found.succeeds({ edge, admin } satisfies World)
    const sent: Sent = {
      method: contract.method.toUpperCase(),
      headers,
      ...(body === undefined ? {} : { body }),
      ...(await credentialsOf(edge, role, contract)),
    }
    await edge.settle()
    const before = await stateOf(edge)
    const response = await edge.fetch(toUrl(contract.path, params, query), sent)
    const text = await response.text()
    await edge.settle()
    const isError = response.status >= 400
    return {
      status: response.status,
      code: isError ? String(Object(Object(JSON.parse(text)).error).code) : "",
      changed: (await stateOf(edge)) !== before,
    }
  } finally {
    await edge.close()
  }
}

async function credentialsOf(edge: Edge, role: Role, contract: Contract): Promise<Partial<Sent>> {
  const { id, session } = await edge.addUser(`some-${role}`, role)
  if (contract.auth !== "token") return { cookie: session }
  // A token was given when its person's role allowed more.
  return { bearer: (await edge.addToken(id, contract.scope === null ? [] : [contract.scope])).token }
}

async function stateOf(edge: Edge): Promise<string> {
  const [tables] = await edge.libsql.read([
    { sql: "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'", args: [] },
  ])
  const names = (tables?.rows ?? []).map(({ name }) => String(name)).filter((name) => !ownTables.includes(name))
  const answers = await edge.libsql.read(names.map((name) => ({ sql: `select * from ${name} order by 1`, args: [] })))
  const writes = edge.objects.calls.filter(({ name }) => !/\.(view|status|report|check)$/.test(name))
  return JSON.stringify([names, answers.map(({ rows }) => rows), writes])
}

// The live feed is a WebSocket, whose upgrade has tests of its own.
const tried = contracts.filter((contract) => !("socket" in contract))

describe.each(Role.options)("a person of the role %s", (role) => {
  const guarded = tried.filter((contract) => !isOwnBusiness(contract))
  test.each(guarded)("is let to $method $path exactly where the table says so", async (contract) => {
    const { status, code, changed } = await tryAs(role, contract)
    const scope: Scope = contract.scope ?? "chat"
    if (roleAllows(role, scope)) {
      expect(code).not.toBe("role_forbidden")
      expect(status).toBeLessThan(500)
    } else {
      expect([status, code, changed]).toEqual([403, "role_forbidden", false])
    }
  })
})

describe("a viewer", () => {
  test.each(tried.filter(({ method }) => method !== "get"))(
    "changes nothing by $method $path, but for the own account",
    async (contract) => {
      const isAnyones = contract.auth === "none"
      const { changed } = await tryAs("viewer", contract)
      // What needs no caller at all cannot be kept from one: a login, a set-up, an accepted invitation, a web hook.
      if (!isAnyones) expect(changed).toBe(false)
    },
  )
})
