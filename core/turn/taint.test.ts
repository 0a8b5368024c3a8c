import { describe, expect, test } from "vitest"
import { TurnEvent } from "./event.ts"
import { marksOf } from "./taint.ts"

const at = 1_000
const message = (fields: object) => ({
  externalId: "a",
  text: "x",
  source: {
    kind: "telegram",
    channelId: `chan_${"0".repeat(24)}`,
    chatId: 1,
    messageId: 1,
    senderId: 7,
    senderName: "Eve\nX",
  },
  permissionMode: "default",
  whileBusy: "join",
  tainted: false,
  receivedAt: at,
  ...fields,
})
const events = (...all: object[]) => all.map((event) => TurnEvent.parse({ at, ...event }))
const call = (name: string, input: object) => ({
  type: "model_ended",
  call: 1,
  answer: {
    blocks: [{ type: "tool_use", id: "u", name, input }],
    stop: "tool_use",
    usage: { inputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 1 },
    model: "m",
  },
  firstDeltaMs: null,
})
const result = (tainted: boolean) => ({ type: "tool_ended", toolUseId: "u", outcome: "ok", text: "r", tainted })

describe("what marks a context", () => {
  test.each<[string, object[], string[]]>([
    ["a message of the person", [{ type: "turn_started", messages: [message({})] }], []],
    ["words of others", [{ type: "turn_started", messages: [message({ tainted: true })] }], ["message from Eve X"]],
    [
      "a program's word that it vouches for nothing",
      [
        {
          type: "message_joined",
          message: message({ tainted: true, source: { kind: "api", userId: `user_${"1".repeat(24)}` } }),
        },
      ],
      ["message by the API"],
    ],
    ["a result from inside", [call("time", {}), result(false)], []],
    ["a page", [call("open", { url: "https://Shop.example:8080/a" }), result(true)], ["web page shop.example"]],
    ["output of a program", [call("run_script", { form: "argv" }), result(true)], ["answer of run_script"]],
    [
      "a page read on",
      [call("read_output", { call: "u" }), { ...result(true), marks: ["web page a.b"] }],
      ["web page a.b"],
    ],
    ["a result whose call is not known", [result(true)], ["answer of a tool"]],
    ["a marked memory", [{ type: "history_recalled", messages: [], marks: ["web page a.b"] }], ["web page a.b"]],
  ])("%s: %#", (_, all, marks) => {
    expect(marksOf([events(...all)])).toEqual(marks)
  })

  test("each place is named once, in all turns that are shown", () => {
    const turn = events(call("open", { url: "https://a.b/" }), result(true))
    expect(marksOf([turn, turn, []])).toEqual(["web page a.b"])
  })
})
