import { afterEach, describe, expect, test } from "vitest"
import { findConversation, listMessages } from "../../adapters/store/conversations.ts"
import type { ConversationId } from "../../core/units.ts"
import { currentTime } from "../tools/current-time.ts"
import { builtInTools } from "../tools/tools.ts"
import {
  apiMessage,
  channelId,
  chatId,
  chatMessage,
  loopId,
  openHarness,
  owner,
  readEvents,
  shownText,
  stranger,
  type Harness,
} from "../testing/harness.ts"
import { appendLine, askedLine, openLoopDesk } from "../testing/loop-desk.ts"

const lines: string[] = []
let beforeAppend: () => Promise<void> = async () => {}
const tools = [
  appendLine((line) => {
    lines.push(line)
    return beforeAppend()
  }),
  askedLine((line) => lines.push(line)),
]

let harness: Harness
async function open(options: { concurrentTurns?: number } = {}): Promise<Harness> {
  lines.length = 0
  beforeAppend = async () => {}
  harness = await openHarness({ tools, ...options })
  return harness
}
afterEach(async () => harness.close())

const { conversation, createLoop, send, ask } = openLoopDesk(() => harness)
const names = (events: readonly { event: string }[]) => events.map((event) => event.event)

async function rows(id: ConversationId = loopId) {
  await conversation(id).call("flush", {})
  const messages = await listMessages(harness.libsql, id, { limit: 1_000 })
  return { conversation: await findConversation(harness.libsql, id), messages: messages.rows }
}

describe("a message", () => {
  test("is answered in a stream that begins with started and ends with done", async () => {
    await open()
    await createLoop()
    const events = await ask("say: Hello there")
    expect(names(events)[0]).toBe("started")
    expect(names(events).at(-1)).toBe("done")
    expect(shownText(events)).toBe("Hello there")
  })

  test("and its answer are in the database afterwards, under the title of its first line", async () => {
    await open()
    await createLoop()
    await ask("say: Hello there\nthen say: never")
    const { conversation: row, messages } = await rows()
    expect(row).toEqual(expect.objectContaining({ title: "say: Hello there", status: "idle", turnCount: 1 }))
    expect(messages.map(({ role, text }) => [role, text])).toEqual([
      ["user", "say: Hello there\nthen say: never"],
      ["assistant", "Hello there"],
    ])
  })

  test("that comes three times at once and again after a restart makes one turn", async () => {
    await open()
    const message = chatMessage("say: once")
    const accept = () => conversation(chatId).call("accept", { viewer: null, message })
    const statuses = await Promise.all([accept(), accept(), accept()])
    expect(statuses.map(({ status }) => status).sort()).toEqual(["accepted", "repeated", "repeated"])
    await harness.until("the reply", () => harness.sent[0])
    await harness.restart()
    expect(await accept()).toEqual({ status: "repeated", position: 0 })
    expect((await rows(chatId)).conversation?.turnCount).toBe(1)
    expect(harness.sent.map((part) => part.text)).toEqual(["once"])
  })

  test("of 1 MB is kept whole, by the object, the database and the model", async () => {
    await open()
    await createLoop()
    const text = `fail 529 1\nthen say: short\n${"ä€𝄞".repeat(110_000)}`
    await send(text)
    expect((await harness.model.waitForRequest(1)).lastUserText).toBe(text)
    await harness.restart()
    harness.time.flow(1_000)
    expect((await harness.model.waitForRequest(2)).lastUserText).toBe(text)
    harness.time.stop()
    expect((await rows()).messages[0]?.text).toBe(text)
  })

  test("of someone else's loop is refused, as is one for an archived or unknown loop", async () => {
    await open()
    await createLoop()
    const accept = (viewer: typeof owner, id = loopId) =>
      conversation(id).call("accept", { viewer, message: apiMessage("hi") })
    await expect(accept(stranger)).rejects.toMatchObject({ code: "not_loop_owner" })
    await expect(accept(owner, chatId)).rejects.toMatchObject({ code: "loop_not_found" })
    await conversation().call("archive", { viewer: owner })
    await expect(accept(owner)).rejects.toMatchObject({ code: "loop_archived" })
  })

  test("that is one too many in the queue is refused and the others stay", async () => {
    await open()
    await createLoop()
    await send("hang")
    for (let n = 0; n < 100; n += 1)
      await conversation().call("accept", { viewer: owner, message: apiMessage("say: x") })
    const more = conversation().call("accept", { viewer: owner, message: apiMessage("say: x") })
    await expect(more).rejects.toMatchObject({ code: "queue_full" })
    expect((await conversation().call("view", { viewer: owner })).queueDepth).toBe(100)
  })
})

