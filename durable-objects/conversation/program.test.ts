/** What programs ask of a conversation beyond the loop API: seeded beginnings, pictures, repeated requests, reports. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { toBase64 } from "../../adapters/base64.ts"
import { listMessages } from "../../adapters/store/conversations.ts"
import type { InboundMessage, TurnWishes } from "../../core/channel/message.ts"
import type { Message } from "../../core/model/message.ts"
import { ConversationId } from "../../core/units.ts"
import {
  apiMessage,
  type Harness,
  loopId,
  openHarness,
  owner,
  readEvents,
  shownText,
  stranger,
} from "../testing/harness.ts"
import { askedLine, openLoopDesk } from "../testing/loop-desk.ts"

let harness: Harness
beforeEach(async () => {
  harness = await openHarness({ tools: [askedLine()] })
})
afterEach(() => harness.close())

const { conversation, send } = openLoopDesk(() => harness)
const user = (text: string): Message => ({ role: "user", blocks: [{ type: "text", text }] })
const assistant = (text: string): Message => ({ role: "assistant", blocks: [{ type: "text", text }] })
const open = (history: Message[] = [], ownerId = owner) =>
  conversation().call("open", { ownerId, profiles: [], history })
const say = async (text: string, rest: Partial<InboundMessage> = {}) => {
  const { message, stream } = await send(text, rest)
  return { message, events: await readEvents(stream, (seen) => seen.some(({ event }) => event === "requires_choice")) }
}
const ask = async (text: string, rest: Partial<InboundMessage> = {}) => shownText((await say(text, rest)).events)
const wishes = (changes: Partial<TurnWishes>): TurnWishes => ({
  groupName: null,
  instructions: "",
  maxOutputTokens: null,
  ...changes,
})
const report = (externalId: string, viewer = owner) => conversation().call("report", { viewer, externalId })

describe("a conversation that begins with what was said elsewhere", () => {
  const past = [user("I am Ada."), assistant("Hello Ada."), user("I like tea."), assistant("Noted.")]

  test("shows it to the model, and libSQL learns it", async () => {
    await open(past)
    expect(JSON.parse(await ask("history"))).toEqual(["I am Ada.", "Hello Ada.", "I like tea.", "Noted.", "history"])
    await conversation().call("flush", {})
    const { rows } = await listMessages(harness.libsql, loopId, { limit: 20 })
    expect(rows.slice(0, 4).map(({ role, text }) => [role, text])).toEqual([
      ["user", "I am Ada."],
      ["assistant", "Hello Ada."],
      ["user", "I like tea."],
      ["assistant", "Noted."],
    ])
  })

  test("begins once, whoever else opens it at the same time or later", async () => {
    await Promise.all([open(past), open(past), open(past)])
    await open(past)
    expect(JSON.parse(await ask("history"))).toHaveLength(5)
  })

  test("is trimmed from its oldest question on, like any other", async () => {
    await open(Array.from({ length: 30 }, (_, at) => [user(`q${at}`), assistant(`a${at}`)]).flat())
    const shown: string[] = JSON.parse(await ask("history"))
    expect(shown.length).toBeLessThanOrEqual(20)
    expect(shown.slice(-3)).toEqual(["q29", "a29", "history"])
    expect(shown[0]).toMatch(/^q/)
  })

  test("survives the loss of its object", async () => {
    await open(past)
    await ask("say: ok")
    await conversation().call("flush", {})
    await harness.restart({ losingObjects: true })
    expect(JSON.parse(await ask("history"))).toContain("I am Ada.")
  })

  test("belongs to who opened it", async () => {
    await open()
    await expect(open([], stranger)).rejects.toMatchObject({ code: "not_loop_owner" })
  })
})

describe("wishes of one turn", () => {
  test("a caller's instructions stand below the operator's prompt, in that turn alone", async () => {
    await open()
    const system = await ask("system", { wishes: wishes({ instructions: "Rhyme." }) })
    expect(system).toMatch(/^You are a test\.\n\n[\s\S]*<caller_instructions>\nRhyme\.\n<\/caller_instructions>$/)
    expect(await ask("system")).toBe("You are a test.")
  })

  test("the model may write no more than the caller wants", async () => {
    await open()
    await ask("say: x", { wishes: wishes({ maxOutputTokens: 33 }) })
    expect(harness.model.requests.at(-1)?.maxOutputTokens).toBe(33)
  })

  test("hold while libSQL is away", async () => {
    await open()
    await ask("say: x")
    harness.databaseIsAway = true
    expect(await ask("system", { wishes: wishes({ instructions: "Rhyme." }) })).toContain("Rhyme.")
    expect(await ask("system")).toBe("You are a test.")
    harness.databaseIsAway = false
  })
})

describe("pictures", () => {
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3])
  const keep = (bytes: Uint8Array, viewer = owner) =>
    conversation().call("keepPicture", { viewer, mediaType: "image/png", data: toBase64(bytes) })

  test("reach the model with their bytes, also after a restart", async () => {
    await open()
    const picture = await keep(png)
    expect(picture).toMatchObject({ type: "image", mediaType: "image/png", sizeBytes: png.length })
    await ask("say: seen", { images: [picture] })
    expect(JSON.stringify(harness.model.requests.at(-1)?.body)).toContain(toBase64(png))
    await harness.restart()
    await ask("say: again")
    expect(JSON.stringify(harness.model.requests.at(-1)?.body)).toContain(toBase64(png))
  })

  test("become words when they are too many or too old", async () => {
    await open()
    for (let at = 0; at < 21; at += 1) {
      const picture = await keep(new Uint8Array([...png, at]))
      await ask("say: seen", { images: [picture], wishes: wishes({}) })
    }
    const body = JSON.stringify(harness.model.requests.at(-1)?.body)
    expect(body.match(/"type":"image"/g)?.length).toBeLessThanOrEqual(20)
    expect(body).toContain(toBase64(new Uint8Array([...png, 20])))
  })

  test("that are none are refused", async () => {
    await open()
    await expect(keep(new TextEncoder().encode("<svg>"))).rejects.toMatchObject({ code: "image_refused" })
    const broken = { viewer: owner, mediaType: "image/png" as const, data: "***" }
    await expect(conversation().call("keepPicture", broken)).rejects.toMatchObject({ code: "image_refused" })
    const large = new Uint8Array(5 * 1024 * 1024 + 1)
    large.set(png)
    await expect(keep(large)).rejects.toMatchObject({ code: "image_refused" })
  })

  test("of someone else's conversation are not taken", async () => {
    await open()
    await expect(keep(png, stranger)).rejects.toMatchObject({ code: "not_loop_owner" })
  })

  test("are gone with the conversation", async () => {
    await open()
    const picture = await keep(png)
    await ask("say: seen", { images: [picture] })
    await conversation().call("erase", {})
    await open()
    await ask("say: after", { images: [picture] })
    expect(JSON.stringify(harness.model.requests.at(-1)?.body)).not.toContain(toBase64(png))
  })
})

describe("repeated requests", () => {
  const elsewhere = ConversationId.parse(`loop_${"e".repeat(32)}`)
  const claim = (bodyHash: string, isRetry: boolean, externalId: string) =>
    conversation().call("claim", { viewer: owner, bodyHash, isRetry, externalId, elsewhere })

  test("a repetition finds the turn of its first try, and the same words anew do not", async () => {
    expect(await claim("b1", false, "one")).toEqual({ conversationId: loopId, externalId: "one", isAttached: false })
    expect(await claim("b1", true, "two")).toMatchObject({ externalId: "one", isAttached: true })
    expect(await claim("b2", true, "three")).toMatchObject({ externalId: "three", isAttached: false })
    await open()
    expect(await claim("b1", false, "four")).toMatchObject({ conversationId: elsewhere, externalId: "four" })
    expect(await claim("b1", true, "five")).toMatchObject({ conversationId: elsewhere, externalId: "four" })
  })

  test("a claim outlives a restart, and not a day", async () => {
    await claim("b1", false, "one")
    await harness.restart()
    expect(await claim("b1", true, "two")).toMatchObject({ externalId: "one" })
    harness.time.advance(24 * 60 * 60_000 + 1)
    expect(await claim("b1", true, "three")).toMatchObject({ externalId: "three", isAttached: false })
  })
})

describe("a report", () => {
  test("tells what was said and what it cost, during the turn and after", async () => {
    await open()
    const { message } = await say("say: hello")
    expect(await report(message.externalId)).toMatchObject({
      status: "ended",
      text: "hello",
      outcome: { status: "done" },
      cost: { stop: "end", usage: { outputTokens: expect.any(Number) } },
    })
    expect(await report("nothing")).toEqual({ status: "unknown" })
    await expect(report(message.externalId, stranger)).rejects.toMatchObject({ code: "not_loop_owner" })
  })

  test("says who is waited for, and behind what", async () => {
    await open()
    const first = await say('tool asked_line {"line":"x"}')
    const waiting = await report(first.message.externalId)
    expect(waiting).toMatchObject({ status: "waiting", choiceId: `choice_${loopId}_1_1` })
    const behind = apiMessage("say: later")
    await conversation().call("accept", { viewer: owner, message: behind })
    expect(await report(behind.externalId)).toEqual({ status: "queued", behind: `choice_${loopId}_1_1` })
  })

  test("is kept when the journal is gone", async () => {
    await open()
    const { message } = await say("say: first")
    for (let turn = 0; turn < 12; turn += 1) await ask(`say: ${turn}`)
    await conversation().call("flush", {})
    const told = await report(message.externalId)
    expect(told).toMatchObject({ status: "ended", text: "first", cost: { stop: "end" } })
  })
})
