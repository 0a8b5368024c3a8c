/** OpenAI's official client against `npm start` and against `wrangler dev`. The latter needs sqld. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { nodeHost } from "./node-host.ts"
import { openAiClientSuite } from "./openai-client.suite.ts"
import { openStage, type Stage } from "./stage.ts"
import { wranglerHost } from "./wrangler-host.ts"

describe.each([nodeHost("embedded"), wranglerHost])("OpenAI's client at $name", (host) => {
  let stage: Stage | undefined
  const open = () => {
    if (stage === undefined) throw new Error("the gateway did not start")
    return stage
  }
  beforeAll(async () => {
    stage = await openStage(host)
  }, 120_000)
  afterAll(() => stage?.close())

  openAiClientSuite(open)

  test("no secret was said anywhere, neither in an answer nor in a log", () => {
    const { transcript, gateway } = open()
    expect(transcript.leaks(gateway.output())).toEqual([])
  })
})