describe("a repeated key", () => {
  test("replays an ended turn: its steps, the text in one piece, its end", async () => {
    await open()
    await createLoop()
    const rest = { externalId: "idem:k", bodyHash: "h" }
    const first = await readEvents((await send('tool append_line {"line":"a"}\nthen say: ok', rest)).stream)
    await harness.restart()
    const second = await send('tool append_line {"line":"a"}\nthen say: ok', rest)
    expect(second.accepted).toEqual({ status: "repeated", position: 0 })
    const replay = await readEvents(second.stream)
    expect(names(replay)).toEqual(["started", "tool_call", "tool_result", "assistant_delta", "done"])
    expect(shownText(replay)).toBe(shownText(first))
    expect(lines).toEqual(["a"])
  })

  test("with another body is refused for 24 hours, and is a new message after them", async () => {
    await open()
    await createLoop()
    await readEvents((await send("say: a", { externalId: "idem:k", bodyHash: "one" })).stream)
    await expect(send("say: b", { externalId: "idem:k", bodyHash: "two" })).rejects.toMatchObject({
      code: "idempotency_key_reused",
    })
    harness.time.advance(25 * 60 * 60_000)
    const again = await send("say: b", { externalId: "idem:k", bodyHash: "two" })
    expect(again.accepted.status).toBe("accepted")
    expect(shownText(await readEvents(again.stream))).toBe("b")
  })
})

describe("while a turn runs", () => {
  test("the next message of a program waits its turn, is told its place, and gets a turn of its own", async () => {
    await open()
    await createLoop()
    const first = await send("slow: one two three four five")
    const second = await send("say: second")
    expect(second.accepted.position).toBe(1)
    const events = await readEvents(second.stream)
    expect(names(events).slice(0, 2)).toEqual(["queued", "started"])
    expect(shownText(events)).toBe("second")
    expect(shownText(await readEvents(first.stream))).toBe("one two three four five")
  })

  test("a chat's next message joins before the next model call", async () => {
    await open()
    let release = () => {}
    beforeAppend = () => new Promise((resolve) => (release = resolve))
    const accept = (text: string) => conversation(chatId).call("accept", { viewer: null, message: chatMessage(text) })
    await accept('tool append_line {"line":"a"}\nthen say: done')
    await expect.poll(() => lines.length).toBe(1)
    await accept("say: and this")
    release()
    await harness.until("the reply", () => harness.sent[0])
    expect(harness.sent.map((part) => part.text)).toEqual(["and this"])
    expect((await rows(chatId)).conversation?.turnCount).toBe(1)
  })

  test("chat messages that come too late to join make the next turn together", async () => {
    await open()
    const accept = (text: string) => conversation(chatId).call("accept", { viewer: null, message: chatMessage(text) })
    await accept("slow: one two three four")
    await harness.model.waitForRequest(1)
    await accept("first of two")
    await accept("say: both")
    await harness.until("both replies", () => harness.sent[1])
    expect(harness.sent.map((part) => part.text)).toEqual(["one two three four", "both"])
    expect((await rows(chatId)).conversation?.turnCount).toBe(2)
  })

  test("an interruption ends it at once, stops the model, and the queue goes on", async () => {
    await open()
    await createLoop()
    const first = await send("hang")
    const second = await send("say: next")
    await harness.model.waitForRequest(1)
    await conversation().call("interrupt", { viewer: owner })
    expect(names(await readEvents(first.stream)).at(-1)).toBe("interrupted")
    expect(shownText(await readEvents(second.stream))).toBe("next")
    await expect.poll(() => harness.model.activeCount).toBe(0)
  })

  test("an interrupted tool call leaves a transcript that the provider accepts", async () => {
    await open()
    await createLoop()
    beforeAppend = () => new Promise(() => {})
    const { stream } = await send('tool append_line {"line":"a"}')
    await expect.poll(() => lines.length).toBe(1)
    await conversation().call("interrupt", { viewer: owner })
    await readEvents(stream)
    expect(shownText(await ask("say: still fine"))).toBe("still fine")
    expect(harness.model.refused).toEqual([])
  })

  test("archiving stops it and everything that waits", async () => {
    await open()
    await createLoop()
    const streams = [(await send("hang")).stream, (await send("say: never")).stream]
    await conversation().call("archive", { viewer: owner })
    for (const stream of streams) expect(names(await readEvents(stream)).at(-1)).toBe("interrupted")
    expect((await rows()).conversation?.archivedAt).not.toBeNull()
  })

  test("no more turns run at once than there are slots, and all of them end", async () => {
    await open({ concurrentTurns: 2 })
    const ids = Array.from({ length: 8 }, (_, n) => loopId.replace(/.$/, String(n)))
    const { ConversationId: Id } = await import("../../core/units.ts")
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, harness.model.activeCount)), 1)
    await Promise.all(
      ids.map(async (text) => {
        const id = Id.parse(text)
        await createLoop(id)
        expect(shownText(await ask("slow: one two", {}, id))).toBe("one two")
      }),
    )
    clearInterval(watch)
    expect(most).toBeLessThanOrEqual(2)
  })
})

