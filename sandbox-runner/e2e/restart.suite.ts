/**
 * What outlives the death of the gateway: sessions, replays, streams, questions, and that nothing is done or said twice. The
 * gateway comes back with other settings: it polls Telegram, and its tool asks a person first.
 */
import { beforeAll, describe, expect, test } from "vitest"
import { openChannel, type ChannelDesk, type Person } from "./channel-desk.ts"
import { lastId, outline, shownText, type ReadEvent } from "./event-reader.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import type { Stage } from "./stage.ts"

const words = Array.from({ length: 60 }, (_, n) => `w${n}`).join(" ")
const headers = { "idempotency-key": "kept over restarts" }

export function restartSuite(stage: () => Stage): void {
  let loops: LoopDriver
  let channel: ChannelDesk
  beforeAll(async () => {
    loops = await openLoops(stage())
    channel = await openChannel(stage())
  })

  describe("a kill in the middle of work", () => {
    let running: string
    let seen: ReadEvent[]
    let ended: string
    let person: Person
    let answered: number
    beforeAll(async () => {
      ended = await loops.create()
      await (await loops.say(ended, 'tool append_line {"line":"replayed"}\nthen say: for good', { headers })).rest()
      person = channel.meet()
      const { updateId } = person.write("say: before the kill")
      answered = updateId
      await stage().telegram.waitForSent(({ text }) => text === "before the kill")
      running = await loops.create()
      const stream = await loops.say(running, `tool append_line {"line":"not twice"}\nthen slow: ${words}`)
      seen = await stream.until("assistant_delta")
      await stage().restart({ TELEGRAM_MODE: "polling", APPEND_LINE_ASKS_FIRST: "true" })
      await stream.untilBroken()
    }, 120_000)

    test("a reader goes on where it stood: every step once, and the whole text", async () => {
      const path = `/api/v1/loops/${running}/events`
      const rest = await (await loops.program.open("GET", path, { headers: { "last-event-id": lastId(seen) } })).rest()
      expect(outline(seen).slice(0, 3)).toEqual(["started", "tool_call", "tool_result"])
      expect(outline(rest).filter((name) => name.startsWith("tool") || name === "started")).toEqual([])
      expect(rest.at(-1)?.event).toBe("done")
      expect(shownText([...seen, ...rest])).toBe(words)
      expect(stage().lines.lines.filter((line) => line === "not twice")).toHaveLength(1)
    })

    test("an Idempotency-Key replays the ended turn, and nothing runs again", async () => {
      const { model, lines } = stage()
      const before = model.requestCount
      const content = 'tool append_line {"line":"replayed"}\nthen say: for good'
      const replay = await (await loops.say(ended, content, { headers })).rest()
      expect(replay.map(({ event }) => event)).toEqual([
        "started",
        "tool_call",
        "tool_result",
        "assistant_delta",
        "done",
      ])
      expect(shownText(replay)).toBe("for good")
      expect(model.requestCount).toBe(before)
      expect(lines.lines.filter((line) => line === "replayed")).toHaveLength(1)
      const path = `/api/v1/loops/${ended}/messages`
      expect((await loops.program.send("POST", path, { json: { content: "another" }, headers })).outcome).toBe(
        "409 idempotency_key_reused",
      )
    })

    test("the channel polls now, and has taken its web hook back", async () => {
      const { telegram } = stage()
      await channel.waitFor({ status: "connected", mode: "polling", problem: null })
      expect(telegram.webhookUrl).toBeUndefined()
      const [answer] = await channel.meet().talk("say: by polling")
      expect(answer?.text).toBe("by polling")
    })

    test("an update that was answered before is not answered again", async () => {
      const { telegram } = stage()
      telegram.redeliver(answered)
      await telegram.waitForConfirmed(answered)
      await person.talk("say: after the kill")
      expect(person.read().map(({ text }) => text)).toEqual(["before the kill", "after the kill"])
    })
  })

  test("a message whose answer is under way at a kill is answered once after it", async () => {
    const { telegram, model } = stage()
    const person = channel.meet()
    const text = "slow: this takes a while to say, long enough to die meanwhile"
    person.write(text)
    await model.waitForRequest(({ lastUserText }) => lastUserText === text)
    await stage().restart()
    await channel.waitFor({ status: "connected" })
    await telegram.waitFor("the answer", () => person.read().length > 0, 70_000)
    await person.talk("say: next")
    expect(person.read().map((sent) => sent.text)).toEqual([text.slice("slow: ".length), "next"])
  }, 120_000)

  describe("a question to a person", () => {
    const order = (line: string) => `tool append_line {"line":"${line}"}`
    const answer = (id: string, choiceId: string, json: object) =>
      loops.program.send("POST", `/api/v1/loops/${id}/choices/${choiceId}`, { json })
    const ask = async (line: string) => {
      const id = await loops.create()
      const stream = await loops.say(id, order(line))
      const asked = (await stream.until("requires_choice")).at(-1)
      if (asked?.event !== "requires_choice") throw new Error("nobody was asked")
      return { id, stream, asked, choiceId: asked.data.choice_id }
    }
    const written = (line: string) => stage().lines.lines.filter((one) => one === line)

    test("shows the whole arguments, and the tool runs once it is allowed", async () => {
      const { id, stream, asked, choiceId } = await ask("allowed")
      expect(asked.data).toMatchObject({
        kind: "permission",
        payload: { tool: "append_line", input: { line: "allowed" }, expires_at: expect.stringMatching(/^20.+Z$/) },
      })
      expect((await loops.get(id)).current_turn?.pending_choice_id).toBe(choiceId)
      expect((await answer(id, choiceId, { allow: "yes" })).outcome).toBe("400 invalid_body")
      expect((await answer(id, choiceId, { answers: { a: "b" } })).outcome).toBe("400 choice_answer_invalid")
      expect((await answer(id, `${choiceId}1`, { allow: true })).outcome).toBe("404 choice_not_found")
      expect(written("allowed")).toEqual([])
      expect((await answer(id, choiceId, { allow: true })).status).toBe(202)
      const rest = await stream.rest()
      expect(outline(rest)).toEqual(["choice_resolved", "tool_result", "assistant_delta", "done"])
      expect(rest[0]?.data).toEqual({ choice_id: choiceId, source: "api" })
      expect(written("allowed")).toEqual(["allowed"])
      expect((await answer(id, choiceId, { allow: true })).outcome).toBe("404 choice_not_found")
    })

    test("is declined, and the tool does not run", async () => {
      const { id, stream, choiceId } = await ask("declined")
      expect((await answer(id, choiceId, { allow: false })).status).toBe(202)
      const rest = await stream.rest()
      expect(rest.find(({ event }) => event === "tool_result")?.data).toMatchObject({ ok: false })
      expect(shownText(rest)).toContain("declined")
      expect(written("declined")).toEqual([])
    })

    test("outlives a kill, and its answer resumes the run", async () => {
      const { id, stream, choiceId } = await ask("asked before the kill")
      await stage().restart()
      await stream.untilBroken()
      const watcher = await loops.program.open("GET", `/api/v1/loops/${id}/events`)
      expect(await watcher.next()).toMatchObject({ event: "snapshot", data: { pending_choice_id: choiceId } })
      expect((await answer(id, choiceId, { allow: true })).status).toBe(202)
      expect((await watcher.rest()).at(-1)?.event).toBe("done")
      expect(written("asked before the kill")).toEqual(["asked before the kill"])
    })
  })
}
