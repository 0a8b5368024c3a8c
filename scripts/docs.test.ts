/** The documents are true: their settings, commands and limits are those of the code. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { readGatewayFile } from "../adapters/gateway-file.ts"
import { parseCatalogue } from "../core/catalogue/catalogue.ts"
import * as z from "zod"
import { parseEnvironment } from "../durable-objects/config.ts"
import { NodeConfig, RunnerConfig } from "../sandbox-runner/config.ts"

const root = join(import.meta.dirname, "..")
const read = (name: string) => readFileSync(join(root, name), "utf8")
const readme = read("README.md")
const variables = [...new Set([...Object.keys(NodeConfig.shape), ...Object.keys(RunnerConfig.shape)])]

describe("the table of settings in README.md", () => {
  const rows = new Map(
    [...readme.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| (.*?) \| (.+?) \|$/gm)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]),
  )

  test("has every variable of the schema, once, and no other", () => {
    expect([...rows.keys()].toSorted()).toEqual(variables.toSorted())
    expect(readme.match(/^\| `[A-Z][A-Z0-9_]+` \|/gm)).toHaveLength(variables.length)
  })

  test("has each variable's default, in the words of an environment", () => {
    const parsed = parseEnvironment(NodeConfig, {})
    if (parsed.status === "invalid") throw new Error(parsed.problems.join())
    for (const [name, value] of Object.entries(parsed.config)) {
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue
      expect({ name, default: rows.get(name) }).toEqual({ name, default: `\`${String(value)}\`` })
    }
  })
})

describe(".env.example", () => {
  const lines = read(".env.example").split("\n")

  test("has every variable of the schema, once, commented out, below a comment of its own", () => {
    const set = lines.flatMap((line, index) => {
      const name = /^#([A-Z][A-Z0-9_]+)=/.exec(line)?.[1]
      return name === undefined ? [] : [{ name, comment: lines[index - 1] ?? "" }]
    })
    expect(set.map(({ name }) => name).toSorted()).toEqual(variables.toSorted())
    for (const { name, comment } of set)
      expect({ name, comment }).toEqual({ name, comment: expect.stringMatching(/^# \w/) })
  })

  test("sets nothing", () => {
    expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([])
  })

  test("holds values that the gateway would take", () => {
    const values = Object.fromEntries(
      lines.flatMap((line) => {
        const [, name, value] = /^#([A-Z][A-Z0-9_]+)=(.*)$/.exec(line) ?? []
        return name === undefined ? [] : [[name, value]]
      }),
    )
    expect(parseEnvironment(NodeConfig, values)).toMatchObject({ status: "ok" })
  })
})

describe("the commands", () => {
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read("package.json")))

  test.each(["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"])("that %s names exist", (name) => {
    const named = [...read(name).matchAll(/\bnpm run ([a-z][a-z:-]*)/g)].flatMap((found) => found.slice(1))
    expect(named.filter((command) => !(command in scripts))).toEqual([])
  })

  test("for a fresh machine stand in README.md as they are run", () => {
    expect(readme).toContain("\nnpm install && npm start\n")
    expect(readme).toContain("\nnpm install && npm test\n")
  })

  test("include all that the README promises", () => {
    const promised = ["start", "dev", "demo", "test", "check", "bench", "deploy"]
    expect(promised.filter((command) => !(command in scripts))).toEqual([])
    expect(
      promised.filter(
        (command) =>
          !readme.includes(command === "start" || command === "test" ? `npm ${command}` : `npm run ${command}`),
      ),
    ).toEqual([])
  })
})

test("links between documents lead somewhere", () => {
  for (const name of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]) {
    const links = [...read(name).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].flatMap((found) => found.slice(1))
    for (const link of links) expect(() => read(link)).not.toThrow()
  }
})

describe("the examples in README.md", () => {
  const exampleOf = (language: string) =>
    new RegExp(`\\n\`\`\`${language}\\n([^]*?)\\n\`\`\`\\n`).exec(readme)?.[1] ?? ""

  test("are a loop-gateway.yaml that can be applied", () => {
    expect(readGatewayFile(exampleOf("yaml"))).toMatchObject({
      status: "read",
      file: { groups: [{ name: "support" }], channels: [{ name: "Bot" }], settings: { budgetMaxUsdMonth: 50 } },
    })
  })

  test("are a models.json that can be used, whose price is what is said of it", () => {
    const read = parseCatalogue(exampleOf("json"))
    expect(read).toMatchObject({ status: "ok", catalogue: [{ name: "my-model", prices: { input: 500_000 } }] })
  })
})
