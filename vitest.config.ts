import { cloudflareTest } from "@cloudflare/vitest-plugin"
import { defineConfig } from "vitest/config"
import LongestFirst from "./scripts/longest-first.ts"

/** In CI one more try, where real browsers, workerd and kills share two cores; at the desk a flake shows at once. */
const retry = process.env.CI === undefined ? 0 : 1

/** Far above what anything takes on a busy machine: a limit is there to end what hangs, not to measure. Hooks start programs. */
const patience = { testTimeout: 60_000, hookTimeout: 60_000, retry }

export default defineConfig({
  test: {
    globalSetup: "./scripts/build-page.ts",
    // By default a machine with two cores runs one file at a time, and most of these wait for other programs.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: process.env.CI === undefined ? ["default"] : ["default", "./scripts/ci-reporter.ts"],
    projects: [
      {
        test: {
          name: "node",
          include: ["{core,adapters,worker,durable-objects,sandbox-runner,dashboard,scripts}/**/*.test.ts"],
          exclude: ["**/*.workers.test.ts", "**/node_modules/**"],
          ...patience,
          expect: { poll: { timeout: 30_000, interval: 10 } },
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: "./durable-objects/workers/probe-worker.ts",
            miniflare: {
              compatibilityDate: "2026-11-02",
              durableObjects: {
                CONVERSATION: { className: "Conversation", useSQLite: true },
                CHANNEL: { className: "Channel", useSQLite: true },
                LEDGER: { className: "Ledger", useSQLite: true },
                LIVE: { className: "LiveHub", useSQLite: true },
                RUNNERS: { className: "RunnerHub", useSQLite: true },
              },
              r2Buckets: ["BLOBS"],
              // What the Worker fetches ends here: nothing leaves the machine.
              outboundService: () => new Response("hello"),
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["**/*.workers.test.ts"],
          exclude: ["**/node_modules/**"],
          ...patience,
        },
      },
    ],
  },
})
