/**
 * A model server for tests, demo and benchmark. It speaks the Anthropic Messages API (`POST /v1/messages`) and OpenAI chat
 * completions (`POST /v1/chat/completions`, `GET /v1/models`), answers by script, and refuses what the real ones refuse.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Usage } from "../../core/model/call.ts"
import { anthropicError, anthropicErrorFrame, anthropicFrames, anthropicMessage, requestId } from "./anthropic-reply.ts"
import { parseAnthropic, type RequestView } from "./anthropic-wire.ts"
import { readBody, startLoopback, type LoopbackServer } from "./loopback.ts"
import { textScript, type Answer, type Reply, type Script, type ScriptedRequest } from "./model-script.ts"
import { openAiCompletion, openAiError, openAiErrorFrame, openAiFrames, openAiModels } from "./openai-reply.ts"
import { parseOpenAi } from "./openai-wire.ts"
import { closed, sendFrames } from "./stream-reply.ts"
import { parseStrictJson, type Parsed, type Refusal } from "./wire-problem.ts"
import { createWaiters } from "./waiters.ts"

export interface ScriptedModelOptions {
  /** Default 0: a free one. */
  readonly port?: number
  /** Default: `textScript()`, which understands orders in the text and echoes all else. */
  readonly script?: Script
  /** The keys that are taken; any key that is not empty when absent. */
  readonly keys?: readonly string[]
  /** What `GET /v1/models` lists and requests may name; any name is taken when absent. */
  readonly models?: readonly string[]
  /** Default true: the newest 1,000 requests are kept. */
  readonly recordRequests?: boolean
  /** Awaited before the n-th request is looked at: a kill point before the answer. */
  readonly onRequest?: (n: number) => void | Promise<void>
  /** After the n-th request's response is over: a kill point behind the answer. */
  readonly afterResponse?: (n: number, ended: "finished" | "cut_off") => void
}

/** A request that was refused as the real server would; empty in a healthy test. */
export interface RefusedRequest extends Refusal {
  readonly n: number
}

export interface ScriptedModel extends LoopbackServer {
  /** For `OPENAI_BASE_URL` and `OLLAMA_URL`: ends in `/v1`. `url` is for `ANTHROPIC_BASE_URL`. */
  readonly openAiUrl: string
  readonly requests: readonly ScriptedRequest[]
  readonly refused: readonly RefusedRequest[]
  /** How many requests came, refused ones included. */
  readonly requestCount: number
  /** How many responses are open now. */
  readonly activeCount: number
  /** The n-th request, or the first that fits; also one that came before. Needs recording. */
  waitForRequest(which: number | ((request: ScriptedRequest) => boolean), timeoutMs?: number): Promise<ScriptedRequest>
  setScript(script: Script): void
}

/** Bounds what a long run keeps in memory. */
const maxRecorded = 1_000
/** The real API's limit on a Messages request (platform.claude.com/docs/en/api/overview, "Request size limits"). */
const maxBodyBytes = 32 * 1024 * 1024

/** Starts the server on 127.0.0.1. */
export async function startScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const { keys, models, recordRequests = true } = options
  const requests: ScriptedRequest[] = []
  const refused: RefusedRequest[] = []
  const paused = new Set<string>()
  const waiters = createWaiters()
  let script = options.script ?? textScript()
  let requestCount = 0
  let activeCount = 0

  const server = await startLoopback(async (request, response) => {
    const path = request.url?.split("?")[0]
    if (path === "/v1/models" && request.method === "GET") {
      sendJson(response, 200, openAiModels(models ?? ["scripted"]))
      return
    }
    const n = ++requestCount
    activeCount++
    response.once("close", () => {
      activeCount--
      options.afterResponse?.(n, response.writableFinished ? "finished" : "cut_off")
      waiters.notify()
    })
    await options.onRequest?.(n)
    const wire = path === "/v1/messages" ? anthropicWire(paused) : openAiWire()
    const body = await readBody(request)
    const refuse = (refusal: Refusal) => {
      record(refused, { n, ...refusal })
      sendJson(response, refusal.status, wire.error(n, refusal), { "request-id": requestId(n) })
    }
    if (path !== "/v1/messages" && path !== "/v1/chat/completions") return refuse({ status: 404, message: "Not found" })
    if (request.method !== "POST") return refuse({ status: 405, message: "Method Not Allowed" })
    const unfit = wire.headersProblem(request, keys) ?? sizeProblem(body.length)
    if (unfit !== undefined) return refuse(unfit)
    const json = parseStrictJson(body)
    if (json === undefined) return refuse({ status: 400, message: "The request body is not valid JSON" })
    const parsed = wire.parse(json.value)
    if (parsed.status === "refused") return refuse(parsed.refusal)
    const { view } = parsed.value
    if (models !== undefined && !models.includes(view.model)) {
      return refuse({ status: 404, message: `model: ${view.model}`, code: "model_not_found" })
    }
    const asked: ScriptedRequest = { ...view, n, sizeBytes: body.length }
    if (recordRequests) {
      record(requests, asked)
      waiters.notify()
    }
    await sendReply(response, await script(asked), asked, parsed.value)
  }, options.port)

  return {
    ...server,
    openAiUrl: `${server.url}/v1`,
    requests,
    refused,
    get requestCount() {
      return requestCount
    },
    get activeCount() {
      return activeCount
    },
    waitForRequest(which, timeoutMs) {
      const fits = typeof which === "number" ? (request: ScriptedRequest) => request.n === which : which
      return waiters.until(`model request ${String(which)}`, () => requests.find(fits), timeoutMs)
    },
    setScript(next) {
      script = next
    },
    async close() {
      waiters.close("the scripted model was closed")
      await server.close()
    },
  }
}