describe("a reader", () => {
  test("who joins a running turn gets a snapshot, then the rest", async () => {
    await open()
    await createLoop()
    const first = await send("slow: one two three four five six seven")
    await readEvents(first.stream, (events) => shownText(events).length > 5)
    const events = await readEvents(await conversation().stream("watch", { viewer: owner }))
    expect(names(events)[0]).toBe("snapshot")
    expect(shownText(events)).toBe("one two three four five six seven")
  })

  test("who comes back with the last event id misses no step and ends with the whole text", async () => {
    await open()
    await createLoop()
    const sent = await send('tool append_line {"line":"a"}\nthen slow: alpha beta gamma delta')
    const seen = await readEvents(sent.stream, (events) => names(events).includes("tool_call"))
    const lastEventId = seen.findLast((event) => event.id !== undefined)?.id
    const rest = await readEvents(
      await conversation().stream("watch", { viewer: owner, externalId: sent.message.externalId, lastEventId }),
    )
    expect(names(rest).filter((name) => name.startsWith("tool_"))).toEqual(["tool_result"])
    expect(shownText([...seen, ...rest])).toBe("alpha beta gamma delta")
  })

  test("who comes back after the end still gets text and end", async () => {
    await open()
    await createLoop()
    const sent = await send("say: all of it")
    await readEvents(sent.stream)
    const events = await readEvents(await conversation().stream("watch", { viewer: owner, lastEventId: "1.1" }))
    expect(names(events)).toEqual(["snapshot", "done"])
    expect(shownText(events)).toBe("all of it")
  })

  test("who never reads is closed and holds nobody up", async () => {
    await open()
    await createLoop()
    const { stream } = await send("long 60000")
    const events = await readEvents(await conversation().stream("watch", { viewer: owner }))
    expect(names(events).at(-1)).toBe("done")
    const late = await readEvents(stream)
    expect(names(late)).not.toContain("done")
  })

  test("of someone else's loop is refused", async () => {
    await open()
    await createLoop()
    await expect(conversation().stream("watch", { viewer: stranger })).rejects.toMatchObject({ code: "not_loop_owner" })
  })
})

