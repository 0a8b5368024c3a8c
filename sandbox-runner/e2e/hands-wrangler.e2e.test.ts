/** Tools with hands on Cloudflare, as far as `wrangler dev` is Cloudflare: a companion runner on a real socket. Needs sqld. */
import { afterAll, beforeAll } from "vitest"
import { openHands, type HandsStage } from "./hands-stage.ts"
import { handsSuite } from "./hands.suite.ts"
import { wranglerHost } from "./wrangler-host.ts"

let stage: HandsStage | undefined
beforeAll(async () => {
  stage = await openHands(wranglerHost, "companion")
}, 120_000)
afterAll(() => stage?.close())

handsSuite(() => {
  if (stage === undefined) throw new Error("the gateway did not start")
  return stage
})
