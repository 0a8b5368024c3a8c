/**
 * The gateway of `npm start` under the bench: with a slow disk where BENCH_COMMIT_DELAY_MS asks for one, and with its counters
 * on a port of its own, BENCH_CONTROL_PORT. Run start-gateway.js, with --expose-gc.
 */
import { createServer } from "node:http"
import { parseEnvironment } from "../../durable-objects/config.ts"
import { NodeConfig } from "../config.ts"
import { rememberLoaded } from "../host/fast-load.js"
import { startGateway } from "../host/gateway.ts"
import type { Counters } from "./counters.ts"
import { slowCommit } from "./slow-disk.ts"

const { BENCH_CONTROL_PORT = "0", BENCH_COMMIT_DELAY_MS = "0" } = process.env
const parsed = parseEnvironment(NodeConfig, process.env)
if (parsed.status === "invalid") throw new Error(parsed.problems.join("; "))

const commitSlowly = slowCommit(Number(BENCH_COMMIT_DELAY_MS))
let commits = 0
const gateway = await startGateway({
  config: parsed.config,
  log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`),
  say: (line) => process.stdout.write(`${line}\n`),
  aroundCommit: (commit) => {
    commits += 1
    commitSlowly(commit)
  },
})

rememberLoaded({ staysSmall: parsed.config.EDGE_MODE })

createServer((_request, response) => {
  globalThis.gc?.()
  const { commits: objectCommits, objects } = gateway.stats()
  const counters: Counters = { commits, objectCommits, objects, rssBytes: process.memoryUsage.rss() }
  response.end(JSON.stringify(counters))
}).listen(Number(BENCH_CONTROL_PORT), "127.0.0.1")
