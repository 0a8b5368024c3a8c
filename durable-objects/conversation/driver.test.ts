/** The loop and the alarm of one conversation, under interleavings that a whole host shows too seldom. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ConversationId } from "../../core/units.ts"
import { join } from "node:path"
import { createVault } from "../../adapters/vault.ts"
import { createMetrics } from "../../core/metrics/metrics.ts"
import { openObjectHost } from "../../sandbox-runner/host/objects/objects.ts"
import { Config, parseEnvironment } from "../config.ts"
import type { HostedObject } from "../host.ts"
import { Conversation } from "./conversation.ts"
import { apiMessage, loopId, openHarness, owner, readEvents, shownText, type Harness } from "../testing/harness.ts"
import { askedLine, openLoopDesk, spin } from "../testing/loop-desk.ts"

const other = ConversationId.parse(loopId.replaceAll("4", "6"))

const ran: string[] = []

let harness: Harness
beforeEach(async () => {
  ran.length = 0
  harness = await openHarness({ tools: [askedLine((line) => ran.push(line))], concurrentTurns: 1 })
})
afterEach(async () => harness.close())

const { conversation, createLoop, send: sendTo } = openLoopDesk(() => harness)

async function send(id: ConversationId, text: string, externalId: string) {
  await createLoop(id)
  return (await sendTo(text, { externalId }, id)).stream
}

describe("a turn whose pause is over while others hold all slots", () => {
  test("waits in line without asking again and again", async () => {
    await send(loopId, "fail 529 1\nthen say: at last", "a")
    await harness.model.waitForRequest(1)
    await spin()
    await send(other, "hang", "b")
    await harness.model.waitForRequest(2)
    harness.time.advance(1_000)
    await spin()
    const before = harness.objects.stats().commits
    await spin()
    expect(harness.objects.stats().commits - before).toBeLessThan(3)
  })

  test("goes on when the slot is given back", async () => {
    const stream = await send(loopId, "fail 529 1\nthen say: at last", "a")
    await harness.model.waitForRequest(1)
    await spin()
    await send(other, "hang", "b")
    await harness.model.waitForRequest(2)
    harness.time.advance(1_000)
    await spin()
    await conversation(other).call("interrupt", { viewer: owner })
    expect(shownText(await readEvents(stream))).toBe("at last")
  })
})

describe("a reader who comes back with the id of a turn's last event", () => {
  test("gets an end, not a stream that says nothing for ever", async () => {
    const events = await readEvents(await send(loopId, "say: hello", "a"))
    const lastEventId = events.at(-1)?.id
    const stream = await conversation(loopId).stream("watch", { viewer: owner, externalId: "a", lastEventId })
    const seen = await Promise.race([readEvents(stream), spin().then(() => "open" as const)])
    expect(seen).not.toBe("open")
  })
})

describe("an erasure that libSQL holds up", () => {
  test("is tried again now and then, also when old step events were to be looked through meanwhile", async () => {
    await readEvents(await send(loopId, "say: hello", "a"))
    await conversation(loopId).call("flush", {})
    harness.databaseIsAway = true
    await expect(conversation(loopId).call("erase", {})).rejects.toMatchObject({ code: "database_unavailable" })
    harness.time.advance(25 * 60 * 60_000)
    await spin()
    const before = harness.databaseRequests
    await spin()
    expect(harness.databaseRequests - before).toBeLessThan(3)
  })
})

describe("two questions at once", () => {
  test("are answered in either order, and each answer is for its own call", async () => {
    const text = 'tool asked_line {"line":"a"}\ntool asked_line {"line":"b"}\nthen results'
    const isAsked = (event: { event: string }) => event.event === "requires_choice"
    await readEvents(await send(loopId, text, "a"), (seen) => seen.filter(isAsked).length === 2)
    const join = () => conversation(loopId).stream("watch", { viewer: owner })
    const shown = await readEvents(await join(), (seen) => seen.filter(isAsked).length === 2)
    const [first, second] = shown.filter(isAsked).map(({ data }) => String(data.choice_id))
    const stream = await join()
    const answer = (choiceId: string | undefined, allow: boolean) =>
      harness.objects
        .reach("conversation", loopId)
        .call("answer", { viewer: owner, choiceId, answer: { allow }, source: "api" })
    await answer(second, true)
    await answer(first, false)
    const said = shownText(await readEvents(stream))
    expect(said).toContain("declined")
    expect(said).toContain("appended b")
    expect(ran).toEqual(["b"])
  })
})

describe("a slot that is given while the answer that there is none is on its way", () => {
  test("is taken at once, however the two meet", async () => {
    const parsed = parseEnvironment(Config, { ANTHROPIC_API_KEY: "sk-test", ANTHROPIC_BASE_URL: harness.model.url })
    if (parsed.status !== "ok") throw new Error(parsed.problems.join())
    const parts = {
      config: parsed.config,
      vault: createVault(new Uint8Array(32).fill(7)),
      tools: [],
      concurrentTurns: 1,
      log: () => {},
      metrics: createMetrics(""),
      systemPrompt: () => "",
      catalogue: [],
    }
    const steps = 40
    for (let delay = 0; delay < steps; delay += 1) {
      const id = ConversationId.parse(`loop_${String(delay).padStart(32, "0")}`)
      let target: HostedObject | undefined
      let asked = 0
      const wakeLater = async () => {
        for (let step = 0; step < delay; step += 1) await Promise.resolve()
        await target?.call("wake", { slotFor: `turn_${id}_1` })
      }
      const ledger: HostedObject = {
        async call(name) {
          if (name === "reserve") return { status: "allowed", candidate: 0, maxOutputTokens: 100, countedAt: 1 }
          if (name !== "acquireSlot") return {}
          asked += 1
          if (asked === 1) void wakeLater()
          return { granted: false }
        },
        stream: () => new ReadableStream(),
        alarm: async () => {},
      }
      const objects = openObjectHost({
        path: join(harness.directory, `race-${delay}.db`),
        blobDirectory: join(harness.directory, "race-blobs"),
        libsql: harness.libsql,
        timers: harness.time,
        fetch: { operator: (request) => fetch(request), agent: (request) => fetch(request) },
        create: (kind, host) => (kind === "conversation" ? (target = new Conversation(host, parts)) : ledger),
        log: () => {},
      })
      const peer = objects.peers("conversation", id)
      await peer.call("create", { ownerId: owner, title: "", metadata: {}, profiles: [] })
      await peer.call("accept", { viewer: owner, message: apiMessage("say: x", { externalId: "a" }) })
      const stream = await peer.stream("watch", { viewer: owner, externalId: "a" })
      const seen = await Promise.race([readEvents(stream).then(shownText), spin().then(() => `asleep at ${delay}`)])
      expect(seen).toBe("x")
      await objects.close(0)
    }
  })
})
