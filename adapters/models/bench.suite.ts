/** Servers and shorthands for the contract of model clients: strict ones, broken ones, and the way to ask them. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { afterEach, expect, vi } from "vitest"
import { admitModelCall } from "../../core/admission.ts"
import { CallId } from "../../core/budget/reserve.ts"
import type { ModelAnswer, ModelFailure, ModelRequest } from "../../core/model/call.ts"
import type { ChainLink } from "../../core/model/chain.ts"
import type { Message } from "../../core/model/message.ts"
import { EpochMs } from "../../core/units.ts"
import { readBody, startLoopback, type LoopbackServer } from "../../sandbox-runner/testkit/loopback.ts"
import type { Reply, Script } from "../../sandbox-runner/testkit/model-script.ts"
import {
  startScriptedModel,
  type ScriptedModel,
  type ScriptedModelOptions,
} from "../../sandbox-runner/testkit/scripted-model.ts"
import type { CallLimits, Fetch, ModelClient, ModelOutcome, RunOptions } from "./client.ts"
import type { ModelCall } from "./models.ts"

export interface Subject {
  readonly name: string
  readonly model: string
  /** The path that a call goes to, behind the base URL. */
  readonly path: string
  /** What stands between a server's root and the base URL. */
  readonly rootPath: string
  /** Where the key of a request is. */
  keyOf(headers: IncomingMessage["headers"]): string | undefined
  /** Names of all headers that a call sends of its own will. */
  readonly headers: readonly string[]
  create(endpoint: { baseUrl: string; apiKey: string }, fetch: Fetch, limits?: Partial<CallLimits>): ModelClient
  /** The server-sent events of an answer that says `text`. */
  events(text: string): string[]
  /** What keeps an idle stream open, as the provider sends it. */
  readonly ping: string
}

export const key = "sk-test-0123456789abcdef"
export const straight: Fetch = (request) => fetch(request)
export const clock = {
  name: "clock",
  description: "Tells the time.",
  inputSchema: { type: "object", properties: {} },
}
export const ask = (text: string): Message[] => [{ role: "user", blocks: [{ type: "text", text }] }]
export const stream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" })

/** A call of the door that the Ledger let pass. */
export function admitted(link: ChainLink, apiKey?: string): ModelCall {
  const callId = CallId.parse(`turn_loop_${"0".repeat(32)}_1.m1`)
  return {
    link,
    callId,
    admission: admitModelCall(
      { status: "allowed", candidate: 0, maxOutputTokens: 10, countedAt: EpochMs.parse(1) },
      callId,
    ),
    signal: new AbortController().signal,
    onDelta: () => {},
    ...(apiKey === undefined ? {} : { apiKey }),
  }
}

export interface Call extends Partial<RunOptions> {
  readonly request?: ModelRequest
  readonly limits?: Partial<CallLimits>
  readonly fetch?: Fetch
  readonly prefix?: string
}

export interface Bench {
  readonly subject: Subject
  /** A server as strict as the real one; it takes the one key. */
  scripted(script: Script | Reply, options?: ScriptedModelOptions): Promise<ScriptedModel>
  /** A server that answers each request by hand, once its body was read. */
  raw(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<LoopbackServer>
  requestOf(messages: Message[] | string, more?: Partial<ModelRequest>): ModelRequest
  run(server: LoopbackServer, call?: Call): Promise<{ outcome: ModelOutcome; deltas: string[] }>
}

/** To be called where tests are described: what a test opened is closed behind it. */
export function createBench(subject: Subject): Bench {
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()))
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  const requestOf: Bench["requestOf"] = (messages, more = {}) => ({
    model: subject.model,
    system: "Be brief.",
    messages: typeof messages === "string" ? ask(messages) : messages,
    tools: [],
    maxOutputTokens: 1_000,
    ...more,
  })

  return {
    subject,
    requestOf,
    async scripted(script, options = {}) {
      const play = typeof script === "function" ? script : () => script
      const server = await startScriptedModel({ script: play, keys: [key], ...options })
      open.push(server)
      return server
    },
    async raw(answer) {
      const server = await startLoopback(async (request, response) => {
        await readBody(request)
        answer(request, response)
      })
      open.push(server)
      return server
    },
    async run(server, call = {}) {
      const deltas: string[] = []
      const endpoint = { baseUrl: server.url + (call.prefix ?? "") + subject.rootPath, apiKey: key }
      const client = subject.create(endpoint, call.fetch ?? straight, call.limits)
      const outcome = await client.run(call.request ?? requestOf("hello"), {
        signal: call.signal ?? new AbortController().signal,
        onDelta: (delta) => {
          deltas.push(`${delta.type}: ${delta.text}`)
          call.onDelta?.(delta)
        },
        ...(call.apiKey === undefined ? {} : { apiKey: call.apiKey }),
        ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
      })
      return { outcome, deltas }
    },
  }
}

export function answerOf(outcome: ModelOutcome): ModelAnswer {
  if (outcome.status === "failed") throw new Error(`${outcome.failure.reason}: ${outcome.failure.message}`)
  return outcome.answer
}

/** Also holds every failure to the promise that it names no key. */
export function failureOf(outcome: ModelOutcome): ModelFailure {
  if (outcome.status === "answered") throw new Error(`answered: ${JSON.stringify(outcome.answer)}`)
  expect(JSON.stringify(outcome)).not.toContain(key)
  return outcome.failure
}
