/** Answers that fill the model's window: gone on with behind less, told once, charged, never repeated, and nothing half written is run. */
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { listMessages } from "../../adapters/store/conversations.ts"
import type { Catalogue } from "../../core/catalogue/catalogue.ts"
import {
  callTool,
  say,
  type Answer,
  type Reply,
  type ScriptedRequest,
} from "../../sandbox-runner/testkit/model-script.ts"
import { loopId, openHarness, shownText, type Harness } from "../testing/harness.ts"
import { openLoopDesk } from "../testing/loop-desk.ts"
import { defineTool } from "../tools/tool.ts"

const entry = { contextWindow: 6_000, maxOutputTokens: 1_000, retiresAt: null } as const
const abilities = { tools: true, images: true, thinking: true, caching: true }
const prices = { input: 1_000_000, output: 1_000_000, cacheRead: 1_000_000, cacheWrite: 1_000_000 }
const catalogue: Catalogue = [
  { ...entry, name: "claude-*", provider: "anthropic", abilities, prices },
  { ...entry, name: "gpt-*", provider: "openai", abilities, prices },
]

const lines: string[] = []
const appendLine = defineTool({
  name: "append_line",
  description: "Appends a line.",
  input: z.object({ line: z.string().optional() }),
  risk: "low",
  repeatable: false,
  outward: "acts",
  async run({ line }) {
    lines.push(line ?? "(nothing)")
    return { text: `appended ${line}`, tainted: false }
  },
})

let harness: Harness
afterEach(async () => harness.close())

/** `length` of chat completions is told apart by its counts alone. */
const providers = [
  ["Anthropic", {}],
  ["OpenAI", { DEFAULT_MODEL: "gpt-6-luna", OPENAI_API_KEY: "sk-other" }],
] as const
const full = (answer: Answer): Reply => ({
  kind: "answer",
  ...answer,
  stop: "context_overflow",
  usage: { inputTokens: 5_700, outputTokens: 250 },
})
const isSummary = (request: ScriptedRequest) => request.system.startsWith("You sum up")

async function open(environment: Readonly<Record<string, string>>, script: (request: ScriptedRequest) => Reply) {
  lines.length = 0
  harness = await openHarness({
    tools: [appendLine],
    catalogue,
    environment: (model) => ({ OPENAI_BASE_URL: model.openAiUrl, ...environment }),
  })
  harness.model.setScript(script)
  await createLoop()
}
const { conversation: peer, createLoop, send, ask } = openLoopDesk(() => harness)
async function record() {
  await peer().call("flush", {})
  const { rows } = await listMessages(harness.libsql, loopId, { limit: 100 })
  return rows.filter(({ text }) => text !== "").map(({ role, text }) => [role, text])
}
async function calls() {
  const sql = "select outcome, input_tokens as input, cost_micro_usd as cost from model_calls order by started_at, id"
  const [answer] = await harness.libsql.read([{ sql, args: [] }])
  return answer?.rows.map((row) => ({ ...row })) ?? []
}
/** Plays one reply after the other; summaries are answered beside them. */
const replies = (...all: (Reply | ((request: ScriptedRequest) => Reply))[]) => {
  let played = 0
  return (request: ScriptedRequest): Reply => {
    if (isSummary(request)) return say("they spoke of letters")
    const reply = all[played++] ?? say("fine")
    return typeof reply === "function" ? reply(request) : reply
  }
}

