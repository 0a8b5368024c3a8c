/** What gives way when a conversation no longer fits, in which order, and that it stays valid. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { AssistantBlock, Message } from "../model/message.ts"
import { EpochMs, UserId } from "../units.ts"
import { contextLimit, contextWithin, estimateTokens, olderPart, type Conversed, type NumberedTurn } from "./context.ts"
import type { TurnEvent } from "./event.ts"

const at = EpochMs.parse(1)
const usage = { inputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 1 }
const said = (text: string, tainted = false): TurnEvent => ({
  type: "turn_started",
  messages: [
    {
      externalId: "x",
      text,
      source: { kind: "api", userId: UserId.parse(`user_${"1".repeat(24)}`) },
      permissionMode: "default",
      whileBusy: "queue",
      tainted,
      receivedAt: at,
    },
  ],
  at,
})
const answered = (...blocks: AssistantBlock[]): TurnEvent => ({
  type: "model_ended",
  call: 1,
  answer: { blocks, stop: "end", usage, model: "m" },
  firstDeltaMs: 1,
  at,
})
const used = (id: string): TurnEvent => answered({ type: "tool_use", id, name: "read", input: {} })
const result = (toolUseId: string, text: string): TurnEvent => ({
  type: "tool_ended",
  toolUseId,
  outcome: "ok",
  text,
  tainted: false,
  at,
})
const turn = (number: number, text: string, ...more: TurnEvent[]): NumberedTurn => ({
  number,
  events: [said(text), ...more, answered({ type: "text", text: `answer ${number}` })],
})
const conversed = (past: NumberedTurn[], present: TurnEvent[], rest: Partial<Conversed> = {}): Conversed => ({
  past,
  present,
  summary: undefined,
  historyMessages: 1_000,
  ...rest,
})
const words = (messages: readonly Message[]) => JSON.stringify(messages)
const long = (letter: string, characters: number) => letter.repeat(characters)

describe("a conversation", () => {
  test("that fits is shown as it is", () => {
    const all = conversed([turn(1, "one", used("a"), result("a", long("r", 5_000)))], [said("two")])
    expect(contextWithin(all, 10_000).isWhole).toBe(true)
    expect(words(contextWithin(all, 10_000).messages)).toContain(long("r", 5_000))
  })

  test("loses the middle of long old outputs first, and never a newest one", () => {
    const outputs = ["a", "b", "c"].flatMap((id) => [used(id), result(id, long(id, 6_000))])
    const { messages, isWhole } = contextWithin(conversed([], [said("go"), ...outputs]), 4_500)
    expect(isWhole).toBe(true)
    expect(words(messages)).not.toContain(long("a", 2_000))
    expect(words(messages)).toMatch(/4480 characters are left out.*offset 1200.*kept under a: read_output/)
    expect(words(messages)).toContain(long("b", 6_000))
    expect(words(messages)).toContain(long("c", 6_000))
  })

  test("loses its oldest turns when that is not enough, unless a summary stands for them", () => {
    const past = [1, 2, 3, 4].map((number) => turn(number, long(String(number), 2_000)))
    const cut = contextWithin(conversed(past, [said("now")]), 1_500)
    expect(cut.isWhole).toBe(false)
    expect(words(cut.messages)).not.toContain("1111")
    expect(words(cut.messages)).toContain("4444")
    const summary = { upToTurn: 3, text: "three things", marks: ["web page example.com"] }
    const summed = contextWithin(conversed(past, [said("now")], { summary }), 1_500)
    expect(summed.isWhole).toBe(true)
    expect(words(summed.messages)).toMatch(/three things.*4444/)
    expect(summed.marks).toEqual(["web page example.com"])
  })

  test("gives its older turns to be summed up, with their marks, and keeps the newest", () => {
    const past = [1, 2, 3, 4].map((number) => turn(number, long(String(number), 2_000)))
    const marked = [{ number: 1, events: [said("from a stranger", true)] }, ...past.slice(1)]
    const older = olderPart(conversed(marked, [said("now")]), 3_000)
    expect(older?.upToTurn).toBe(3)
    expect(older?.text).toContain("answer 3")
    expect(older?.marks).toEqual(["message by the API"])
    expect(olderPart(conversed([], [said("now")]), 3_000)).toBeUndefined()
  })

  test("says whether something of an output is left out that the model could read", () => {
    const present = [said("go"), used("a"), result("a", long("a", 5_000))]
    expect(contextWithin(conversed([], present), 10_000).hasCutOutputs).toBe(false)
    expect(contextWithin(conversed([], present), 1_000).hasCutOutputs).toBe(true)
    const whole = { sha256: "0".repeat(64), sizeBytes: 9, characters: 9 }
    const ended = result("a", "short")
    const stored = ended.type === "tool_ended" ? { ...ended, whole } : ended
    expect(contextWithin(conversed([], [said("go"), used("a"), stored]), 10_000).hasCutOutputs).toBe(true)
  })

  test("keeps the ids of long outputs beside its summary", () => {
    const past = [1, 2, 3].map((number) =>
      turn(number, "?", used(`id${number}`), result(`id${number}`, long("r", 4_000))),
    )
    const older = olderPart(conversed(past, [said("now")]), 3_000)
    expect(older?.outputs).toEqual([
      "id1: read {}, 4000 characters",
      "id2: read {}, 4000 characters",
      "id3: read {}, 4000 characters",
    ])
    const summary = { upToTurn: 3, text: "three readings", marks: [], outputs: older?.outputs ?? [] }
    const shown = contextWithin(conversed(past, [said("now")], { summary }), 3_000)
    expect(words(shown.messages)).toMatch(/three readings.*read_output reads them.*id2: read/)
    expect(shown.hasCutOutputs).toBe(true)
  })

  test("of one turn that is too long by itself is cut further until it fits", () => {
    const outputs = Array.from({ length: 40 }, (_, index) => [
      used(`u${index}`),
      result(`u${index}`, long("x", 20_000)),
    ])
    const { messages } = contextWithin(conversed([], [said("go"), ...outputs.flat()]), 26_000)
    expect(estimateTokens(messages)).toBeLessThan(26_000)
    expect(words(messages)).toContain(long("x", 5_000))
  })

  test("is valid however little room there is", () => {
    const anyTurn = fc.array(
      fc.oneof(
        fc.string({ maxLength: 300 }).map((text) => said(text)),
        fc.constantFrom("a", "b", "c").map(used),
        fc.tuple(fc.constantFrom("a", "b", "c"), fc.string({ maxLength: 3_000 })).map(([id, text]) => result(id, text)),
        fc.string().map((text) => answered({ type: "text", text })),
      ),
      { maxLength: 12 },
    )
    const any = fc.array(anyTurn, { maxLength: 6 })
    fc.assert(
      fc.property(any, anyTurn, fc.integer({ min: 10, max: 3_000 }), (past, present, limit) => {
        const turns = past.map((events, index) => ({ number: index + 1, events: [said("begin"), ...events] }))
        const { messages } = contextWithin(conversed(turns, [said("now"), ...present]), limit)
        for (const [index, { role, blocks }] of messages.entries()) {
          expect(role).toBe(index % 2 === 0 ? "user" : "assistant")
          const uses = blocks.flatMap((block) => (block.type === "tool_use" ? [block.id] : []))
          const next = messages[index + 1]?.blocks ?? []
          expect(next.flatMap((block) => (block.type === "tool_result" ? [block.toolUseId] : []))).toEqual(uses)
        }
      }),
      { numRuns: 200 },
    )
  })
})

test("a small window leaves little room, and an unknown one some", () => {
  expect(contextLimit(1_000_000, "anthropic", 16_000)).toBe(100_000)
  expect(contextLimit(8_000, "openai", 4_000)).toBe(2_800)
  expect(contextLimit(null, "ollama", 4_000)).toBe(19_600)
  expect(contextLimit(undefined, "openai", 28_000)).toBe(70_000)
  expect(contextLimit(1_000, "ollama", 4_000)).toBe(1_000)
})

test("letters of other scripts count as a token each", () => {
  const of = (text: string) => estimateTokens([{ role: "user", blocks: [{ type: "text", text }] }])
  expect(of("日本語".repeat(100)) - of("")).toBe(300)
  expect(of("abcdefg".repeat(100)) - of("")).toBe(200)
})