describe("a question to a person", () => {
  const question = 'tool asked_line {"line":"a"}\nthen results'

  async function asked() {
    const { stream } = await send(question)
    const events = await readEvents(stream, (seen) => names(seen).includes("requires_choice"))
    const choice = events.find((event) => event.event === "requires_choice")?.data
    return { choice, choiceId: String(choice?.choice_id) }
  }
  const answer = (choiceId: string, allow: boolean) =>
    harness.objects
      .reach("conversation", loopId)
      .call("answer", { viewer: owner, choiceId, answer: { allow }, source: "api" })

  test("shows the whole arguments, outlives a restart, and a yes runs the tool once", async () => {
    await open()
    await createLoop()
    const { choice, choiceId } = await asked()
    expect(choice).toMatchObject({ kind: "permission", payload: { tool: "asked_line", input: { line: "a" } } })
    await harness.restart()
    const stream = await conversation().stream("watch", { viewer: owner })
    await answer(choiceId, true)
    const events = await readEvents(stream)
    expect(events[0]?.data.pending_choice_id).toBe(choiceId)
    expect(events[1]).toMatchObject({ event: "requires_choice", data: choice })
    expect(names(events)).toContain("choice_resolved")
    expect(shownText(events)).toBe("done: appended a")
    expect(lines).toEqual(["a"])
    await expect(answer(choiceId, true)).rejects.toMatchObject({ code: "choice_not_found" })
  })

  test("answered with no tells the model and runs nothing", async () => {
    await open()
    await createLoop()
    const { choiceId } = await asked()
    const stream = await conversation().stream("watch", { viewer: owner })
    await answer(choiceId, false)
    expect(shownText(await readEvents(stream))).toContain("declined")
    expect(lines).toEqual([])
  })

  test("that nobody answers expires as a no", async () => {
    await open()
    await createLoop()
    await asked()
    const stream = await conversation().stream("watch", { viewer: owner })
    harness.time.advance(24 * 60 * 60_000)
    expect(shownText(await readEvents(stream))).toContain("Nobody allowed")
    expect(lines).toEqual([])
  })

  test("is listed as waiting, and gives its slot to others meanwhile", async () => {
    await open({ concurrentTurns: 1 })
    await createLoop()
    await asked()
    expect((await rows()).conversation?.status).toBe("waiting")
    const { ConversationId: Id } = await import("../../core/units.ts")
    const other = Id.parse(loopId.replaceAll("4", "6"))
    await createLoop(other)
    expect(shownText(await ask("say: free", {}, other))).toBe("free")
  })
})

