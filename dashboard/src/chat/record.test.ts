/** How the record becomes turns, and how its pages join. */
import { expect, test } from "vitest"
import { MessageView, TurnOutcome } from "../../../core/api/conversations.ts"
import { toRecordedTurns } from "./history.ts"
import { addEarlier, addNewest, noPages } from "./record.ts"

const turnId = (number: number) => `turn_loop_${"a".repeat(32)}_${number}`
const entry = (id: string, turn: number, fields: object) =>
  MessageView.parse({
    id,
    turnId: turnId(turn),
    text: "",
    truncated: false,
    images: [],
    steps: [],
    sender: null,
    senderName: null,
    tainted: false,
    createdAt: "2026-11-21T12:00:00.000Z",
    ...fields,
  })
const use = (toolUseId: string) => ({ type: "tool_call", toolUseId, tool: "clock", input: { zone: "UTC" } })
const result = (toolUseId: string, ok: boolean) => ({ type: "tool_result", toolUseId, ok, text: "12:00" })

const turn = [
  entry("1", 1, { role: "user", text: "Time?", senderName: "Grace" }),
  entry("2", 1, { role: "assistant", text: "Looking.", steps: [use("a"), use("b")] }),
  entry("3", 1, { role: "user", text: "Quick!", steps: [result("a", true), result("b", false)] }),
  entry("4", 1, { role: "assistant", text: "Noon.", steps: [use("c")] }),
]

test("calls get their results, and what was said meanwhile stands where it was said", () => {
  const [only] = toRecordedTurns({ entries: turn, outcomes: new Map() }, null)
  expect(only?.messages).toMatchObject([{ text: "Time?", sender: "Grace" }])
  expect(only?.parts).toMatchObject([
    { kind: "text", text: "Looking." },
    { kind: "tool", toolUseId: "a", outcome: "ok", result: "12:00", input: { zone: "UTC" } },
    { kind: "tool", toolUseId: "b", outcome: "failed" },
    { kind: "person", message: { text: "Quick!" } },
    { kind: "text", text: "\n\nNoon." },
    { kind: "tool", toolUseId: "c", outcome: "unknown" },
  ])
  expect(only?.status).toEqual({ is: "done" })
})

test("in the turn that runs, a call without result is still running", () => {
  const [only] = toRecordedTurns({ entries: turn, outcomes: new Map() }, turnId(1))
  expect(only?.status).toEqual({ is: "running" })
  expect(only?.parts.at(-1)).toMatchObject({ outcome: "running" })
})

test("a turn that failed or was stopped says so, also where nothing of it but the question is on record", () => {
  const asked = [1, 2, 3, 4, 5].map((n) => entry(String(n), n, { role: "user", text: "Time?" }))
  const error = { code: "model_unavailable", message: "The model does not answer right now." }
  const turns = [
    { id: turnId(1), status: "failed", error },
    { id: turnId(2), status: "failed", error: { code: "internal", message: "" } },
    { id: turnId(3), status: "interrupted", error: null },
    { id: turnId(4), status: "running", error: null },
  ].map((one) => TurnOutcome.parse(one))
  const pages = addNewest(noPages, { data: asked, turns, nextCursor: null })
  expect(toRecordedTurns(pages, null).map(({ status }) => status)).toEqual([
    { is: "failed", ...error },
    { is: "failed", code: "internal", message: "The agent could not finish its answer." },
    { is: "interrupted" },
    { is: "done" },
    { is: "done" },
  ])
})

test("a newer page's word on a turn stands, whichever page was read first", () => {
  const data = [entry("1", 1, { role: "user", text: "x" })]
  const turns = (status: string) => [TurnOutcome.parse({ id: turnId(1), status, error: null })]
  const before = addNewest(noPages, { data, turns: turns("running"), nextCursor: "1" })
  const newer = addNewest(before, { data, turns: turns("interrupted"), nextCursor: "1" })
  const earlier = addEarlier(newer, { data: [], turns: turns("running"), nextCursor: null })
  expect(toRecordedTurns(earlier, null)[0]?.status).toEqual({ is: "interrupted" })
})

test("pages join without gap and repetition; a newest page that touches nothing starts afresh", () => {
  const page = (from: number, to: number, nextCursor: string | null) => ({
    data: Array.from({ length: to - from + 1 }, (_, index) =>
      entry(String(from + index), from + index, { role: "user", text: "x" }),
    ),
    turns: [],
    nextCursor,
  })
  const ids = (pages: typeof noPages) => pages.entries.map((one) => Number(one.id))
  const first = addNewest(noPages, page(11, 20, "11"))
  const earlier = addEarlier(first, page(6, 11, "6"))
  expect(ids(earlier)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  const newer = addNewest(earlier, page(18, 22, "18"))
  expect(ids(newer).at(-1)).toBe(22)
  expect(new Set(ids(newer)).size).toBe(17)
  expect(newer.earlierCursor).toBe("6")
  const far = addNewest(newer, page(100, 101, "100"))
  expect(far).toMatchObject({ earlierCursor: "100" })
  expect(ids(far)).toEqual([100, 101])
})
