/** What a chat shows after any sequence of records, streams, cuts and returns. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { LoopEvent } from "../../../core/loop/event.ts"
import type { ChatAction } from "./reducer.ts"
import { reduceChat } from "./reducer.ts"
import type { ChatState, RecordedTurn } from "./state.ts"
import { emptyChat, textOfParts } from "./state.ts"

const turnId = (number: number) => `turn_loop_${"a".repeat(32)}_${number}`
const run = (actions: readonly ChatAction[], from: ChatState = emptyChat) => actions.reduce(reduceChat, from)
const say = (stream: string, ...events: LoopEvent[]): ChatAction[] =>
  events.map((event) => ({ type: "stream_event", stream, event }))
const open = (stream: string, key: string | null = null): ChatAction => ({ type: "stream_opened", stream, key })
const shut = (stream: string): ChatAction => ({ type: "stream_closed", stream })
const sent = (key: string, text: string, id: string | null = null): ChatAction => ({
  type: "sent",
  message: { key, text, sender: null, at: 1 },
  turnId: id,
})
const started = (number: number): LoopEvent => ({
  event: "started",
  data: { turn_id: turnId(number), cold_start: false },
})
const delta = (text: string): LoopEvent => ({ event: "assistant_delta", data: { text } })
const call = (id: string): LoopEvent => ({ event: "tool_call", data: { tool_use_id: id, tool: "clock" } })
const result = (id: string, ok = true): LoopEvent => ({ event: "tool_result", data: { tool_use_id: id, ok } })
const done = (number: number): LoopEvent => ({ event: "done", data: { turn_id: turnId(number) } })
const snapshot = (number: number, text: string, pending: string | null = null): LoopEvent => ({
  event: "snapshot",
  data: { turn_id: turnId(number), assistant_text_so_far: text, pending_choice_id: pending },
})
const recorded = (number: number, question: string, answer: string): RecordedTurn => ({
  turnId: turnId(number),
  messages: [{ key: `m${number}`, text: question, sender: null, at: 1 }],
  parts: answer === "" ? [] : [{ kind: "text", text: answer }],
  status: { is: "done" },
})
const texts = (state: ChatState) => state.turns.map((turn) => textOfParts(turn.parts))
const both = (event: LoopEvent) => [...say("w", event), ...say("s", event)]
const progress = (state: ChatState) =>
  state.turns.flatMap((turn) => turn.parts).flatMap((part) => (part.kind === "choice" ? [part.progress] : []))
const stepsOf = (chat: ChatState) => chat.turns[0]?.parts.filter((part) => part.kind === "tool")
const kinds = (state: ChatState) => state.turns.map((turn) => turn.parts.map((part) => part.kind))

describe("one stream", () => {
  test("a sent message becomes the turn that answers it", () => {
    const state = run([
      sent("k", "Hi"),
      open("s", "k"),
      ...say("s", started(1), delta("Hel"), delta("lo"), done(1)),
      shut("s"),
    ])
    expect(state.turns).toHaveLength(1)
    expect(state.turns[0]).toMatchObject({ key: "k", turnId: turnId(1), status: { is: "done" } })
    expect(texts(state)).toEqual(["Hello"])
  })

  test("text after a step stands after the step", () => {
    const state = run([open("s"), ...say("s", started(1), delta("a"), call("t"), result("t"), delta("b"), done(1))])
    expect(kinds(state)).toEqual([["text", "tool", "text"]])
  })

  test("a step without a result when the turn ends is shown as unknown, not as running", () => {
    const state = run([
      open("s"),
      ...say("s", started(1), call("t"), { event: "interrupted", data: { turn_id: turnId(1) } }),
    ])
    expect(state.turns[0]?.parts[0]).toMatchObject({ outcome: "unknown" })
  })

  test("an error before the turn began belongs to the sent message", () => {
    const error: LoopEvent = { event: "error", data: { code: "internal", message: "Broke." } }
    const state = run([sent("k", "Hi"), open("s", "k"), ...say("s", error)])
    expect(state.turns[0]?.status).toEqual({ is: "failed", code: "internal", message: "Broke." })
  })

  test("the place in the queue is shown until the turn starts", () => {
    const queued: LoopEvent = { event: "queued", data: { position: 2 } }
    const waiting = run([sent("k", "Hi"), open("s", "k"), ...say("s", queued)])
    expect(waiting.turns[0]?.status).toEqual({ is: "queued", position: 2 })
    expect(run(say("s", started(1)), waiting).turns[0]?.status).toEqual({ is: "running" })
  })

  test("events of a stream that was closed change nothing", () => {
    const state = run([open("s"), ...say("s", started(1)), shut("s")])
    expect(run(say("s", delta("ghost"), done(1)), state).turns[0]?.parts).toEqual([])
  })
})

describe("two streams", () => {
  test("a turn told by two streams shows its text once", () => {
    const actions = [started(1), delta("a"), call("t"), result("t"), delta("b"), done(1)].flatMap(both)
    const state = run([sent("k", "Hi"), open("w"), open("s", "k"), ...actions, shut("w"), shut("s")])
    expect(texts(state)).toEqual(["ab"])
    expect(state.turns).toHaveLength(1)
    expect(state.turns[0]?.messages.map((message) => message.text)).toEqual(["Hi"])
  })

  test("a queued message waits beneath the running turn and gets its own", () => {
    const state = run([
      open("w"),
      ...say("w", snapshot(1, "one ")),
      sent("k", "next"),
      open("s", "k"),
      ...say("s", { event: "queued", data: { position: 1 } }),
      ...say("w", delta("more"), done(1)),
      shut("w"),
      ...say("s", started(2), delta("two"), done(2)),
    ])
    expect(texts(state)).toEqual(["one more", "two"])
    expect(state.turns[1]?.messages[0]?.text).toBe("next")
  })

  test("the slower stream's end does not cut off the text of the one that tells the turn", () => {
    const state = run([
      open("a"),
      ...say("a", started(1), delta("x")),
      open("b"),
      ...say("b", done(1)),
      ...say("a", delta("y")),
    ])
    expect(texts(state)).toEqual(["xy"])
  })
})

describe("the record", () => {
  test("arriving late, it does not touch the text of a running turn", () => {
    const state = run([
      open("w"),
      ...say("w", snapshot(2, "half")),
      { type: "recorded", turns: [recorded(1, "a", "A"), recorded(2, "b", "")] },
    ])
    expect(texts(state)).toEqual(["A", "half"])
    expect(state.turns[1]).toMatchObject({ status: { is: "running" }, messages: [{ text: "b" }] })
  })

  test("it tidies an ended turn whose stream was cut, unless it knows less", () => {
    const cut = run([open("w"), ...say("w", snapshot(1, "abc"), done(1))])
    expect(texts(run([{ type: "recorded", turns: [recorded(1, "q", "ab")] }], cut))).toEqual(["abc"])
    const tidy = run([{ type: "recorded", turns: [recorded(1, "q", "abcd")] }], cut)
    expect(texts(tidy)).toEqual(["abcd"])
    expect(tidy.turns[0]?.untidy).toBe(false)
  })

  test("a message sent before a reload is not shown beside its recorded turn", () => {
    const history: ChatAction = { type: "recorded", turns: [recorded(1, "Hi", "")] }
    expect(run([history, sent("k", "Hi", turnId(1))]).turns).toHaveLength(1)
    const replayed = run([history, sent("k", "Hi"), open("s", "k"), ...say("s", started(1), delta("Hello"), done(1))])
    expect(replayed.turns).toHaveLength(1)
    expect(texts(replayed)).toEqual(["Hello"])
  })

  test("a replay tells a known turn from its start", () => {
    const state = run([
      { type: "recorded", turns: [recorded(1, "Hi", "Hello")] },
      open("s", "k"),
      ...say("s", started(1), delta("Hello"), done(1)),
    ])
    expect(texts(state)).toEqual(["Hello"])
  })

  test("pages read in any order stand in the order of the turns", () => {
    const state = run([
      { type: "recorded", turns: [recorded(10, "j", "J")] },
      sent("k", "new"),
      { type: "recorded", turns: [recorded(2, "b", "B"), recorded(9, "i", "I")] },
    ])
    expect(state.turns.map((turn) => turn.turnId)).toEqual([turnId(2), turnId(9), turnId(10), null])
  })
})

describe("questions", () => {
  const asked: LoopEvent = {
    event: "requires_choice",
    data: { choice_id: "c", kind: "permission", payload: { tool: "x" } },
  }

  test("a question known by id only is filled in, and shown once", () => {
    const state = run([open("w"), ...say("w", snapshot(1, "", "c"), asked)])
    expect(state.turns[0]?.parts).toMatchObject([{ kind: "choice", request: { kind: "permission" } }])
    expect(progress(state)).toEqual([{ is: "open" }])
  })

  test("a snapshot that names no question closes those that were answered meanwhile", () => {
    const state = run([open("w"), ...say("w", started(1), asked), shut("w"), open("x"), ...say("x", snapshot(1, ""))])
    expect(progress(state)).toEqual([{ is: "resolved", source: null }])
  })

  test("what was answered here is kept when the stream reports it", () => {
    const state = run([
      open("w"),
      ...say("w", started(1), asked),
      { type: "choice_changed", choiceId: "c", progress: { is: "resolved", source: null, answer: "allowed" } },
      ...say("w", { event: "choice_resolved", data: { choice_id: "c", source: "api" } }),
    ])
    expect(progress(state)).toEqual([{ is: "resolved", source: "api", answer: "allowed" }])
  })
})

test("a turn that the gateway says is over stops running, and a late end still counts", () => {
  const lost = run([open("w"), ...say("w", started(1), delta("a")), shut("w")])
  const settled = run([{ type: "settled", turnId: turnId(1) }], lost)
  expect(settled.turns[0]).toMatchObject({ status: { is: "done" }, untidy: true })
  const error: LoopEvent = { event: "error", data: { code: "internal", message: "Broke.", turn_id: turnId(1) } }
  expect(run([open("x"), ...say("x", error)], settled).turns[0]?.status.is).toBe("failed")
})

/** A gateway that told `events`; a reader that saw the first `seen` and returns when `now` have happened. */
function resume(events: readonly LoopEvent[], seen: number, now: number): LoopEvent[] {
  const missed = events.slice(seen, now).filter((event) => event.event !== "assistant_delta")
  const text = events.slice(0, now).map((event) => (event.event === "assistant_delta" ? event.data.text : ""))
  return [...missed, snapshot(1, text.join("")), ...events.slice(now)]
}

