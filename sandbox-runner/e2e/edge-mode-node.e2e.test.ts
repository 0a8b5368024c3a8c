/** Edge mode at the front door: the rows of its table that a started gateway shows, and that what is too much waits, also over a kill. */
import { afterAll, beforeAll, expect, test } from "vitest"
import * as z from "zod"
import { listMessages } from "../../core/api/conversations.ts"
import { RunnerView } from "../../core/api/runners.ts"
import { SettingsView } from "../../core/api/settings.ts"
import { say, type Script } from "../testkit/model-script.ts"
import { enter, type Client } from "./client.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import { nodeHost } from "./node-host.ts"
import { openStage, type Stage } from "./stage.ts"

let stage: Stage
let admin: Client
let loops: LoopDriver
beforeAll(async () => {
  stage = await openStage(nodeHost("embedded"), {
    EDGE_MODE: "true",
    HOT_SWAP_ENABLED: "true",
    AGENT_CONTAINER_MODE: "true",
  })
  admin = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
  loops = await openLoops(stage)
}, 120_000)
afterAll(() => stage.close())

/** Counts how many are answered side by side; each answer waits until it is let go. */
function counted(gate: Promise<unknown>): { script: Script; most(): number } {
  let running = 0
  let most = 0
  return {
    most: () => most,
    async script() {
      running += 1
      most = Math.max(most, running)
      await gate
      running -= 1
      return say("answered")
    },
  }
}

test("one model, its limits, and no containers, whatever else is set", async () => {
  const { effective } = (await admin.send("GET", "/api/settings")).read(SettingsView)
  expect(effective).toMatchObject({
    defaultModel: "claude-haiku-5-5",
    historyMessages: 8,
    maxOutputTokens: 4_096,
    concurrentTurns: 2,
  })
  const capabilities = async () => {
    const { data } = (await admin.send("GET", "/api/runners")).read(z.object({ data: z.array(RunnerView) }))
    return data.map((runner) => runner.capabilities.map(({ name }) => name))
  }
  await expect.poll(capabilities).toEqual([["browser"]])
  const hard = "Write a REST API with authentication, rate limiting, and tests"
  await (await loops.say(await loops.create(), hard)).rest()
  expect(stage.model.requests.at(-1)).toMatchObject({ model: "claude-haiku-5-5", maxOutputTokens: 4_096 })
})

test("two turns at once: the others wait for theirs, outlive a kill, and are all answered", async () => {
  const held = counted(new Promise(() => {}))
  stage.model.setScript(held.script)
  const before = stage.model.requestCount
  const ids = await Promise.all(Array.from({ length: 8 }, () => loops.create()))
  const streams = await Promise.all(ids.map((id) => loops.say(id, "Hi")))
  await stage.model.waitForRequest(before + 2)
  let open = () => {}
  const after = counted(new Promise<void>((resolve) => (open = resolve)))
  stage.model.setScript(after.script)
  await stage.restart()
  await Promise.all(streams.map((stream) => stream.untilBroken()))
  expect(held.most()).toBe(2)
  await stage.model.waitForRequest(before + 3, 90_000)
  open()
  const answers = async (id: string) => {
    const { data } = (await admin.send("GET", `/api/conversations/${id}/messages`)).read(listMessages.response)
    return data.filter(({ role }) => role === "assistant").map(({ text }) => text)
  }
  for (const id of ids) await expect.poll(() => answers(id), { timeout: 90_000 }).toEqual(["answered"])
  expect(after.most()).toBeLessThanOrEqual(2)
}, 240_000)