describe("when things break", () => {
  test("a passing failure of the provider is waited out by alarm and the turn ends well", async () => {
    await open()
    await createLoop()
    const { stream } = await send("fail 529 2\nthen say: at last")
    const reading = readEvents(stream)
    harness.time.flow(1_000)
    expect(shownText(await reading)).toBe("at last")
    harness.time.stop()
    expect(harness.model.requestCount).toBe(3)
  })

  test("text of an answer that broke off stays, and the next try goes on behind it", async () => {
    await open()
    await createLoop()
    harness.model.setScript((request) =>
      request.n === 1
        ? { kind: "spoiled", by: "cut", afterChunks: 2, answer: { text: "wrong beginning", chunkSize: 5 } }
        : { kind: "answer", text: "nning" },
    )
    const { stream } = await send("x")
    const reading = readEvents(stream)
    harness.time.flow(1_000)
    const events = await reading
    expect(shownText(events)).toBe("wrong beginning")
    expect(events.filter(({ event }) => event === "snapshot")).toEqual([])
    harness.time.stop()
  })

  test("a key that is refused fails the turn with a sentence, not with silence", async () => {
    await open()
    await createLoop()
    const events = await ask("fail 401")
    expect(events.at(-1)).toMatchObject({ event: "error", data: { code: "model_key_refused" } })
  })

  test("the database away for hours: people are answered, and all of it is projected afterwards", async () => {
    await open()
    await createLoop()
    await ask("say: before")
    harness.databaseIsAway = true
    for (let n = 0; n < 5; n += 1) expect(shownText(await ask(`say: ${n}`))).toBe(String(n))
    await harness.restart()
    expect(shownText(await ask("say: after"))).toBe("after")
    harness.databaseIsAway = false
    harness.time.advance(60_000)
    await expect.poll(async () => (await listMessages(harness.libsql, loopId, { limit: 100 })).rows.length).toBe(14)
  })

  test("a chat that begins while the database is away is answered when it is back", async () => {
    await open()
    harness.databaseIsAway = true
    await conversation(chatId).call("accept", { viewer: null, message: chatMessage("say: hello") })
    harness.databaseIsAway = false
    harness.time.advance(6_000)
    await harness.until("the reply", () => harness.sent[0])
    expect((await rows(chatId)).messages.map((row) => row.text)).toEqual(["say: hello", "hello"])
  })

  test("a lost object goes on with its history and new turn numbers", async () => {
    await open()
    await createLoop()
    await ask("say: my name is Ada")
    await rows()
    await harness.restart({ losingObjects: true })
    expect((await conversation().call("view", { viewer: owner })).turnCount).toBe(1)
    expect(shownText(await ask("history"))).toContain("my name is Ada")
    const { messages } = await rows()
    expect(messages.map((row) => row.text).slice(0, 3)).toEqual(["say: my name is Ada", "my name is Ada", "history"])
    expect(new Set(messages.map((row) => row.turnId)).size).toBe(2)
  })

  test("dropped from memory at every model request, the turn still ends and no tool runs twice", async () => {
    await open()
    await createLoop()
    const seen = new Set<number>()
    harness.model.setScript(async (request) => {
      const step = request.messages.length
      if (!seen.has(step)) {
        seen.add(step)
        await harness.objects.evict("conversation", loopId)
        return { kind: "drop" }
      }
      return step < 5
        ? { kind: "answer", tools: [{ name: "append_line", input: { line: String(step) } }] }
        : { kind: "answer", text: "finished" }
    })
    await conversation().call("accept", { viewer: owner, message: apiMessage("go") })
    harness.time.flow(10_000)
    await expect.poll(async () => (await rows()).messages.at(-1)?.text).toBe("finished")
    harness.time.stop()
    expect(lines).toEqual(["1", "3"])
  })

  test("a tool that a crash cut off is not run again: the model learns that its outcome is unknown", async () => {
    await open()
    await createLoop()
    beforeAppend = async () => {
      beforeAppend = async () => {}
      await harness.objects.evict("conversation", loopId)
    }
    await conversation().call("accept", {
      viewer: owner,
      message: apiMessage('tool append_line {"line":"a"}\nthen results'),
    })
    await expect.poll(() => lines.length).toBe(1)
    harness.time.advance(60_000)
    await expect.poll(async () => (await rows()).messages.at(-1)?.text).toContain("outcome unknown")
    expect(lines).toEqual(["a"])
  })

  test("a message that brings the gateway down three times fails, told, and never comes back", async () => {
    await open()
    harness.model.setScript(async () => {
      await harness.objects.evict("conversation", chatId)
      return { kind: "drop" }
    })
    await conversation(chatId).call("accept", { viewer: null, message: chatMessage("poison") })
    harness.time.flow(10_000)
    await harness.until("the apology", () => harness.sent[0])
    harness.time.stop()
    expect(harness.sent[0]?.text).toContain("gave up")
    expect(harness.model.requestCount).toBe(3)
  })
})

