/** The map is true: every path that it names exists, and the rooms import only what their runtime and their place allow. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { dirname, join, normalize, sep } from "node:path"
import { describe, expect, test } from "vitest"

const root = join(import.meta.dirname, "..")
const rooms = ["core", "adapters", "durable-objects", "worker", "sandbox-runner", "dashboard", "scripts"] as const
type Room = (typeof rooms)[number]

interface Import {
  readonly file: string
  /** Below the root for our own files, else the name of the package, `node:…` or `cloudflare:…`. */
  readonly target: string
}

/** Static, type-only, re-exporting and dynamic imports; comments and texts that only look like one are left out by their form. */
const importForms = [
  /^\s*(?:import|export)\s[^"'`;]*?\bfrom\s*["']([^"']+)["']/gm,
  /^\s*import\s*["']([^"']+)["']/gm,
  /\bimport\(\s*["'`]([^"'`]+)["'`]/g,
  /\brequire\(\s*["']([^"']+)["']/g,
]

const allFiles = rooms
  .flatMap((room) => globSync(`${room}/**/*.{ts,tsx}`, { cwd: root }))
  .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file))
/** What is built, run or deployed: tests and the means of tests may see everything. */
const isForTests = (file: string) => /\.(test|suite)\.tsx?$|\/(testing|testkit|e2e|bench|workers)\//.test(file)
/** Settings of tools run where the tool runs, and are no part of a room. */
const files = allFiles.filter((file) => !isForTests(file) && !file.endsWith(".config.ts"))
const imports = files.flatMap(importsOf)

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")
  return importForms
    .flatMap((form) => [...text.matchAll(form)])
    .flatMap((found) => found.slice(1))
    .map((name) => ({ file, target: name.startsWith(".") ? normalize(join(dirname(file), name)) : name }))
}

const roomOf = (path: string): Room | undefined => rooms.find((room) => path.startsWith(room + sep))
const isNode = (target: string) => target.startsWith("node:") || builtinModules.includes(target)
const describeImports = (found: readonly Import[]) => found.map(({ file, target }) => `${file} imports ${target}`)

/** What each room may import of the others; the runner's host, demo and scripts construct, so they may see all. */
const allowed: Record<Room, readonly Room[]> = {
  core: [],
  adapters: ["core"],
  "durable-objects": ["core", "adapters"],
  worker: ["core", "adapters", "durable-objects"],
  "sandbox-runner": ["core"],
  dashboard: ["core"],
  scripts: rooms,
}
const isRunnerHost = (file: string) => file.startsWith("sandbox-runner/host/")

describe("the rooms", () => {
  test("are scanned: the scan finds what is known to be there", () => {
    expect(files.length).toBeGreaterThan(150)
    expect(imports).toContainEqual({ file: "durable-objects/wiring.ts", target: "durable-objects/ledger/ledger.ts" })
    expect(imports).toContainEqual({ file: "worker/index.ts", target: "cloudflare:workers" })
    const forms = `import a from "./a.ts"\nimport {\n  b,\n} from "./b.ts"\nimport "./c.ts"\nexport * from "./d.ts"\nimport type { E } from './e.ts'\nconst f = await import("./f.ts")`
    const found = importForms.flatMap((form) => [...forms.matchAll(form)].flatMap((match) => match.slice(1)))
    expect(new Set(found)).toEqual(new Set(["a", "b", "c", "d", "e", "f"].map((name) => `./${name}.ts`)))
  })

  test.each(rooms)("%s imports only rooms below it", (room) => {
    const wrong = imports.filter(({ file, target }) => {
      const other = roomOf(target)
      if (roomOf(file) !== room || other === undefined || other === room || isRunnerHost(file)) return false
      return !allowed[room].includes(other) && !isSettings(file, target)
    })
    expect(describeImports(wrong)).toEqual([])
  })

  test("only the hosts import cloudflare:workers", () => {
    const wrong = imports.filter(
      ({ file, target }) =>
        target.startsWith("cloudflare:") && !["worker/index.ts", "durable-objects/cloudflare.ts"].includes(file),
    )
    expect(describeImports(wrong)).toEqual([])
  })

  test("core has no Node, and rooms that run on both hosts have of it only node:crypto", () => {
    const shared: readonly (Room | undefined)[] = ["core", "adapters", "durable-objects", "worker", "dashboard"]
    // The embedded database exists on one host only, and only that host imports it.
    const wrong = imports.filter(
      ({ file, target }) =>
        shared.includes(roomOf(file)) &&
        isNode(target) &&
        !(target === "node:crypto" && roomOf(file) !== "core" && roomOf(file) !== "dashboard") &&
        file !== "adapters/store/embedded.ts",
    )
    expect(describeImports(wrong)).toEqual([])
    const embedded = imports.filter(({ target }) => target === "adapters/store/embedded.ts")
    expect(embedded.map(({ file }) => file)).toEqual(["sandbox-runner/host/database.ts"])
  })

  test("core depends on pure packages alone", () => {
    const packages = imports.filter(({ file, target }) => roomOf(file) === "core" && roomOf(target) === undefined)
    const names = new Set(packages.map(({ target }) => target))
    expect([...names].filter((name) => !["zod", "croner", "ical.js", "ipaddr.js"].includes(name))).toEqual([])
  })

  test("what runs in production imports nothing that is made for tests", () => {
    const wrong = imports.filter(({ target }) => isForTests(target))
    expect(describeImports(wrong)).toEqual([])
  })
})

/** The runner's variables extend those of both hosts: one schema, so one table of settings. */
function isSettings(file: string, target: string): boolean {
  return file === "sandbox-runner/config.ts" && target === "durable-objects/config.ts"
}

describe("ARCHITECTURE.md", () => {
  const map = readFileSync(join(root, "ARCHITECTURE.md"), "utf8")
  /** Everything in backticks that looks like a path: it has a slash or a file ending, and no blank. */
  const named = [...map.matchAll(/`([\w.@-]+(?:\/[\w.@<>-]*)*)`/g)]
    .flatMap((found) => found.slice(1))
    .filter((path) => /^[a-z.][\w.-]*\//.test(path) || /\.(ts|tsx|md|toml|json|sql)$/.test(path))

  test("names only paths that exist", () => {
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter((path) => !path.includes("<") && !existsSync(join(root, path)))).toEqual([])
  })

  test("names every room", () => {
    expect(rooms.filter((room) => !named.includes(`${room}/`))).toEqual([])
  })

  test("names every area of each room: no folder is left off the map", () => {
    const folders = new Set(
      files.map((file) => file.split(sep).slice(0, 2).join("/")).filter((path) => !/\.tsx?$/.test(path)),
    )
    expect([...folders].filter((folder) => folder !== "dashboard/src" && !map.includes(folder))).toEqual([])
  })
})
