/** Programs under test: ready means answering, kill -9 reaches the whole group, data stay over restarts; wrangler for real. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFile, mkdtemp, rm } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import * as z from "zod"
import { createProgram } from "./program.ts"
import { startWranglerProcess } from "./wrangler-process.ts"

/** A server that starts a child of its own, counts its starts on disk, and shows what environment it got. */
const source = `
const { spawn } = require("node:child_process"), fs = require("node:fs"), http = require("node:http")
const child = spawn(process.execPath, ["-e", \`
  const server = require("node:net").createServer().listen(0, "127.0.0.1", () => console.log(server.address().port))\`])
let childPort
child.stdout.once("data", (text) => { childPort = Number(text); if (process.env.MODE !== "broken") serve() })
const starts = Number(fs.existsSync("starts") ? fs.readFileSync("starts", "utf8") : 0) + 1
fs.writeFileSync("starts", String(starts))
if (process.env.MODE === "broken") { console.error("cannot start"); process.exit(1) }
function serve() {
  const body = JSON.stringify({ starts, childPort, env: Object.keys(process.env) })
  http.createServer((_, response) => response.end(body)).listen(process.env.PORT, "127.0.0.1")
}
process.on("SIGTERM", () => { console.log("stopping"); process.exit(3) })
`

async function create(mode: string) {
  return createProgram({
    name: "test",
    port: undefined,
    healthPath: "/",
    startLimitMs: 10_000,
    command: ({ port, directory }) => ({
      command: process.execPath,
      args: ["-e", source],
      cwd: directory,
      env: { PORT: String(port), MODE: mode },
    }),
  })
}

const Shown = z.object({ starts: z.number(), childPort: z.number(), env: z.array(z.string()) })
const ask = async (url: string) => Shown.parse(await (await fetch(url)).json())

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket
      .once("error", () => resolve(false))
      .once("connect", () => {
        socket.destroy()
        resolve(true)
      })
  })

test("a killed program is gone with its children, and starts again where it was", async () => {
  process.env.SECRET_OF_THE_TEST = "not for children"
  const program = await create("")
  await program.start()
  const first = await ask(program.url)
  expect(first.starts).toBe(1)
  expect(first.env).not.toContain("SECRET_OF_THE_TEST")
  expect(await listens(first.childPort)).toBe(true)
  await program.kill9()
  expect(await program.exited()).toBeNull()
  await expect.poll(() => listens(first.childPort)).toBe(false)
  await expect(ask(program.url)).rejects.toThrow()
  await program.start()
  const second = await ask(program.url)
  expect(second.starts).toBe(2)
  expect(await program.stop()).toBe(3)
  await expect.poll(() => listens(second.childPort)).toBe(false)
  expect(program.output()).toContain("stopping")
  await program.dispose()
})

test("a program that ends at its start says why, and one may be killed in the middle of it", async () => {
  const program = await create("broken")
  await expect(program.start()).rejects.toThrow(/ended with 1:\ncannot start/)
  expect(await program.runToEnd()).toEqual({ code: 1, output: "cannot start\n" })
  const before = program.pid()
  const starting = program.start().catch((error: unknown) => String(error))
  await expect.poll(() => program.pid() !== before).toBe(true)
  await program.kill9()
  expect(await starting).toContain("ended with null")
  await program.dispose()
})

test("a test run that is killed takes its programs along", async () => {
  const kit = JSON.stringify(join(import.meta.dirname, "child.ts"))
  const server = `require("node:net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port) })`
  const runner = spawn(process.execPath, [
    "--input-type=module",
    "-e",
    `import { spawnChild } from ${kit}
     const child = spawnChild({ command: process.execPath, args: ["-e", ${JSON.stringify(server)}], cwd: "/", env: {} })
     await child.waitUntil(async () => child.output() !== "", 10000)
     console.log(child.output())`,
  ])
  const [printed] = z.tuple([z.instanceof(Buffer)]).parse(await once(runner.stdout, "data"))
  const port = Number(printed.toString())
  expect(await listens(port)).toBe(true)
  runner.kill("SIGKILL")
  await expect.poll(() => listens(port)).toBe(false)
})

const Answer = z.tuple([z.string(), z.number()])

test("wrangler dev runs a Worker on loopback with its variables, and its objects outlive kill -9", async () => {
  const directory = await mkdtemp(join(tmpdir(), "loop-worker-"))
  await writeFile(
    join(directory, "index.js"),
    `import { DurableObject } from "cloudflare:workers"
     export class Counter extends DurableObject {
       next() { const n = (this.ctx.storage.kv.get("n") ?? 0) + 1; this.ctx.storage.kv.put("n", n); return n }
     }
     export default { fetch: async (_, env) => Response.json([env.WORD, await env.COUNTER.getByName("c").next()]) }`,
  )
  const config = join(directory, "wrangler.toml")
  await writeFile(
    config,
    `name = "t"
     main = "index.js"
     compatibility_date = "2026-11-02"
     durable_objects.bindings = [{ name = "COUNTER", class_name = "Counter" }]
     migrations = [{ tag = "v1", new_sqlite_classes = ["Counter"] }]`,
  )
  await writeFile(join(directory, ".dev.vars"), "WORD=developer's\n")
  const worker = await startWranglerProcess({ config, vars: { WORD: `it's "x"=#y` }, healthPath: "/" })
  // How often the start looked whether the Worker answers depends on the machine: only growth is promised.
  const ask = async () => Answer.parse(await (await fetch(worker.url)).json())
  const [word, before] = await ask()
  expect(word).toBe(`it's "x"=#y`)
  await worker.kill9()
  await worker.start()
  const [, afterwards] = await ask()
  expect(afterwards).toBeGreaterThan(before + 1)
  await worker.dispose()
  await rm(directory, { recursive: true, force: true })
}, 120_000)