describe("an answer on a channel", () => {
  test("goes out in order, waiting as long as the platform asks", async () => {
    await open()
    harness.onSend = () => ({ status: "later", retryAfterMs: 7_000, reason: "flood" })
    await conversation(chatId).call("accept", { viewer: null, message: chatMessage("say: hi") })
    await expect.poll(async () => (await deliveries())[0]).toMatchObject({ status: "pending", attempts: 1 })
    harness.onSend = () => ({ status: "sent", externalId: "9" })
    harness.time.advance(6_000)
    await rows(chatId)
    expect(harness.sent).toHaveLength(1)
    harness.time.advance(1_000)
    await harness.until("the second attempt", () => harness.sent[1])
    expect(harness.sent[1]).toEqual({ chatId: 77, text: "hi", format: "markdown" })
  })

  test("whose attempt got lost is repeated at most twice, and marked", async () => {
    await open()
    harness.onSend = () => ({ status: "unknown", reason: "No answer." })
    await conversation(chatId).call("accept", { viewer: null, message: chatMessage("say: hi") })
    harness.time.flow(10_000)
    await expect
      .poll(async () => (await deliveries())[0])
      .toMatchObject({ status: "failed", attempts: 3, maybe_repeated: 1 })
    harness.time.stop()
    expect(harness.sent).toHaveLength(3)
  })

  test("that the platform puts off does not use up its repetitions", async () => {
    await open()
    const outcomes = ["later", "later", "unknown", "unknown"]
    harness.onSend = () => {
      const status = outcomes.shift()
      if (status === "later") return { status, retryAfterMs: 0, reason: "Its own pace." }
      return status === undefined ? { status: "sent", externalId: "1" } : { status: "unknown", reason: "No answer." }
    }
    await conversation(chatId).call("accept", { viewer: null, message: chatMessage("say: hi") })
    harness.time.flow(10_000)
    await expect.poll(async () => (await deliveries())[0]).toMatchObject({ status: "sent", attempts: 5 })
    harness.time.stop()
  })

  test("that was on its way when the gateway stopped is sent again and marked", async () => {
    await open()
    let release = () => {}
    harness.onSend = () => new Promise((resolve) => (release = () => resolve({ status: "sent", externalId: "1" })))
    await conversation(chatId).call("accept", { viewer: null, message: chatMessage("say: hi") })
    await harness.until("the first attempt", () => harness.sent[0])
    await harness.restart()
    release()
    harness.onSend = () => ({ status: "sent", externalId: "2" })
    harness.time.flow(10_000)
    await harness.until("the second attempt", () => harness.sent[1])
    harness.time.stop()
    await expect
      .poll(async () => (await deliveries())[0])
      .toMatchObject({ status: "sent", maybe_repeated: 1, external_id: "2" })
  })

  async function deliveries() {
    const [answer] = await harness.libsql.read([
      { sql: "select * from deliveries where channel_id = ?", args: [channelId] },
    ])
    return answer?.rows ?? []
  }
})

test("a segment costs two round trips to the database", async () => {
  await open()
  await createLoop()
  await ask("say: warm")
  await rows()
  const before = harness.databaseRequests
  await ask("say: counted")
  await expect.poll(async () => (await findConversation(harness.libsql, loopId))?.turnCount).toBe(2)
  expect(harness.databaseRequests - before).toBe(2)
})

test("our own overhead on the wire is at most 6,000 bytes with all built-in tools on", async () => {
  await open()
  await createLoop()
  await ask("say: hi")
  const { requests } = harness.model
  expect(requests[0]?.tools.map((tool) => tool.name)).toEqual(expect.arrayContaining([currentTime.name]))
  const { readFileSync } = await import("node:fs")
  const prompt = readFileSync("system-prompt.md", "utf8")
  const tools = JSON.stringify(builtInTools.map((tool) => tool.spec))
  expect((requests[0]?.sizeBytes ?? Infinity) + prompt.length + tools.length).toBeLessThan(6_000)
})

test("old events and ids leave the storage after their time", async () => {
  await open()
  await createLoop()
  await readEvents((await send("say: old", { externalId: "idem:old", bodyHash: "h" })).stream)
  harness.time.advance(24 * 60 * 60_000 + 1_000)
  await expect
    .poll(async () =>
      names(await readEvents(await conversation().stream("watch", { viewer: owner, externalId: "idem:old" }))),
    )
    .toEqual([])
})