test("any cuts and returns of the stream give the text and steps of the whole one", () => {
  const step = fc.oneof(
    fc.string({ minLength: 1, maxLength: 5 }).map((text) => [delta(text)]),
    fc.uuid().map((id) => [call(id), result(id)]),
  )
  const cut = fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 10 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.array(cut, { maxLength: 4 }), (steps, cuts) => {
      const events = [started(1), ...steps.flat()]
      let state = run([sent("k", "Hi"), open("s0", "k")])
      let told: LoopEvent[] = events
      let position = 0
      cuts.forEach(([after, away], index) => {
        const seen = Math.max(1, Math.min(events.length, position + after))
        const now = Math.min(events.length, seen + away)
        const kept = told.length - (events.length - seen)
        state = run(
          [...say(`s${index}`, ...told.slice(0, Math.max(kept, 0))), shut(`s${index}`), open(`s${index + 1}`)],
          state,
        )
        told = resume(events, seen, now)
        position = now
      })
      state = run([...say(`s${cuts.length}`, ...told, done(1))], state)
      const whole = run([open("w"), ...say("w", ...events, done(1))])
      expect(texts(state)).toEqual(texts(whole))
      expect(stepsOf(state)).toEqual(stepsOf(whole))
      expect(state.turns[0]?.status).toEqual({ is: "done" })
      expect(state.turns[0]?.messages.map((message) => message.text)).toEqual(["Hi"])
    }),
    { numRuns: 500 },
  )
})
