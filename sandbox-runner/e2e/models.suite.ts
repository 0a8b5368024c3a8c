/** Models and money over real HTTP, the same on every host: the right model, another when it fails, and no call beyond a budget. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { AgentGroupView } from "../../core/api/agents.ts"
import { getBudgets } from "../../core/api/budgets.ts"
import { getOutput, listMessages } from "../../core/api/conversations.ts"
import { listCalls, type CallView } from "../../core/api/usage.ts"
import { callTool, say, type Reply, type ScriptedRequest } from "../testkit/model-script.ts"
import { startScriptedModel, type ScriptedModel } from "../testkit/scripted-model.ts"
import { enter, type Client } from "./client.ts"
import { outline, shownText } from "./event-reader.ts"
import type { E2eHost } from "./host.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import { openStage, type Stage } from "./stage.ts"

const otherKey = "key-of-the-other-provider"
const cut = (text: string, afterChunks: number): Reply => ({
  kind: "spoiled",
  by: "cut",
  afterChunks,
  answer: { text, chunkSize: 4 },
})
/** The most that a provider can bill: a token for each byte of the request, and all of the answer that it may give. */
const dearest =
  (reply: Reply) =>
  (request: ScriptedRequest): Reply =>
    reply.kind === "answer"
      ? { ...reply, usage: { inputTokens: request.sizeBytes, outputTokens: request.maxOutputTokens } }
      : reply

