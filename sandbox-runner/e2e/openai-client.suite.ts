/** What programs that were written for OpenAI find here: its official client against a real gateway. */
import OpenAI from "openai"
import { beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { adminName, adminPassword, type Client, enter } from "./client.ts"
import type { Stage } from "./stage.ts"

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 7, 7, 7]).toString("base64")
/** All chunks. @throws what the stream throws */
async function readAll<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of stream) all.push(one)
  return all
}
const user = (content: string) => ({ role: "user" as const, content })

export function openAiClientSuite(stage: () => Stage): void {
  let admin: Client
  let token: string
  let otherToken: string
  const clientOf = (apiKey: string, options: { maxRetries?: number; timeout?: number } = {}) =>
    new OpenAI({ baseURL: `${stage().gateway.url}/v1`, apiKey, maxRetries: 0, logLevel: "off", ...options })
  const ask = (
    messages: OpenAI.ChatCompletionMessageParam[],
    headers: Record<string, string> = {},
    more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {},
  ) => clientOf(token).chat.completions.create({ model: "default", messages, ...more }, { headers })
  const textOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).choices[0]?.message.content ?? ""
  /** How often the model was called for these words. */
  const callsFor = (words: string) =>
    stage().model.requests.filter(({ lastUserText }) => lastUserText.includes(words)).length
  const makeToken = async (scopes: string[]) => {
    const made = await admin.sendForSecret("POST", "/api/v1/me/tokens", { json: { scopes } })
    const { token: value } = made.read(z.object({ token: z.string() }))
    stage().transcript.secret(value)
    return value
  }

  beforeAll(async () => {
    const { anyone, transcript, gateway } = stage()
    const json = { username: adminName, password: adminPassword, code: gateway.setupCode }
    await anyone.sendForSecret("POST", "/api/auth/setup", { json })
    admin = await enter(anyone, "login", transcript)
    token = await makeToken(["chat"])
    otherToken = await makeToken(["chat"])
    await admin.send("POST", "/api/agent-groups", { json: { name: "marvin", systemPrompt: "You are Marvin." } })
  })

  describe("models", () => {
    test("are the agent groups, and the default", async () => {
      const models = await clientOf(token).models.list()
      expect(models.data.map(({ id }) => id)).toEqual(["default", "marvin"])
      expect(await clientOf(token).models.retrieve("marvin")).toMatchObject({ object: "model", id: "marvin" })
    })

    test("answer each with their own prompt", async () => {
      expect(await textOf([user("system")], {}, { model: "marvin" })).toBe("You are Marvin.")
      expect(await textOf([user("system")])).not.toContain("Marvin")
    })

    test("that are none are not found", async () => {
      const failure = await ask([user("say: x")], {}, { model: "gpt-5" }).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(OpenAI.NotFoundError)
      expect(failure).toMatchObject({ code: "model_not_found", param: "model" })
      await expect(clientOf(token).models.retrieve("gpt-5")).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    })
  })

  describe("an answer", () => {
    test("comes whole, with its usage", async () => {
      const completion = await ask([user("say: hello there")])
      expect(completion).toMatchObject({
        object: "chat.completion",
        model: "default",
        choices: [{ index: 0, message: { role: "assistant", content: "hello there" }, finish_reason: "stop" }],
      })
      const { prompt_tokens, completion_tokens, total_tokens } = completion.usage ?? {}
      expect(prompt_tokens).toBeGreaterThan(0)
      expect(total_tokens).toBe((prompt_tokens ?? 0) + (completion_tokens ?? 0))
    })

    test("streams as it is written, and ends with its usage where that is asked for", async () => {
      const stream = await clientOf(token).chat.completions.create({
        model: "default",
        messages: [user("slow: one two three")],
        stream: true,
        stream_options: { include_usage: true },
      })
      const chunks = await readAll(stream)
      const texts = chunks.flatMap(({ choices }) => choices[0]?.delta.content ?? [])
      expect(texts.join("")).toBe("one two three")
      expect(texts.filter((text) => text !== "").length).toBeGreaterThan(1)
      expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
      expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop")
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
      expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    })

    test("has no usage chunk where none is asked for, and closes with [DONE]", async () => {
      const response = await fetch(`${stage().gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "default", messages: [user("say: raw")], stream: true }),
      })
      const text = await response.text()
      expect(text.endsWith("data: [DONE]\n\n")).toBe(true)
      expect(text).not.toContain('"usage"')
    })

    test("that was cut by the limit says so", async () => {
      expect((await ask([user("max: half an ans")])).choices[0]?.finish_reason).toBe("length")
    })

    test("that the model refuses to give is said to be filtered", async () => {
      const [choice] = (await ask([user("refuse: no")])).choices
      expect(choice).toMatchObject({ finish_reason: "content_filter" })
      expect(choice?.message.content).toContain("declined")
    })

    test("uses the gateway's own tools on the way", async () => {
      expect(await textOf([user("tool current_time {}\nthen say: it is late")])).toBe("it is late")
    })
  })

  describe("what was said before", () => {
    test("stands in the request, where there is no session", async () => {
      const messages = [user("I am Ada."), { role: "assistant" as const, content: "Hello Ada." }, user("history")]
      expect(JSON.parse(await textOf(messages))).toEqual(["I am Ada.", "Hello Ada.", "history"])
      expect(JSON.parse(await textOf([user("history")]))).toEqual(["history"])
    })

    test("is remembered by a session, by its header or its user, and by no other token", async () => {
      const session = { "x-session-key": "ada" }
      await ask([user("say: noted")], session)
      const messages = [user("nobody reads this"), user("history")]
      expect(JSON.parse(await textOf(messages, session))).toEqual(["say: noted", "noted", "history"])
      await ask([user("say: other")], {}, { user: "grace" })
      expect(JSON.parse(await textOf([user("history")], {}, { user: "grace" }))).toContain("other")
      const stranger = clientOf(otherToken).chat.completions
      const answer = await stranger.create({ model: "default", messages: [user("history")] }, { headers: session })
      expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toEqual(["history"])
    })
  })

  describe("the caller's instructions", () => {
    test("stand below the operator's, and are marked", async () => {
      const instructions = { role: "system" as const, content: "Talk like a pirate." }
      const own = await textOf([user("system")])
      const shown = await textOf([instructions, user("system")])
      expect(shown.startsWith(own)).toBe(true)
      expect(shown).toContain("<caller_instructions>\nTalk like a pirate.\n</caller_instructions>")
      const developer = [{ role: "developer" as const, content: "Rhyme." }, user("system")]
      expect(await textOf(developer, {}, { model: "marvin" })).toMatch(/^You are Marvin\.\n[^]*Rhyme\./)
    })
  })

  describe("what cannot be done here", () => {
    const refusals: [string, Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>][] = [
      ["tools", { tools: [{ type: "function", function: { name: "f", parameters: {} } }] }],
      ["functions", { functions: [{ name: "f" }] }],
      ["n", { n: 2 }],
      ["logprobs", { logprobs: true }],
      ["response_format", { response_format: { type: "json_object" } }],
      ["stop", { stop: ["x"] }],
    ]
    test.each(refusals)("%s is refused by name", async (param, more) => {
      const failure = await ask([user("say: x")], {}, more).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(OpenAI.BadRequestError)
      expect(failure).toMatchObject({ code: "unsupported_parameter", param, type: "invalid_request_error" })
    })

    test("parameters of taste are ignored", async () => {
      const more = { temperature: 0.1, top_p: 0.5, seed: 7, presence_penalty: 1, n: 1, logprobs: false, tools: [] }
      expect(await textOf([user("say: fine")], {}, more)).toBe("fine")
    })

    test("the answer to a client's own tool is refused", async () => {
      const call = { id: "c", type: "function" as const, function: { name: "f", arguments: "{}" } }
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        user("x"),
        { role: "assistant", tool_calls: [call] },
        { role: "tool", tool_call_id: "c", content: "1" },
        user("say: x"),
      ]
      await expect(ask(messages)).rejects.toMatchObject({ status: 400, code: "unsupported_parameter" })
    })
  })

  describe("pictures", () => {
    const look = (url: string, text = "say: seen") => [
      {
        role: "user" as const,
        content: [
          { type: "image_url" as const, image_url: { url } },
          { type: "text" as const, text },
        ],
      },
    ]

    test("reach the model, and stay in the session", async () => {
      const session = { "x-session-key": "pictures" }
      expect(await textOf(look(`data:image/png;base64,${png}`), session)).toBe("seen")
      expect(JSON.stringify(stage().model.requests.at(-1)?.body)).toContain(png)
      await ask([user("say: and again")], session)
      expect(JSON.stringify(stage().model.requests.at(-1)?.body)).toContain(png)
    })

    test.each([
      ["an address of another server", "https://example.com/a.png", "fetches no address"],
      ["another kind", "data:image/svg+xml;base64,PHN2Zz4=", "PNG, JPEG, GIF or WebP"],
      ["bytes that are no picture", "data:image/png;base64,aGVsbG8=", "not image/png"],
      ["more than 5 MB", `data:image/png;base64,${"A".repeat(7_100_000)}`, "larger than 5 MB"],
    ])("%s is refused, and the reason is told", async (_, url, reason) => {
      const failure = await ask(look(url)).catch((error: unknown) => error)
      expect(failure).toMatchObject({ status: 400, code: "image_refused" })
      expect(String(failure)).toContain(reason)
    })
  })

  describe("who may", () => {
    test("a wrong token is refused as OpenAI would, and a session is no token", async () => {
      const wrong = clientOf(`la_${"0".repeat(48)}`).models.list()
      await expect(wrong).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
      const narrow = clientOf(await makeToken(["agents:read"])).models.list()
      await expect(narrow).rejects.toMatchObject({ status: 403, code: "scope_missing" })
      expect((await admin.send("GET", "/v1/models")).status).toBe(403)
    })

    test("an address that is none is told in OpenAI's form", async () => {
      await expect(clientOf(token).embeddings.create({ model: "x", input: "x" })).rejects.toBeInstanceOf(
        OpenAI.NotFoundError,
      )
    })
  })

  describe("a request that is repeated", () => {
    test("joins the turn that runs: the client gives up waiting, asks again, and the model was called once", async () => {
      const words = "slow: this is an answer that takes its time to be written down word by word by word"
      const client = clientOf(token, { maxRetries: 10, timeout: 500 })
      const answer = await client.chat.completions.create({ model: "default", messages: [user(words)] })
      expect(answer.choices[0]?.message.content).toContain("word by word by word")
      expect(callsFor(words)).toBe(1)
    })

    test("joins it in a session too, and after the gateway was killed", async () => {
      const words = "slow: an answer that outlives the gateway which began to write it, and is still said once"
      const headers = { "x-session-key": "killed" }
      const cut = ask([user(words)], headers).catch((error: unknown) => error)
      await expect.poll(() => callsFor(words)).toBe(1)
      await stage().restart()
      expect(await cut).toBeInstanceOf(OpenAI.APIConnectionError)
      const again = await textOf([user(words)], { ...headers, "x-stainless-retry-count": "1" })
      expect(again).toContain("said once")
      const texts: string[] = JSON.parse(await textOf([user("history")], headers))
      expect(texts.filter((text) => text === words)).toHaveLength(1)
    })

    test("is a new one where it does not say that it is repeated", async () => {
      const words = "say: the same words twice"
      const headers = { "x-session-key": "twice" }
      await ask([user(words)], headers)
      await ask([user(words)], headers)
      expect(callsFor(words)).toBe(2)
    })

    test("is answered again from the record by its Idempotency-Key, and refused with another body", async () => {
      const words = "say: once and for all"
      const headers = { "idempotency-key": "order-7" }
      const first = await ask([user(words)], headers)
      const second = await ask([user(words)], headers)
      expect(second.choices).toEqual(first.choices)
      expect(second.usage).toEqual(first.usage)
      expect(callsFor(words)).toBe(1)
      await expect(ask([user("say: else")], headers)).rejects.toMatchObject({
        status: 409,
        code: "idempotency_key_reused",
      })
    })

    test("runs anew when the turn before it failed", async () => {
      const words = "fail 401 1\nthen say: now it works"
      const failure = await ask([user(words)], { "x-session-key": "failed" }).catch((error: unknown) => error)
      expect(failure).toMatchObject({ status: 503, code: "model_key_refused" })
      const headers = { "x-session-key": "failed", "x-stainless-retry-count": "1" }
      expect(await textOf([user(words)], headers)).toContain("now it works")
    })

    test("is not sent at all after a failure that another try would only repeat", async () => {
      const words = "never asked again\nfail 401"
      const client = clientOf(token, { maxRetries: 3 })
      const asked = client.chat.completions.create({ model: "default", messages: [user(words)] })
      await expect(asked).rejects.toMatchObject({ status: 503, code: "model_key_refused" })
      expect(callsFor(words)).toBe(1)
    })

    test("a failure within a stream is an error to its reader", async () => {
      const stream = await clientOf(token).chat.completions.create({
        model: "default",
        messages: [user("fail 401")],
        stream: true,
      })
      await expect(readAll(stream)).rejects.toBeInstanceOf(OpenAI.APIError)
    })
  })

  describe("a turn that waits for a person", () => {
    test("answers that it does and where, and so does what stands behind it", async () => {
      await stage().restart({ APPEND_LINE_ASKS_FIRST: "true" })
      const headers = { "x-session-key": "waits" }
      const [choice] = (await ask([user('tool append_line {"line":"x"}')], headers)).choices
      expect(choice?.finish_reason).toBe("stop")
      const place = /(http\S+\/c\/loop_[0-9a-f]{32})/.exec(choice?.message.content ?? "")?.[1]
      expect(choice?.message.content).toContain("waits for a person")
      expect(place?.startsWith(stage().gateway.url)).toBe(true)
      const behind = await ask([user("say: later")], headers)
      expect(behind.choices[0]).toMatchObject({ finish_reason: "stop" })
      expect(behind.choices[0]?.message.content).toContain("needs a person's decision first")

      const id = place?.split("/").at(-1) ?? ""
      const loop = (await admin.send("GET", `/api/v1/loops/${id}`)).read(
        z.object({ current_turn: z.object({ pending_choice_id: z.string() }) }),
      )
      const choicePath = `/api/v1/loops/${id}/choices/${loop.current_turn.pending_choice_id}`
      expect((await admin.send("POST", choicePath, { json: { allow: true } })).status).toBe(202)
      expect(await textOf([user("history")], headers)).toContain("later")
    })

    test("streams the same", async () => {
      const stream = await clientOf(token).chat.completions.create({
        model: "default",
        messages: [user('tool append_line {"line":"y"}')],
        stream: true,
      })
      const chunks = await readAll(stream)
      expect(chunks.flatMap(({ choices }) => choices[0]?.delta.content ?? []).join("")).toContain("waits for a person")
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop")
    })
  })
}
