import { afterEach, beforeEach, expect, test } from "vitest"
import { type Edge, openEdge, outcome, type Sent } from "../testing/edge.ts"

let edge: Edge
beforeEach(async () => {
  edge = await openEdge({ RATE_LIMIT_PER_MINUTE: "5" })
})
afterEach(() => edge.close())

const id = `chan_${"a".repeat(24)}`
const right = { "x-telegram-bot-api-secret-token": "right-secret" }
const update = '{"update_id":1,"message":{}}'
const post = (sent: Sent = {}, channel = id) =>
  edge.fetch(`/webhooks/telegram/${channel}`, { method: "POST", body: update, headers: right, ...sent })
const stored = () => edge.objects.calls.filter(({ name }) => name === "channel.webhook")

test("an update goes to its channel to the letter, and is answered when it is stored", async () => {
  const body = '{"update_id":1, "message":{"text":"grüß dich 😀"}}'
  expect((await post({ body })).status).toBe(200)
  expect(stored()).toEqual([{ name: "channel.webhook", id, input: { secret: "right-secret", body } }])
})

test.each([
  ["a wrong secret", { "x-telegram-bot-api-secret-token": "wrong" }],
  ["no secret", {}],
])("%s is refused", async (_, headers) => {
  expect(await outcome(post({ headers }))).toBe("401 invalid_webhook_secret")
})

test("a channel that is none is unknown", async () => {
  expect(await outcome(post({}, "nonsense"))).toBe("404 channel_not_found")
  expect(stored()).toEqual([])
  edge.objects.failNext("channel.webhook", "channel_not_found")
  expect(await outcome(post())).toBe("404 channel_not_found")
})

test("an update over 1 MB or in no UTF-8 is refused before anything is stored", async () => {
  expect(await outcome(post({ body: "x".repeat(1_048_577) }))).toBe("413 body_too_large")
  const headers = { ...right, host: "localhost:3000" }
  const invalid = new Request(`http://localhost:3000/webhooks/telegram/${id}`, {
    method: "POST",
    headers,
    body: new Uint8Array([0x7b, 0xff, 0x7d]),
  })
  expect(await outcome(edge.raw(invalid))).toBe("400 invalid_json")
  expect(stored()).toEqual([])
})

test("an update that could not be stored is not answered with 200, so that the platform sends it again", async () => {
  edge.objects.failNext("channel.webhook", "storage_failed")
  expect(await outcome(post())).toBe("503 storage_failed")
})

test("another method is told which one to use", async () => {
  const response = await edge.fetch(`/webhooks/telegram/${id}`)
  expect(response.headers.get("allow")).toBe("POST")
  expect(await outcome(response)).toBe("405 method_not_allowed")
})

test("a host name that is not ours gets nothing through", async () => {
  expect(await outcome(post({ host: "evil.example" }))).toBe("421 host_forbidden")
})

test("who guesses at the secret is stopped, and the channel goes on for others", async () => {
  const wrong = { "x-telegram-bot-api-secret-token": "wrong" }
  for (let guess = 0; guess < 5; guess += 1) await post({ headers: wrong, from: "198.51.100.1" })
  const limited = await post({ headers: wrong, from: "198.51.100.1" })
  expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0)
  expect(await outcome(limited)).toBe("429 too_many_requests")
  expect(await outcome(post({ from: "198.51.100.1" }))).toBe("429 too_many_requests")
  for (let sent = 0; sent < 20; sent += 1) expect((await post()).status).toBe(200)
})

test("failures on our side do not count against the sender", async () => {
  for (let failure = 0; failure < 10; failure += 1) {
    edge.objects.failNext("channel.webhook", "storage_failed")
    await post()
  }
  expect((await post()).status).toBe(200)
})

test("a channel's own updates have a limit, which another channel does not feel", async () => {
  const outcomes = new Set<string>()
  for (let sent = 0; sent < 1_201; sent += 1) outcomes.add(await outcome(post()))
  expect([...outcomes]).toEqual(["200", "429 too_many_requests"])
  expect((await post({}, `chan_${"b".repeat(24)}`)).status).toBe(200)
})
