/** Tools with hands on one machine: container engine and browser in the gateway's own process. */
import { afterAll, beforeAll } from "vitest"
import { openHands, type HandsStage } from "./hands-stage.ts"
import { handsSuite } from "./hands.suite.ts"
import { nodeHost } from "./node-host.ts"

let stage: HandsStage | undefined
beforeAll(async () => {
  stage = await openHands(nodeHost("embedded"), "within")
}, 120_000)
afterAll(() => stage?.close())

handsSuite(() => {
  if (stage === undefined) throw new Error("the gateway did not start")
  return stage
})
