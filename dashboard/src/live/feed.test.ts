/** What the page's feed promises, whatever the connection does. */
import { beforeEach, describe, expect, test } from "vitest"
import { createLiveFeed, type FeedEvents, type FeedSocket, type LiveFeed } from "./feed.ts"

class FakeSocket implements FeedSocket {
  readonly sent: string[] = []
  isLeft = false
  readonly #events: FeedEvents
  constructor(events: FeedEvents) {
    this.#events = events
  }
  send(text: string) {
    this.sent.push(text)
  }
  close() {
    this.isLeft = true
  }
  say(frame: unknown) {
    this.#events.onFrame(typeof frame === "string" ? frame : JSON.stringify(frame))
  }
  drop(code = 1006) {
    this.#events.onClose(code)
  }
}

let connections: { after: number | undefined; socket: FakeSocket }[]
let timers: { at: number; work: () => void }[]
let now: number
let signedOut: number
let heard: string[]
let feed: LiveFeed

const pass = (ms: number) => {
  now += ms
  for (const timer of timers.filter(({ at }) => at <= now)) {
    timers.splice(timers.indexOf(timer), 1)
    timer.work()
  }
}
const newest = () => {
  const found = connections.at(-1)
  if (found === undefined) throw new Error("never connected")
  return found
}
const hello = (seq: number, gap = false) => ({ event: "hello", data: { seq, gap } })
const changed = (seq: number) => ({
  seq,
  at: "2026-11-21T12:00:00.000Z",
  event: "settings:changed",
  data: { what: "channel", id: null },
})

beforeEach(() => {
  connections = []
  timers = []
  now = 0
  signedOut = 0
  heard = []
  feed = createLiveFeed({
    connect(after, events) {
      const socket = new FakeSocket(events)
      connections.push({ after, socket })
      return socket
    },
    later(delayMs, work) {
      const timer = { at: now + delayMs, work }
      timers.push(timer)
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1))
    },
    random: () => 0.999,
    onSignedOut: () => (signedOut += 1),
  })
  feed.listen((news) => heard.push("seq" in news ? `${String(news.seq)} ${news.event}` : news.event))
})

describe("the live feed of the page", () => {
  test("tells to read everything at first, then what happens", () => {
    feed.start()
    expect(newest().after).toBeUndefined()
    newest().socket.say(hello(7))
    newest().socket.say(changed(8))
    expect(heard).toEqual(["gap", "8 settings:changed"])
    expect(feed.isConnected).toBe(true)
  })

  test("resumes behind the last frame, and tells to read again only where there is a gap", () => {
    feed.start()
    newest().socket.say(hello(7))
    newest().socket.say(changed(8))
    newest().socket.drop()
    expect(feed.isConnected).toBe(false)
    pass(1_000)
    expect(newest().after).toBe(8)
    newest().socket.say(hello(9))
    newest().socket.say(changed(9))
    newest().socket.drop(1012)
    pass(1_000)
    expect(newest().after).toBe(9)
    newest().socket.say(hello(2_000, true))
    expect(heard).toEqual(["gap", "8 settings:changed", "9 settings:changed", "gap"])
    newest().socket.drop(1013)
    pass(1_000)
    expect(newest().after).toBe(2_000)
  })

  test("tries again later each time, half a minute apart at most, and at once again after it got through", () => {
    feed.start()
    const rests: number[] = []
    for (let n = 0; n < 8; n += 1) {
      newest().socket.drop()
      const due = timers.at(-1)?.at ?? 0
      rests.push(Math.round((due - now) / 1_000))
      pass(due - now)
    }
    expect(rests).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
    newest().socket.say(hello(1))
    newest().socket.drop()
    pass(1_000)
    expect(connections).toHaveLength(10)
  })

  test("notices a connection that died without a word", () => {
    feed.start()
    const { socket } = newest()
    socket.say(hello(1))
    pass(25_000)
    expect(socket.sent).toEqual(["ping"])
    socket.say("pong")
    pass(25_000)
    expect(socket.sent).toEqual(["ping", "ping"])
    pass(10_000)
    expect(socket.isLeft).toBe(true)
    pass(1_000)
    expect(newest().after).toBe(1)
    expect(connections).toHaveLength(2)
  })

  test("gives up one that never says hello", () => {
    feed.start()
    pass(10_000)
    pass(1_000)
    expect(connections).toHaveLength(2)
  })

  test("ends with the session, and with the right to read", () => {
    feed.start()
    newest().socket.drop(4401)
    pass(60_000)
    expect([signedOut, connections.length]).toEqual([1, 1])
    feed.stop()
    feed.start()
    newest().socket.drop(4403)
    pass(60_000)
    expect([signedOut, connections.length]).toEqual([1, 2])
  })

  test("passes over what it does not know", () => {
    feed.start()
    for (const frame of ["nonsense", "", { event: "confetti", seq: 1 }, "[]"]) newest().socket.say(frame)
    newest().socket.say(hello(3))
    newest().socket.say({ ...changed(4), event: "confetti" })
    expect(heard).toEqual(["gap"])
  })

  test("rests while it is stopped, and goes on where it was", () => {
    feed.start()
    newest().socket.say(hello(5))
    feed.stop()
    expect(newest().socket.isLeft).toBe(true)
    newest().socket.drop()
    pass(120_000)
    expect(connections).toHaveLength(1)
    feed.start()
    expect(newest().after).toBe(5)
  })
})
