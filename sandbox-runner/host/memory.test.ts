/** What a gateway of `npm start` loads, and how much memory edge mode takes; `npm run bench -- edge-mode` measures that whole. */
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { createGatewayProcess, startGatewayProcess } from "../testkit/gateway-process.ts"
import { startScriptedModel } from "../testkit/scripted-model.ts"
import { setUpGateway } from "../testkit/sign-in.ts"

const Loop = z.object({ id: z.string() })
const edge = { EDGE_MODE: "true" }
const limitMs = 120_000

/** Prints the address of every module that is loaded after it. */
const teller = `import { registerHooks } from "node:module"
registerHooks({ load(url, context, next) { process.stderr.write("loads " + url + "\\n"); return next(url, context) } })`

test(
  "a start loads no library that only some gateways need",
  async () => {
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(teller)}`
    const gateway = await startGatewayProcess({ env: { NODE_OPTIONS } })
    const loaded = new Set(gateway.output().match(/(?<=^loads .*\/node_modules\/)(@[^/]+\/)?[^/]+/gm))
    expect(loaded).toContain("hono")
    expect(loaded).toContain("libsql")
    for (const name of ["@anthropic-ai/sdk", "openai", "grammy", "yaml", "htmlparser2", "@libsql/hrana-client"])
      expect(loaded).not.toContain(name)
    expect(gateway.output()).not.toMatch(/loads .*\/undici\/(index\.js|lib\/web)/)
    await gateway.dispose()
  },
  limitMs,
)

/** Tells at the end whether Node's TypeScript compiler is in memory. */
const compilerTeller = `process.on("exit", () => {
  process.stderr.write("compiler " + process.moduleLoadList.some((name) => name.includes("/amaro/")) + "\\n")
})`

test(
  "a first start in edge mode leaves Node's TypeScript compiler behind",
  async () => {
    const cache = await mkdtemp(join(tmpdir(), "loop-cache-"))
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(compilerTeller)}`
    const start = { NODE_OPTIONS, NODE_COMPILE_CACHE: cache }
    const gateway = await startGatewayProcess({ env: start })
    await gateway.stop()
    expect(gateway.output()).toContain("compiler true")
    await rm(cache, { recursive: true })
    const small = await startGatewayProcess({ env: { ...start, ...edge } })
    await small.stop()
    expect(small.output()).toContain("compiler false")
    await Promise.all([gateway.dispose(), small.dispose(), rm(cache, { recursive: true })])
  },
  limitMs,
)

test(
  "a start in edge mode that cannot be ends with 1 and says why once",
  async () => {
    const first = await startGatewayProcess({ env: edge })
    const second = await createGatewayProcess({ port: first.port, env: edge })
    const { code, output } = await second.runToEnd()
    expect(code).toBe(1)
    expect(output).toMatch(/^[^\n]*port[^\n]*\n$/i)
    await first.dispose()
    await second.dispose()
  },
  limitMs,
)

describe.runIf(process.platform === "linux")("a gateway as the system sees it", () => {
  const tell = async (pid: number, what: "environ" | "status") => readFile(`/proc/${pid}/${what}`, "utf8")

  test(
    "goes on in edge mode as the same process with an environment for little memory, and SIGTERM ends it",
    async () => {
      const gateway = await startGatewayProcess({ env: edge })
      const environment = (await tell(gateway.pid(), "environ")).split("\0")
      expect(environment).toEqual(expect.arrayContaining(["MALLOC_TRIM_THRESHOLD_=131072", "MALLOC_ARENA_MAX=2"]))
      expect(gateway.output().split(gateway.setupCode)).toHaveLength(2)
      expect(await gateway.stop()).toBe(0)
      await gateway.dispose()
    },
    limitMs,
  )

  test(
    "keeps its environment without edge mode",
    async () => {
      const gateway = await startGatewayProcess()
      expect(await tell(gateway.pid(), "environ")).not.toContain("MALLOC_")
      await gateway.dispose()
    },
    limitMs,
  )

  test(
    "answers 200 turns in edge mode with less than 150 MB at its peak",
    async () => {
      const model = await startScriptedModel({ keys: ["the-key"], recordRequests: false })
      const upstream = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "the-key" }
      const gateway = await startGatewayProcess({ env: { ...edge, ...upstream, RATE_LIMIT_PER_MINUTE: "10000" } })
      const post = await setUpGateway(gateway.url, gateway.setupCode)
      for (let loop = 0; loop < 4; loop += 1) {
        const { id } = Loop.parse(await (await post("/api/v1/loops", {})).json())
        for (let turn = 0; turn < 50; turn += 1) {
          const stream = await post(`/api/v1/loops/${id}/messages`, { content: "Good morning" })
          expect(await stream.text()).toContain("event: done")
        }
      }
      const [, peakKb] = /^VmHWM:\s+(\d+) kB$/m.exec(await tell(gateway.pid(), "status")) ?? []
      expect(Number(peakKb) / 1_024).toBeLessThan(150)
      await gateway.dispose()
      await model.close()
    },
    limitMs,
  )
})
