/** What a gateway promises over real HTTP, the same on every host. One gateway lives through all of it, kills included. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { accessSuite } from "./access.suite.ts"
import { agentSuite } from "./agents.suite.ts"
import { bareSuite } from "./bare.suite.ts"
import type { E2eHost } from "./host.ts"
import { loopSuite } from "./loops.suite.ts"
import { restartSuite } from "./restart.suite.ts"
import { openStage, type Stage } from "./stage.ts"
import { webhookSuite } from "./telegram.suite.ts"

export function gatewaySuite(host: E2eHost): void {
  describe(host.name, () => {
    let stage: Stage | undefined
    const open = () => {
      if (stage === undefined) throw new Error("the gateway did not start")
      return stage
    }
    beforeAll(async () => {
      stage = await openStage(host)
    }, 120_000)
    afterAll(() => stage?.close())

    describe("access", () => accessSuite(open))
    describe("the loop API", () => loopSuite(open))
    describe("Telegram by web hook", () => webhookSuite(open))
    describe("agent groups", () => agentSuite(open))
    describe("after a kill", () => restartSuite(open))
    describe("without a model key, with small limits", () => bareSuite(open))

    test("no secret was said anywhere, neither in an answer nor in a log", () => {
      const { transcript, gateway } = open()
      expect(transcript.leaks(gateway.output())).toEqual([])
    })
  })
}
