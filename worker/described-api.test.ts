/** The description of the API against the API: every operation, every described status, judged by a validator of others. */
import { Validator } from "@seriousme/openapi-schema-validator"
import { describe, expect, test } from "vitest"
import { contracts } from "../core/api/contracts.ts"
import { type Contract, failureCodes } from "../core/api/openapi.ts"
import { errorRule } from "../core/errors.ts"
import { toUrl } from "../core/api/endpoint.ts"
import { type ApiCall, apiCases, type World } from "./testing/api-cases.ts"
import { type Edge, openEdge, type Sent } from "./testing/edge.ts"
import { judgeAnswer, judgeRequest, openApiDocument, operationOf } from "./testing/described-api.ts"

const nameOf = ({ method, path }: Contract) => `${method} ${path}`

test("the document is valid OpenAPI 3.1", async () => {
  const verdict = await new Validator().validate(Object(openApiDocument))
  expect(verdict).toMatchObject({ valid: true })
})

test("every operation has a case here, and every case an operation", () => {
  expect(Object.keys(apiCases).toSorted()).toEqual(contracts.map(nameOf).toSorted())
})

test("operations have names of their own", () => {
  const names = contracts.map(({ method, path }) => operationOf(path, method).operationId)
  expect(new Set(names).size).toBe(names.length)
  expect(names.every((name) => /^[a-z][A-Za-z0-9]*$/.test(name))).toBe(true)
})

/** Opens a gateway, makes the call ready, sends it, and closes. */
async function ask(
  contract: Contract,
  prepare: (world: World) => ApiCall | Promise<ApiCall>,
  options: { environment?: Record<string, string>; changed?: (sent: Sent, edge: Edge) => Sent; times?: number } = {},
): Promise<{ status: number; complaints: string[]; asked: string[] }> {
  const { isFresh = false } = apiCases[nameOf(contract)] ?? {}
  const edge = await openEdge({ RATE_LIMIT_PER_MINUTE: "1000", ...options.environment })
  try {
    const admin = isFresh ? "" : (await edge.addUser("root", "admin")).session
    const call = await prepare({ edge, admin })
    const { params = {}, query = {}, headers = {}, body, cookie = admin, bearer } = call
    call.breaks?.(edge)
    const by = bearer === undefined ? (cookie === "" ? {} : { cookie }) : { bearer }
    const sent: Sent = {
      method: contract.method.toUpperCase(),
      headers,
      ...(body === undefined ? {} : { body }),
      ...by,
    }
    const send = () => edge.fetch(toUrl(contract.path, params, query), options.changed?.(sent, edge) ?? sent)
    for (let times = 1; times < (options.times ?? 1); times += 1) await send()
    const response = await send()
    const complaints = await judgeAnswer(contract.path, contract.method, response)
    const asked = judgeRequest({ ...contract, params, query, headers, body })
    return { status: response.status, complaints, asked }
  } finally {
    await edge.close()
  }
}

const someCall = (contract: Contract) => {
  const found = apiCases[nameOf(contract)]
  if (found === undefined) throw new Error(`no case for ${nameOf(contract)}`)
  return found.succeeds
}

/** What may go wrong with any call, by status; undefined where this contract has no such way. */
function generalFailure(contract: Contract, status: number): ReturnType<typeof ask> | undefined {
  const prepare = someCall(contract)
  const isCookie = contract.auth === "cookie" && contract.scope === null
  const withParams = (change: (call: ApiCall) => ApiCall) => async (world: World) => change(await prepare(world))
  switch (status) {
    case 400:
      if (contract.method === "post" || contract.method === "put") {
        return ask(contract, prepare, { changed: (sent) => ({ ...sent, body: "{" }) })
      }
      if (operationOf(contract.path, contract.method).parameters.some(({ name }) => name === "limit"))
        return ask(
          contract,
          withParams((call) => ({ ...call, query: { limit: "0" } })),
        )
      return undefined
    case 401:
      if (contract.auth === "none" || contract.auth === "optional") return undefined
      return ask(
        contract,
        withParams((call) => ({ ...call, cookie: "", bearer: undefined })),
      )
    case 403:
      if (isCookie)
        return ask(contract, async (world) => {
          const { cookie: _, ...call } = await prepare(world)
          return { ...call, bearer: world.admin }
        })
      if (contract.scope !== null)
        return ask(contract, async (world) => {
          const call = await prepare(world)
          const { id } = await world.edge.addUser("narrow", "admin")
          const other = contract.scope === "runner" ? "chat" : "runner"
          return { ...call, bearer: (await world.edge.addToken(id, [other])).token }
        })
      return ask(contract, prepare, { changed: (sent) => ({ ...sent, origin: "https://evil.example" }) })
    case 404: {
      const nonsense = (params: Readonly<Record<string, string>> = {}) =>
        Object.fromEntries(Object.keys(params).map((name) => [name, "nonsense"]))
      return ask(
        contract,
        withParams((call) => ({ ...call, params: nonsense(call.params) })),
      )
    }
    case 413:
      return ask(contract, prepare, {
        changed: (sent) => ({ ...sent, body: " ".repeat((contract.maxBodyBytes ?? 65_536) + 1) }),
      })
    case 415:
      return ask(contract, prepare, {
        changed: (sent) => ({ ...sent, body: "x", headers: { ...sent.headers, "content-type": "text/plain" } }),
      })
    case 421:
      return ask(contract, prepare, { changed: (sent) => ({ ...sent, host: "evil.example" }) })
    case 429:
      return ask(
        contract,
        withParams((call) => ({ ...call, headers: {} })),
        {
          environment: { RATE_LIMIT_PER_MINUTE: "20", TOKEN_RATE_LIMIT_PER_MINUTE: "20" },
          times: 25,
        },
      )
    case 500:
    case 503:
      return ask(
        contract,
        withParams((call) => ({
          ...call,
          breaks(edge) {
            // Who the caller is must be asked anew.
            edge.advance(11_000)
            edge.breakDatabase(status === 503 ? true : "badly")
          },
        })),
      )
    default:
      return undefined
  }
}

describe.each(contracts.map((contract) => ({ name: nameOf(contract), contract })))("$name", ({ name, contract }) => {
  const found = apiCases[name]
  const described = [...new Set(failureCodes(contract).map((code) => errorRule(code).status))].toSorted((a, b) => a - b)
  const unreachable = Object.keys(found?.unreachable ?? {}).map(Number)

  test("succeeds as described", async () => {
    const { status, complaints, asked } = await ask(contract, someCall(contract))
    expect(asked).toEqual([])
    expect(complaints).toEqual([])
    expect(status).toBe("frame" in contract ? 101 : "stream" in contract ? 200 : contract.status)
  })

  test.each(described.filter((status) => !unreachable.includes(status)))(
    "fails with %i as described",
    async (expected) => {
      const special = found?.fails?.[expected]
      const outcome = await (special === undefined ? generalFailure(contract, expected) : ask(contract, special))
      if (outcome === undefined)
        throw new Error(`nothing leads to ${expected}: describe how in fails, or why not in unreachable`)
      expect(outcome.complaints).toEqual([])
      expect(outcome.status).toBe(expected)
    },
  )
})
