import { describe, expect, test } from "vitest"
import { contracts } from "./contracts.ts"
import { toOpenApi } from "./openapi.ts"

const document = JSON.parse(JSON.stringify(toOpenApi(contracts, "https://gw.example")))

describe("the OpenAPI document", () => {
  test("describes every contract under its path and method", () => {
    for (const { method, path, summary } of contracts) expect(document.paths[path][method].summary).toBe(summary)
    const described = Object.values(document.paths).flatMap((path) => Object.keys(Object(path)))
    expect(described).toHaveLength(contracts.length)
  })

  test("declares each parameter that a path holds", () => {
    for (const { method, path } of contracts) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const { parameters } = document.paths[path][method]
      const declared = parameters.filter((one: { in: string }) => one.in === "path")
      expect(declared.map(({ name }: { name: string }) => name)).toEqual(inPath)
    }
  })

  test("says who may call, what is taken, and how it fails", () => {
    const create = document.paths["/api/agent-groups"].post
    expect(create.security).toEqual([{ bearer: [] }, { cookie: [] }])
    expect(create.description).toContain("agents:write")
    expect(create.requestBody.content["application/json"].schema.required).toEqual(["name"])
    expect(create.responses["201"].content["application/json"].schema.properties.hasApiKey).toEqual({ type: "boolean" })
    expect(create.responses["409"].description).toContain("name_taken")
    expect(create.responses["403"].description).toContain("scope_missing")
  })

  test("tells streams from answers", () => {
    const send = document.paths["/api/v1/loops/{id}/messages"].post
    expect(Object.keys(send.responses["200"].content)).toEqual(["text/event-stream"])
    expect(send.parameters.map(({ name }: { name: string }) => name)).toContain("Idempotency-Key")
  })

  test("shows no field by which a key could come out", () => {
    const answers = Object.values(document.paths).flatMap((path) =>
      Object.values(Object(path)).map((operation) => Object(operation).responses),
    )
    const text = JSON.stringify(answers)
    for (const name of ["apiKey", "botToken", "passwordHash", "tokenHash", "secretSealed"])
      expect(text).not.toContain(`"${name}"`)
  })
})
