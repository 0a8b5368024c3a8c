/**
 * Every way by which something costs or acts, as the sources have it. A new way fails here until it is in the table; and it is
 * put into the table when it passes `core/admission.ts`.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"

const root = join(import.meta.dirname, "..")
const rooms = ["core", "adapters", "durable-objects", "worker", "sandbox-runner", "scripts"]
const isTest = (path: string) =>
  /\.(test|suite)\.ts$|\/(testing|testkit|e2e|bench|node_modules)\//.test(path) || path.endsWith(".d.ts")

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`
    if (name === "node_modules") return []
    if (statSync(join(root, path)).isDirectory()) return sourcesBelow(path)
    return name.endsWith(".ts") && !isTest(path) ? [path] : []
  })
}
const sources = rooms.flatMap(sourcesBelow).map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))

/** The files, besides where it is defined, in which the pattern stands. */
const usersOf = (pattern: RegExp, definedIn: string) =>
  sources.flatMap(({ path, text }) => (path !== definedIn && pattern.test(text) ? [path] : [])).toSorted()

const ways: [what: string, pattern: RegExp, definedIn: string, users: string[]][] = [
  ["makes an admission", /\bnew Admitted\b/, "core/admission.ts", []],
  ["admits a model's call", /\badmitModelCall\(/, "core/admission.ts", ["durable-objects/conversation/model-call.ts"]],
  ["uses a model's admission", /\buseModelAdmission\(/, "core/admission.ts", ["adapters/models/models.ts"]],
  ["admits a tool's call", /\badmitToolCall\(/, "core/admission.ts", ["durable-objects/conversation/tool-step.ts"]],
  ["admits a command of the API", /\badmitCommand\(/, "core/admission.ts", ["worker/routes/commands.ts"]],
  [
    "uses a tool's admission",
    /\buseToolAdmission\(/,
    "core/admission.ts",
    ["durable-objects/runners/submit.ts", "durable-objects/tools/tool.ts"],
  ],
  ["uses a command's admission", /\buseCommandAdmission\(/, "core/admission.ts", ["durable-objects/runners/submit.ts"]],
  ["speaks to a provider", /\bcreate(?:Anthropic|OpenAi)\(/, "", ["anthropic", "models", "openai"].map(inModels)],
  ["imports a provider's library", /from "(?:@anthropic-ai\/sdk|openai)["/]/, "", modelFiles()],
  ["starts a tool", /\btool\.start\(/, "", ["durable-objects/tools/run.ts"]],
  ["runs a tool", /\brunTool\(/, "durable-objects/tools/run.ts", ["durable-objects/conversation/tool-step.ts"]],
  ["gives work to runners", /\.call\(\s*"submit"/, "", ["durable-objects/runners/submit.ts"]],
  [
    "asks for work of runners",
    /\bsubmitCommand\(/,
    "durable-objects/runners/submit.ts",
    ["durable-objects/conversation/tool-step.ts", "worker/routes/commands.ts"],
  ],
]

function inModels(name: string): string {
  return `adapters/models/${name}.ts`
}

function modelFiles(): string[] {
  return usersOf(/from "(?:@anthropic-ai\/sdk|openai)["/]/, "").filter((path) => path.startsWith("adapters/models/"))
}

describe("nothing but these", () => {
  test.each(ways)("%s", (_, pattern, definedIn, users) => {
    expect(usersOf(pattern, definedIn)).toEqual(users)
  })

  test("and what is looked for is there: a pattern that finds nothing guards nothing", () => {
    const blind = ways.filter(([, pattern]) => !sources.some(({ text }) => pattern.test(text)))
    expect(blind.map(([what]) => what)).toEqual([])
  })
})
