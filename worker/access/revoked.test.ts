/**
 * A token that was revoked in another process is of no use ten seconds later, wherever it is used. Here, what goes through the
 * edge; the live feed's sockets are held by the LiveHub (durable-objects/live/hub.test.ts).
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { loop, message, projection } from "../../adapters/store/samples.ts"
import { Scope } from "../../core/access/scope.ts"
import { ConversationId, type TokenId } from "../../core/units.ts"
import { identityAgeMs, checkIntervalMs } from "../http/allowed-stream.ts"
import { type Edge, openEdge, outcome, type Sent } from "../testing/edge.ts"
import { textStream } from "../testing/fake-objects.ts"

let edge: Edge
let bearer: string
let tokenId: TokenId
let id: ConversationId
beforeEach(async () => {
  edge = await openEdge()
  const ada = await edge.addUser("ada", "admin")
  const made = await edge.addToken(ada.id, [...Scope.options])
  bearer = made.token
  tokenId = made.tokenId
  id = ConversationId.parse(Object(await (await send("/api/v1/loops", { body: {} })).json()).id)
})
afterEach(() => edge.close())

const send = (path: string, sent: Sent = {}) => edge.fetch(path, { bearer, ...sent })
/** As an administrator at another machine does, or another isolate: this process hears nothing of it. */
const revokeElsewhere = () =>
  edge.libsql.write([{ sql: "update tokens set revoked_at = 1 where id = ?", args: [tokenId] }])

/** A stream that says something and then nothing more, as in a long turn. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(started)) })
}
const started = `id: 1.1\nevent: started\ndata: {"turn_id":"turn_loop_${"0".repeat(32)}_1","cold_start":false}\n\n`
const chat = { model: "default", messages: [{ role: "user", content: "Hello" }] }

/** Lets less than ten seconds pass, and what is due in them be done. */
async function pass(): Promise<void> {
  for (const ms of [checkIntervalMs, identityAgeMs]) {
    edge.advance(ms)
    for (const { intervalMs, tick } of edge.timers) if (intervalMs <= checkIntervalMs) tick()
  }
}

describe("a token that was revoked elsewhere ten seconds ago is refused by", () => {
  test.each<[string, string, Sent]>([
    ["a list of the REST API", "/api/conversations", {}],
    ["a change by the REST API", "/api/agent-groups", { body: { name: "late" } }],
    ["the loop API's list", "/api/v1/loops", {}],
    ["a new loop", "/api/v1/loops", { body: {} }],
    ["a message to a loop", "/api/v1/loops/{id}/messages", { body: { content: "late" } }],
    ["a loop's events", "/api/v1/loops/{id}/events", {}],
    ["the live feed", "/api/live", { headers: { upgrade: "websocket", connection: "upgrade" } }],
    ["OpenAI's models", "/v1/models", {}],
    ["OpenAI's chat", "/v1/chat/completions", { body: chat }],
    ["a file of a conversation", "/api/conversations/{id}/export", {}],
    ["the metrics", "/metrics", {}],
  ])("%s", async (_, path, sent) => {
    const ask = () => send(path.replace("{id}", id), sent)
    edge.objects.nextStream = textStream()
    expect(await outcome(send("/api/auth/me"))).toBe("200")
    await revokeElsewhere()
    edge.advance(10_000)
    const { length } = edge.objects.calls
    expect(await outcome(ask())).toBe("401 invalid_token")
    expect(edge.objects.calls).toHaveLength(length)
    expect(edge.objects.upgraded).toEqual([])
  })
})

describe("what was asked for before the token was revoked", () => {
  test("ends within ten seconds: a loop's events, and a message's", async () => {
    for (const sent of [{ path: "events" }, { path: "messages", body: { content: "Hello" } }]) {
      await edge.libsql.write([{ sql: "update tokens set revoked_at = null", args: [] }])
      edge.advance(10_000)
      edge.objects.nextStream = endless()
      const response = await send(`/api/v1/loops/${id}/${sent.path}`, sent.body && { body: sent.body })
      const reader = response.body?.getReader()
      expect((await reader?.read())?.done).toBe(false)
      const next = reader?.read()
      await revokeElsewhere()
      await pass()
      expect((await next)?.done).toBe(true)
    }
    expect(edge.timers.size).toBe(0)
  })

  test("ends within ten seconds: a streamed answer in OpenAI's form", async () => {
    edge.objects.nextStream = endless()
    const response = await send("/v1/chat/completions", { body: { ...chat, stream: true } })
    const text = response.text()
    await revokeElsewhere()
    await pass()
    expect(await text).not.toContain("[DONE]")
    await expect.poll(() => edge.timers.size).toBe(0)
  })

  test("is refused within ten seconds: a whole answer in OpenAI's form, and its turn is followed no longer", async () => {
    let isLeft = false
    edge.objects.nextStream = new ReadableStream({ cancel: () => void (isLeft = true) })
    const answer = send("/v1/chat/completions", { body: chat })
    await expect.poll(() => edge.objects.watches).toHaveLength(1)
    await revokeElsewhere()
    await pass()
    expect(await outcome(answer)).toBe("401 invalid_token")
    await expect.poll(() => isLeft).toBe(true)
    expect(edge.timers.size).toBe(0)
  })

  test("breaks off within ten seconds: a file, so that nobody takes it for the whole", async () => {
    const row = { ...loop(1), id }
    const messages = Array.from({ length: 400 }, (_, n) => ({ ...message(1, 1, n), conversationId: id }))
    await edge.libsql.project(projection({ conversations: [row], messages }))
    const response = await send(`/api/conversations/${id}/export?format=json`)
    const reader = response.body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    await revokeElsewhere()
    await pass()
    const rest = async () => {
      while ((await reader?.read())?.done === false) continue
    }
    await expect(rest()).rejects.toMatchObject({ code: "invalid_token" })
    expect(edge.timers.size).toBe(0)
  })
})
