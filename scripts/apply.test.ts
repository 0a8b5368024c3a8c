import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterEach, beforeEach, expect, test } from "vitest"
import { applyFile } from "./apply.ts"

let directory: string
let server: Server
let url: string
let asked: { path: string; authorization: string; body: unknown }[]
let answer: { status: number; body: unknown; location?: string }
let said: string[]

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "apply-"))
  asked = []
  said = []
  const done = { status: "applied", created: ["group a"], updated: [], unchanged: ["x"], released: [], deleted: [] }
  answer = { status: 200, body: done }
  server = createServer(async (request, response) => {
    const { authorization = "" } = request.headers
    asked.push({ path: request.url ?? "", authorization, body: JSON.parse(await text(request)) })
    response.writeHead(answer.status, { "content-type": "application/json", location: answer.location ?? "" })
    response.end(JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
})
afterEach(() => {
  server.close()
  rmSync(directory, { recursive: true })
})

const run = async (file: string, environment: Record<string, string> = {}) => {
  const path = join(directory, "f.yaml")
  writeFileSync(path, file)
  const known = { GATEWAY_URL: url, GATEWAY_TOKEN: "la_x", OTHER: "not for you", ...environment }
  return applyFile({ path, environment: known, say: (line) => said.push(line.replace(path, "f.yaml")) })
}

test("sends the file with the secrets that it names and no others", async () => {
  const file = `groups:
  - name: a
    apiKey: \${A_KEY}
    fallbackChainConfig:
      enabled: true
      providers: [{ type: openai, model: gpt-6-sol, label: second, apiKey: "\${B_KEY}" }]
`
  expect(await run(file, { A_KEY: "sk-a", B_KEY: "sk-b", C_KEY: "sk-c" })).toBe(0)
  const body = { text: file, secrets: { A_KEY: "sk-a", B_KEY: "sk-b" } }
  expect(asked).toEqual([{ path: "/api/config-file/apply", authorization: "Bearer la_x", body }])
  expect(said).toEqual(["created group a", "1 unchanged."])
})

test("says where a bad file is wrong, and sends nothing", async () => {
  expect(await run("groups:\n  - name: 5\n")).toBe(1)
  expect(said[0]).toMatch(/^f\.yaml:2:11 groups\[0\]\.name: /)
  expect(said.at(-1)).toBe("Nothing was changed.")
  expect(asked).toEqual([])
})

test("passes on what the gateway finds wrong, and why it refuses", async () => {
  const mistakes = [{ line: 3, column: 13, path: "groups[0].apiKey", message: "not set" }]
  answer = { status: 200, body: { status: "invalid", mistakes } }
  expect(await run("{}")).toBe(1)
  expect(said).toContain("f.yaml:3:13 groups[0].apiKey: not set")
  answer = { status: 403, body: { error: { type: "permission_error", code: "scope_missing", message: "No scope." } } }
  expect(await run("{}")).toBe(1)
  expect(said.at(-1)).toBe("No scope.")
})

test("follows no redirect with secrets in hand, and tells of a gateway that is not there", async () => {
  answer = { status: 307, body: {}, location: `${url}/elsewhere` }
  expect(await run("{}")).toBe(1)
  expect(asked).toHaveLength(1)
  expect(await run("{}", { GATEWAY_URL: "http://127.0.0.1:1" })).toBe(1)
  expect(said.at(-1)).toContain("does not answer")
})

test("says what is missing", async () => {
  expect(await applyFile({ path: "nowhere.yaml", environment: {}, say: (line) => said.push(line) })).toBe(1)
  expect(said[0]).toContain("GATEWAY_TOKEN")
})
