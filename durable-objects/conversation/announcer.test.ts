/** What the live feed hears of conversations: every change once, in order, in few calls, and never at a turn's cost. */
import { afterEach, describe, expect, test } from "vitest"
import { LoopError } from "../../core/errors.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { TurnId } from "../../core/units.ts"
import { apiMessage, chatId, chatMessage, loopId, openHarness, owner, type Harness } from "../testing/harness.ts"
import { askedLine, openLoopDesk } from "../testing/loop-desk.ts"

let harness: Harness
const calls: LiveEvent[][] = []
let feedFails = false

async function open(): Promise<Harness> {
  calls.length = 0
  feedFails = false
  harness = await openHarness({
    tools: [askedLine()],
    onLive(events) {
      if (feedFails) throw new LoopError("storage_failed")
      calls.push(events)
    },
  })
  return harness
}
afterEach(() => harness.close())

const { conversation, ask } = openLoopDesk(() => harness)
const createLoop = () =>
  conversation().call("create", { ownerId: owner, title: "A secret plan", metadata: {}, profiles: [] })
const names = () => calls.map((events) => events.map(({ event }) => event))
const heard = (name: string) =>
  harness.until(name, () => calls.flat().find(({ event }) => event === name)).then(({ data }) => data)
const turnId = TurnId.parse(`turn_${loopId}_1`)

describe("the live feed hears", () => {
  test("of a new loop when lists show it", async () => {
    await open()
    await createLoop()
    await heard("conversation:created")
    expect(calls).toEqual([[{ event: "conversation:created", data: { conversationId: loopId } }]])
  })

  test("of a turn in two calls: its start, and its end with what it used", async () => {
    await open()
    await createLoop()
    await ask("say: hello")
    await heard("conversation:updated")
    expect(names()).toEqual([
      ["conversation:created"],
      ["turn:started"],
      ["turn:ended", "usage:recorded", "conversation:updated"],
    ])
    const place = { conversationId: loopId, turnId }
    expect(await heard("turn:started")).toEqual(place)
    expect(await heard("turn:ended")).toEqual({ ...place, outcome: "done", errorCode: null })
    expect(await heard("usage:recorded")).toMatchObject({
      ...place,
      groupId: null,
      calls: 1,
      models: ["claude-sonnet-5-5"],
    })
  })

  test("of a chat that begins with its first message", async () => {
    await open()
    await conversation(chatId).call("accept", { viewer: null, message: chatMessage("say: hi") })
    await heard("conversation:created")
    expect(names()).toEqual([["turn:started"], ["turn:ended", "usage:recorded", "conversation:created"]])
  })

  test("why a turn failed", async () => {
    await open()
    await createLoop()
    await ask("fail 400")
    expect(await heard("turn:ended")).toMatchObject({ outcome: "failed", errorCode: "model_refused_request" })
  })

  test("of a question with its tool and without its arguments, and of the answer", async () => {
    await open()
    await createLoop()
    await conversation().call("accept", { viewer: owner, message: apiMessage('tool asked_line {"line":"a secret"}') })
    await heard("turn:waiting")
    const asked = await heard("approval:requested")
    expect(asked).toMatchObject({ conversationId: loopId, turnId, tool: "asked_line" })
    const approvalId = "approvalId" in asked ? asked.approvalId : undefined
    if (approvalId === undefined) throw new Error("the question has no id")
    const answer = { viewer: owner, choiceId: approvalId, answer: { allow: false }, source: "api" }
    await conversation().call("answer", answer)
    expect(await heard("approval:resolved")).toEqual({
      conversationId: loopId,
      turnId,
      approvalId,
      allow: false,
      source: "api",
    })
    await heard("turn:ended")
    expect(JSON.stringify(calls)).not.toMatch(/secret/)
  })

  test("of archiving, of its end, and of erasure", async () => {
    await open()
    await createLoop()
    await conversation().call("archive", { viewer: owner })
    await conversation().call("unarchive", { viewer: owner })
    await conversation().call("erase", {})
    await heard("conversation:erased")
    expect(names().flat()).toEqual([
      "conversation:created",
      "conversation:archived",
      "conversation:updated",
      "conversation:updated",
      "conversation:erased",
    ])
  })

  test("of a turn's end only when the database has it", async () => {
    await open()
    await createLoop()
    await ask("say: one")
    await heard("turn:ended")
    calls.length = 0
    harness.databaseIsAway = true
    await ask("say: two")
    expect(names()).toEqual([["turn:started"]])
    harness.databaseIsAway = false
    harness.time.advance(60_000)
    await heard("turn:ended")
    expect(names()).toEqual([["turn:started"], ["turn:ended", "usage:recorded", "conversation:updated"]])
  })
})

test("a feed that fails costs a turn nothing", async () => {
  await open()
  feedFails = true
  await createLoop()
  await ask("say: all the same")
  const view = await conversation().call("view", { viewer: owner })
  expect(view).toMatchObject({ turnCount: 1, currentTurn: null })
})