export function modelSuite(host: E2eHost): void {
  describe(`models and money on ${host.name}`, () => {
    let stage: Stage
    let other: ScriptedModel
    let admin: Client
    let loops: LoopDriver
    beforeAll(async () => {
      other = await startScriptedModel({ keys: [otherKey] })
      stage = await openStage(host, {
        HOT_SWAP_ENABLED: "true",
        FALLBACK_ENABLED: "true",
        FALLBACK_OPENAI_MODEL: "gpt-6-sol",
        OPENAI_API_KEY: otherKey,
        OPENAI_BASE_URL: other.openAiUrl,
      })
      stage.transcript.secret(otherKey)
      admin = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
      loops = await openLoops(stage)
    }, 120_000)
    afterAll(async () => {
      await stage.close()
      await other.close()
    })
    beforeEach(() => {
      stage.model.setScript(() => say("first"))
      other.setScript(() => say("second"))
    })

    const ask = async (id: string, content: string) => (await loops.say(id, content)).rest()
    /** The calls of a conversation as the record has them, the oldest first. */
    const callsOf = async (id: string): Promise<CallView[]> => {
      const { data } = (await admin.send("GET", "/api/usage/calls?limit=100")).read(listCalls.response)
      return data.filter(({ conversationId }) => conversationId === id).toReversed()
    }
    const tokensOf = ({ tokens }: CallView) => tokens.total

    test("one conversation goes up to a strong model and down again, and keeps its context", async () => {
      stage.model.setScript((request) => say(`${request.messages.length} ${request.model}`))
      const id = await loops.create()
      expect(shownText(await ask(id, "Hi"))).toBe("1 claude-haiku-5-5")
      expect(shownText(await ask(id, "Write a REST API with authentication, rate limiting, and tests"))).toBe(
        "3 claude-opus-5-5",
      )
      expect(shownText(await ask(id, "Thanks!"))).toBe("5 claude-haiku-5-5")
      await expect
        .poll(async () => (await callsOf(id)).map(({ tier }) => tier))
        .toEqual(["Haiku (fast)", "Opus (max quality)", "Haiku (fast)"])
      expect((await callsOf(id))[1]?.reason).toMatch(/^complexity \d+: ./)
    })

    test("a person chooses a model for one message, and for all", async () => {
      stage.model.setScript((request) => say(request.model))
      const id = await loops.create()
      expect(shownText(await ask(id, "/model opus"))).toContain("claude-opus-5-5")
      expect(shownText(await ask(id, "Hi"))).toBe("claude-opus-5-5")
      const path = `/api/v1/loops/${id}/messages`
      const sent = { json: { content: "Hi again", model: "sonnet" } }
      expect(shownText(await (await loops.program.open("POST", path, sent)).rest())).toBe("claude-sonnet-5-5")
      const unknown = { json: { content: "Hi again", model: "no-such-model" } }
      expect((await loops.program.send("POST", path, unknown)).outcome).toBe("400 model_unknown")
      expect((await admin.send("PUT", `/api/conversations/${id}/model`, { json: { model: null } })).status).toBe(200)
      expect(shownText(await ask(id, "Hi"))).toBe("claude-haiku-5-5")
    })

    test("a provider that breaks off in the middle is stood in for: one answer, with the tool's result, sent once", async () => {
      stage.model.setScript(({ toolResults }) =>
        toolResults.length === 0 ? callTool("append_line", { line: "kept" }) : cut("The line is there", 3),
      )
      other.setScript(({ toolResults }) => say(`ere: ${toolResults.map(({ text }) => text).join()}`))
      const id = await loops.create()
      const events = await ask(id, "Hi")
      expect(shownText(events)).toBe(`The line is ere: ${other.requests.at(-1)?.toolResults[0]?.text ?? "no result"}`)
      expect(outline(events)).not.toContain("snapshot")
      expect(events.at(-1)?.event).toBe("done")
      expect(stage.lines.lines.filter((line) => line === "kept")).toHaveLength(1)
      expect(other.requests.at(-1)?.toolResults).toHaveLength(1)
      expect([...stage.model.refused, ...other.refused]).toEqual([])
      const answers = async () => {
        const { data } = (await admin.send("GET", `/api/conversations/${id}/messages`)).read(listMessages.response)
        return data.filter(({ role, text }) => role === "assistant" && text !== "").map(({ text }) => text)
      }
      await expect.poll(answers).toEqual([shownText(events)])
      expect((await callsOf(id)).at(-1)?.reason).toMatch(/^stands in for .*network/)
    })

    test("a long output is read on by its id, and the tool does not run again", async () => {
      const line = `${"long ".repeat(30_000)}needle`
      stage.model.setScript((request) => {
        const id = /kept under (\w+): read_output/.exec(JSON.stringify(request.messages))?.[1]
        const [result] = request.toolResults
        if (result === undefined) return callTool("append_line", { line })
        if (/Offset \d+/.test(result.text)) return say(result.text.slice(-20))
        return callTool("read_output", { call: id, search: "NEEDLE" })
      })
      const id = await loops.create()
      expect(shownText(await ask(id, "Go"))).toMatch(/needle…$/)
      expect(stage.lines.lines.filter((appended) => appended === line)).toHaveLength(1)
      const [second, third] = stage.model.requests.slice(-2)
      expect(second?.tools.map(({ name }) => name)).toContain("read_output")
      expect(second?.toolResults[0]?.text.length).toBeLessThan(100_000)
      expect(third?.toolResults[0]?.text).toMatch(/of append_line\.\n.*stands there 1 times/)
      const cutStep = async () => {
        const { data } = (await admin.send("GET", `/api/conversations/${id}/messages`)).read(listMessages.response)
        return data.flatMap(({ id: entry, steps }) =>
          steps.flatMap((step) => (step.type === "tool_result" && step.characters ? [{ entry, ...step }] : [])),
        )[0]
      }
      await expect.poll(cutStep).toMatchObject({ characters: expect.any(Number) })
      const { entry, toolUseId } = (await cutStep()) ?? {}
      const path = `/api/conversations/${id}/messages/${entry}/outputs/${toolUseId}`
      const whole = (await admin.send("GET", path)).read(getOutput.response)
      expect(whole).toMatchObject({ isWhole: true, text: expect.stringContaining(line) })
      expect((await admin.send("GET", `/api/conversations/${id}/export`)).text).toContain(line)
      stage.model.setScript((request) => say(request.tools.map(({ name }) => name).join(" ")))
      expect(shownText(await ask(await loops.create(), "Hi"))).not.toContain("read_output")
    })

    test("a program that speaks OpenAI's API reads what a stand-in finished as one answer", async () => {
      other.setScript(() => say("ere, all of it"))
      const json = { model: "default", messages: [{ role: "user", content: "Hi" }], stream: true }
      stage.model.setScript(() => cut("The line is there", 3))
      const { text } = await loops.program.send("POST", "/v1/chat/completions", { json })
      const pieces = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece)
      expect(pieces.join("")).toBe("The line is ere, all of it")
      expect(text.match(/"finish_reason":"\w+"/g)).toEqual(['"finish_reason":"stop"'])
    })

    test("an answer that fills the model's window is one answer, and what it had begun to call never runs", async () => {
      let calls = 0
      stage.model.setScript(() => {
        calls += 1
        if (calls > 1) return say(" deep.")
        const tools = [{ name: "append_line", input: { line: "half a call" } }]
        return { kind: "answer", text: "The sea is", tools, stop: "context_overflow" }
      })
      const id = await loops.create()
      const events = await ask(id, "Hi")
      expect(shownText(events)).toBe("The sea is deep.")
      expect(outline(events)).not.toContain("snapshot")
      expect(stage.lines.lines).not.toContain("half a call")
      await expect
        .poll(async () => (await callsOf(id)).map(({ outcome }) => outcome))
        .toEqual(["context_overflow", "end"])
    })

    test("what does not fit a model goes to one with a larger window, before anyone is told", async () => {
      stage.model.setScript(() => ({ kind: "error", status: 400, message: "prompt is too long: 9 tokens > 8 maximum" }))
      const id = await loops.create()
      expect(shownText(await ask(id, "Hi"))).toBe("second")
      await expect.poll(async () => (await callsOf(id)).at(-1)?.reason).toMatch(/^stands in for .*context_overflow$/)
    })

    test("a budget that is used up in a tool loop stops it before the next call, and the sums are exact", async () => {
      const json = { name: "frugal", model: "claude-haiku-5-5", budgetMaxTokensDay: 20_000, maxOutputTokens: 1_000 }
      const group = (await admin.send("POST", "/api/agent-groups", { json })).read(AgentGroupView)
      stage.model.setScript(dearest(callTool("append_line", { line: "spent" })))
      const id = await loops.create({ profiles: ["frugal"] })
      const events = await ask(id, "Go on and on")
      expect(events.at(-1)).toMatchObject({
        event: "error",
        data: {
          code: "budget_exceeded",
          message: expect.stringMatching(/daily token budget.*again on \d+ \w+ \d{4} at/),
        },
      })
      const results = outline(events).filter((name) => name === "tool_result")
      await expect.poll(async () => (await callsOf(id)).length).toBe(results.length)
      const calls = await callsOf(id)
      const { data } = (await admin.send("GET", "/api/budgets")).read(getBudgets.response)
      const spent = data.find((budget) => budget.id === group.id)?.day
      expect(spent?.reserved).toEqual({ tokens: 0, microUsd: 0 })
      expect(spent?.spent.tokens).toBe(calls.reduce((sum, call) => sum + tokensOf(call), 0))
      expect(spent?.spent.microUsd).toBe(calls.reduce((sum, call) => sum + (call.costMicroUsd ?? 0), 0))
      expect(spent?.spent.tokens).toBeLessThanOrEqual(20_000)
      const asked = { json: { model: "frugal", messages: [{ role: "user", content: "And by OpenAI's API?" }] } }
      const refused = await loops.program.send("POST", "/v1/chat/completions", asked)
      expect(refused.outcome).toBe("429 budget_exceeded")
      expect(refused.headers.get("x-should-retry")).toBe("false")
      // A raise acts on the next call.
      const path = `/api/agent-groups/${group.id}`
      await admin.send("PUT", path, { json: { budgetMaxTokensDay: 1_000_000 } })
      stage.model.setScript(dearest(say("I can go on")))
      expect(shownText(await ask(id, "And now?"))).toBe("I can go on")
    })

    test("a call that a kill cut off is charged at its worst case, once", async () => {
      stage.model.setScript(() => ({ kind: "hang" }))
      const json = { name: "killed", model: "claude-haiku-5-5", maxOutputTokens: 1_000 }
      const group = (await admin.send("POST", "/api/agent-groups", { json })).read(AgentGroupView)
      const id = await loops.create({ profiles: ["killed"] })
      const before = stage.model.requestCount
      const stream = await loops.say(id, "Hi")
      await stage.model.waitForRequest(before + 1)
      stage.model.setScript(dearest(say("after all")))
      await stage.restart()
      await stream.untilBroken()
      // Who looks wakes the object; where nobody does it wakes a minute later, which the kill tests wait for.
      expect((await loops.program.send("GET", `/api/v1/loops/${id}`)).status).toBe(200)
      await expect.poll(async () => (await callsOf(id)).length).toBe(2)
      const calls = await callsOf(id)
      expect(calls.map(({ outcome }) => outcome)).toEqual(["unknown", "end"])
      expect(tokensOf(calls[0] ?? fail())).toBeGreaterThan(1_000)
      const day = async () => {
        const { data } = (await admin.send("GET", "/api/budgets")).read(getBudgets.response)
        return data.find((budget) => budget.id === group.id)?.day
      }
      await expect.poll(async () => (await day())?.reserved.tokens).toBe(0)
      expect((await day())?.spent).toEqual({
        tokens: calls.reduce((sum, call) => sum + tokensOf(call), 0),
        microUsd: calls.reduce((sum, call) => sum + (call.costMicroUsd ?? 0), 0),
      })
    }, 120_000)

    // Last, since the breakers of both providers are open afterwards.
    test("when nobody answers the person is told, and the message is there when somebody does", async () => {
      stage.model.setScript(() => ({ kind: "error", status: 529 }))
      other.setScript(() => ({ kind: "error", status: 500 }))
      const id = await loops.create()
      const told = await ask(id, "Remember the number 41")
      expect(told.at(-1)).toMatchObject({
        event: "error",
        data: { code: "model_unavailable", message: expect.stringMatching(/overloaded.*message is kept/) },
      })
      stage.model.setScript((request) => say(JSON.stringify(request.messages)))
      other.setScript((request) => say(JSON.stringify(request.messages)))
      await expect
        .poll(async () => shownText(await ask(id, "Hi")), { timeout: 60_000, interval: 2_000 })
        .toContain("41")
    })

    test("no key was said anywhere", () => {
      expect(stage.transcript.leaks(stage.gateway.output())).toEqual([])
    })
  })
}

function fail(): never {
  throw new Error("there is no such call")
}