/** What differs between the two providers once a request is parsed. */
interface ParsedRequest {
  readonly view: RequestView
  frames(answer: Answer, usage: Usage, n: number): ReturnType<typeof anthropicFrames>
  whole(answer: Answer, usage: Usage, n: number): object
  error(n: number, error: Partial<Refusal> & { status: number }): object
  errorFrame(n: number): ReturnType<typeof anthropicErrorFrame>
}

interface Wire {
  headersProblem(request: IncomingMessage, keys: readonly string[] | undefined): Refusal | undefined
  parse(body: unknown): Parsed<ParsedRequest>
  error: ParsedRequest["error"]
}

function anthropicWire(paused: Set<string>): Wire {
  return {
    error: anthropicError,
    headersProblem(request, keys) {
      const key = keyOf(request)
      if (key === "") return { status: 401, message: "x-api-key header is required" }
      if (keys !== undefined && !keys.includes(key)) return { status: 401, message: "invalid x-api-key" }
      const version = request.headers["anthropic-version"]
      if (version === undefined) return { status: 400, message: "anthropic-version: header is required" }
      if (/^\d{4}-\d{2}-\d{2}$/.test(String(version))) return undefined
      return { status: 400, message: `anthropic-version: "${String(version)}" is not a valid version.` }
    },
    parse(body) {
      const parsed = parseAnthropic(body, paused)
      if (parsed.status === "refused") return parsed
      const { value: view } = parsed
      const context = (usage: Usage, n: number) => ({ n, usage, model: view.model })
      return {
        status: "ok",
        value: {
          view,
          frames(answer, usage, n) {
            if (answer.stop === "pause") paused.add(answer.text ?? "")
            return anthropicFrames(answer, context(usage, n))
          },
          whole: (answer, usage, n) => anthropicMessage(answer, context(usage, n)),
          error: anthropicError,
          errorFrame: anthropicErrorFrame,
        },
      }
    },
  }
}

function openAiWire(): Wire {
  return {
    error: openAiErrorOf,
    headersProblem(request, keys) {
      const key = keyOf(request)
      if (key === "") return { status: 401, message: "You didn't provide an API key." }
      if (keys === undefined || keys.includes(key)) return undefined
      return { status: 401, message: "Incorrect API key provided.", code: "invalid_api_key" }
    },
    parse(body) {
      const parsed = parseOpenAi(body)
      if (parsed.status === "refused") return parsed
      const { view, includeUsage } = parsed.value
      const context = (usage: Usage, n: number) => ({ n, usage, model: view.model })
      return {
        status: "ok",
        value: {
          view,
          frames: (answer, usage, n) => openAiFrames(answer, context(usage, n), includeUsage),
          whole: (answer, usage, n) => openAiCompletion(answer, context(usage, n)),
          error: openAiErrorOf,
          errorFrame: openAiErrorFrame,
        },
      }
    },
  }
}

const openAiErrorOf: Wire["error"] = (_n, problem) => openAiError(problem)

async function sendReply(
  response: ServerResponse,
  reply: Reply,
  asked: ScriptedRequest,
  parsed: ParsedRequest,
): Promise<void> {
  const { n } = asked
  switch (reply.kind) {
    case "hang":
      return closed(response)
    case "drop":
      response.socket?.resetAndDestroy()
      return
    case "garbage":
      response.writeHead(200, { "content-type": reply.contentType }).end(reply.body)
      return
    case "error": {
      if (reply.retryAfter !== undefined) response.setHeader("retry-after", reply.retryAfter)
      sendJson(response, reply.status, parsed.error(n, reply), { "request-id": requestId(n) })
      return
    }
    case "answer":
    case "spoiled": {
      const answer = reply.kind === "answer" ? reply : reply.answer
      const usage = usageOf(answer, asked)
      if (!asked.stream) {
        sendJson(response, 200, parsed.whole(answer, usage, n), { "request-id": requestId(n) })
        return
      }
      const frames = parsed.frames(answer, usage, n)
      response.writeHead(200, { ...streamHeaders, "request-id": requestId(n) })
      const spoiling = reply.kind === "spoiled" ? { ...reply, errorFrame: parsed.errorFrame(n) } : undefined
      await sendFrames(response, frames, answer.delayMs ?? 0, spoiling)
    }
  }
}

const streamHeaders = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" }

/** Four bytes a token, unless the script counts otherwise. */
function usageOf(answer: Answer, asked: ScriptedRequest): Usage {
  const said = (answer.thinking ?? "").length + (answer.text ?? "").length
  const called = answer.tools === undefined ? 0 : JSON.stringify(answer.tools).length
  return {
    inputTokens: Math.ceil(asked.sizeBytes / 4),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: Math.max(1, Math.ceil((said + called) / 4)),
    ...answer.usage,
  }
}

function keyOf(request: IncomingMessage): string {
  const given = request.headers["x-api-key"]
  if (typeof given === "string") return given
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? ""
}

function sizeProblem(sizeBytes: number): Refusal | undefined {
  return sizeBytes > maxBodyBytes ? { status: 413, message: "Request exceeds the maximum size" } : undefined
}

function record<T>(list: T[], item: T): void {
  if (list.length >= maxRecorded) list.shift()
  list.push(item)
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))
}
