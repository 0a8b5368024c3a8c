/** Which workers a configuration makes, and what is said of it at the start. */
import { afterEach, expect, test } from "vitest"
import type { LogEntry } from "../core/log.ts"
import { RunnerConfig } from "./config.ts"
import type { RunnerWorker } from "./runner-worker.ts"
import { createWorkers } from "./workers.ts"

let made: RunnerWorker[] = []
afterEach(() => Promise.all(made.map((worker) => worker.close())))

function make(environment: Record<string, string>): { capabilities: string[]; log: LogEntry[] } {
  const log: LogEntry[] = []
  const own = { GATEWAY_URL: "https://gateway.example", RUNNER_TOKEN: `la_${"0".repeat(48)}` }
  const place = { directory: "/nowhere", ownOrigins: [], log: (entry: LogEntry) => log.push(entry) }
  made = createWorkers(RunnerConfig.parse({ ...own, ...environment }), place)
  return { capabilities: made.map(({ capability }) => capability), log }
}

test("there is a browser, and scripts where they are allowed", () => {
  expect(make({})).toEqual({ capabilities: ["browser"], log: [] })
  expect(make({ AGENT_CONTAINER_MODE: "true" }).capabilities).toEqual(["sandbox", "browser"])
})

test("a Chromium without its sandbox is said at the start", () => {
  const { log } = make({ CHROMIUM_NO_SANDBOX: "true" })
  expect(log).toEqual([expect.objectContaining({ level: "warn", event: "chromium_without_sandbox" })])
})