describe.each(providers)("an answer of %s that fills the window", (_, environment) => {
  test("goes on behind less, as one answer, and each call is charged as it was", async () => {
    await open(environment, replies(full({ text: "The sea is" }), say(" deep.")))
    const events = await ask("Tell me of the sea")
    expect(shownText(events)).toBe("The sea is deep.")
    expect(events.map(({ event }) => event)).not.toContain("snapshot")
    expect(events.at(-1)?.event).toBe("done")
    const [, second] = harness.model.requests
    expect(second?.system).toContain("<said_so_far>\nThe sea is\n</said_so_far>")
    expect(second?.messages.map(({ role }) => role)).toEqual(["user"])
    expect(await record()).toEqual([
      ["user", "Tell me of the sea"],
      ["assistant", "The sea is deep."],
    ])
    expect((await calls()).map(({ outcome }) => outcome)).toEqual(["context_overflow", "end"])
    expect((await calls())[0]).toMatchObject({ input: 5_700, cost: 5_950 })
    expect(harness.model.refused).toEqual([])
  })

  test("never runs a call that it had begun, nor one before it, and runs what comes instead once", async () => {
    await open(
      environment,
      replies(
        full({ text: "I write.", tools: [{ name: "append_line", input: {} }] }),
        callTool("append_line", { line: "whole" }),
        ({ toolResults }) => say(toolResults[0]?.text ?? "no result"),
      ),
    )
    const events = await ask("Write a line")
    expect(lines).toEqual(["whole"])
    expect(events.filter(({ event }) => event === "tool_call")).toHaveLength(1)
    expect(shownText(events)).toBe("I write.\n\nappended whole")
    expect(harness.model.refused).toEqual([])
  })

  test("is gone on with after a kill between the two", async () => {
    await open(environment, replies(full({ text: "The sea is" }), { kind: "hang" }, say(" deep.")))
    await send("Tell me of the sea")
    await harness.model.waitForRequest(2)
    await harness.restart()
    harness.time.advance(60_000)
    await harness.model.waitForRequest(3)
    await expect.poll(record).toContainEqual(["assistant", "The sea is deep."])
  })

  test("again and again ends with what was said, and the next message is answered", async () => {
    const more = (text: string) => full({ text })
    await open(environment, replies(more("The"), more(" sea"), more(" is"), say("fine")))
    const events = await ask("Tell me of the sea")
    expect(shownText(events)).toBe("The sea is")
    expect(events.at(-1)).toMatchObject({ event: "error", data: { code: "context_overflow" } })
    expect(harness.model.requests).toHaveLength(3)
    expect(shownText(await ask("and?"))).toBe("fine")
    expect(harness.model.requests.at(-1)?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"])
  })

  test("has the older part summed up, and people told once, behind the answer", async () => {
    await open(environment, replies(say("fine"), say("fine"), full({ text: "The sea is" }), say(" deep."), say("bye")))
    for (const letter of ["a", "b"]) await ask(letter.repeat(4_500))
    const events = await ask("Tell me of the sea")
    expect(shownText(events)).toMatch(/^The sea is deep\.\n\n\(This conversation has grown long[^()]*\)$/)
    expect(events.map(({ event }) => event)).not.toContain("snapshot")
    expect(harness.model.requests.filter(isSummary)).toHaveLength(1)
    expect(JSON.stringify(harness.model.requests.at(-1)?.messages)).toContain("they spoke of letters")
    expect((await record()).at(-1)?.[1]).toMatch(/^\(This conversation/)
    expect(shownText(await ask("bye"))).toBe("bye")
  })
})

test("`length` at the limit of output is no full window: the answer says that it was cut", async () => {
  const cut: Reply = {
    kind: "answer",
    text: "Half a",
    stop: "max_tokens",
    usage: { inputTokens: 100, outputTokens: 1_000 },
  }
  await open(providers[1][1], replies(cut))
  expect((await ask("Tell me")).at(-1)?.event).toBe("done")
  expect((await calls()).map(({ outcome }) => outcome)).toEqual(["max_tokens"])
  expect(harness.model.requests).toHaveLength(1)
})

test.each(["max_tokens", "refusal"] as const)("a call in an answer that ended by %s is never run", async (stop) => {
  const reply: Reply = { kind: "answer", tools: [{ name: "append_line", input: { line: "half" } }], stop }
  await open({}, replies(reply, say("fine")))
  await ask("Write a line")
  expect(lines).toEqual([])
})
