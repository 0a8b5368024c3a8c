/**
 * The Docker Engine API over a Unix socket or TCP, as far as sandboxes need it. Speaks HTTP itself: no command-line client is
 * needed, and Podman answers the same calls. https://docs.docker.com/reference/api/engine/
 */
import { request, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http"
import type { Duplex, Readable } from "node:stream"
import * as z from "zod"
import { parseDockerHost } from "./docker-host.ts"

/** Why the engine could not do something. `status`: of its answer; undefined when there was none. The text is the operator's. */
export class EngineProblem extends Error {
  readonly status: number | undefined
  constructor(message: string, status?: number, options?: { cause?: unknown }) {
    super(message, options)
    this.name = "EngineProblem"
    this.status = status
  }
}

export interface EngineCall {
  readonly method: "GET" | "POST" | "DELETE"
  /** Without the version: `/containers/json`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** Default 60 s: making a container on a slow card takes its time. Infinity: as long as it takes. */
  readonly timeoutMs?: number
}

export interface Engine {
  /** The answer, parsed; null where it is empty. @throws EngineProblem */
  call<T extends z.ZodType>(answer: T, call: EngineCall): Promise<z.infer<T>>
  /** The answer as it comes. The body is a tar archive or nothing. @throws EngineProblem */
  stream(call: Omit<EngineCall, "body">, body: Readable): Promise<Readable>
  /** Input and output of a container: what is read is multiplexed (see `demultiplex`). @throws EngineProblem */
  attach(container: string, signal: AbortSignal): Promise<Duplex>
}

const defaultTimeoutMs = 60_000
/** Answers are lists and descriptions: what is larger is no answer of an engine. */
const maxAnswerBytes = 8_000_000
/** The newest that this client was written for; older engines name theirs. */
const newestVersion = "1.44"

/** Connects to nothing yet. */
export function openEngine(dockerHost: string): Engine {
  const place = parseDockerHost(dockerHost)
  if (place === undefined) throw new EngineProblem(`DOCKER_HOST is neither unix:///path nor tcp://host:port.`)
  const open: Open = (call, options) => {
    const target = `${call.path}${call.query === undefined ? "" : `?${new URLSearchParams(call.query).toString()}`}`
    return request({ ...place, ...options, agent: false, method: call.method, path: target })
  }
  const unreachable = (error: unknown) => describeUnreachable(dockerHost, error)
  let version: Promise<string> | undefined
  /** Calls without a version are deprecated, and what an engine does not know it refuses: the older of both is spoken. */
  const versioned = async (path: string) => {
    version ??= askVersion(open, unreachable)
    try {
      return `/v${await version}${path}`
    } catch (error) {
      version = undefined
      throw error
    }
  }
  return {
    async call(answer, call) {
      const response = await send(open, { ...call, path: await versioned(call.path) }, unreachable)
      const text = await readText(response)
      if (!isOk(response)) throw refusal(response, text)
      const parsed = answer.safeParse(text === "" ? null : parseJson(text))
      if (parsed.success) return parsed.data
      throw new EngineProblem(`The engine's answer to ${call.path} makes no sense.`, response.statusCode)
    },
    async stream(call, body) {
      const response = await send(open, { ...call, path: await versioned(call.path) }, unreachable, body)
      if (isOk(response)) return response
      throw refusal(response, await readText(response))
    },
    async attach(container, signal) {
      const path = await versioned(`/containers/${container}/attach`)
      const query = { stream: "1", stdin: "1", stdout: "1", stderr: "1" }
      const headers = { connection: "Upgrade", upgrade: "tcp" }
      const opened = open({ method: "POST", path, query }, { headers, signal })
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => opened.destroy(new Error("no answer in time")), defaultTimeoutMs)
        opened.once("upgrade", (_, socket, head) => {
          clearTimeout(timer)
          if (head.length > 0) socket.unshift(head)
          resolve(socket)
        })
        opened.once("response", (response) => {
          clearTimeout(timer)
          void readText(response).then((text) => reject(refusal(response, text)), reject)
        })
        opened.once("error", (error) => {
          clearTimeout(timer)
          reject(unreachable(error))
        })
        opened.end()
      })
    },
  }
}

type Call = Pick<EngineCall, "method" | "path" | "query" | "body" | "signal" | "timeoutMs">
type Open = (call: Call, options: RequestOptions) => ClientRequest
type Describe = (error: unknown) => EngineProblem

async function askVersion(open: Open, unreachable: Describe): Promise<string> {
  const response = await send(open, { method: "GET", path: "/_ping", timeoutMs: 5_000 }, unreachable)
  await readText(response)
  const { "api-version": offered } = response.headers
  if (typeof offered !== "string" || !/^\d+\.\d+$/.test(offered))
    throw new EngineProblem("What listens at DOCKER_HOST is no container engine.")
  return isOlder(offered, newestVersion) ? offered : newestVersion
}

function isOlder(a: string, b: string): boolean {
  return a.localeCompare(b, "en", { numeric: true }) < 0
}

function send(open: Open, call: Call, unreachable: Describe, body?: Readable): Promise<IncomingMessage> {
  const { timeoutMs = defaultTimeoutMs } = call
  const limits = [call.signal, timeoutMs === Infinity ? undefined : AbortSignal.timeout(timeoutMs)]
  const signal = AbortSignal.any(limits.filter((limit) => limit !== undefined))
  const text = call.body === undefined ? undefined : JSON.stringify(call.body)
  const type = body === undefined ? "application/json" : "application/x-tar"
  const headers = text === undefined && body === undefined ? {} : { "content-type": type }
  return new Promise((resolve, reject) => {
    const opened = open(call, { headers, signal })
    opened.once("response", resolve)
    opened.once("error", (error) => reject(unreachable(error)))
    if (body === undefined) opened.end(text)
    else body.once("error", (error) => opened.destroy(error)).pipe(opened)
  })
}

function isOk({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const piece of response) {
      const bytes = Buffer.from(piece)
      sizeBytes += bytes.length
      if (sizeBytes > maxAnswerBytes) throw new Error("too long")
      pieces.push(bytes)
    }
  } catch (cause) {
    throw new EngineProblem("The container engine broke off its answer.", undefined, { cause })
  }
  return Buffer.concat(pieces).toString("utf8")
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const Refusal = z.object({ message: z.string() })

function refusal(response: IncomingMessage, text: string): EngineProblem {
  const parsed = Refusal.safeParse(parseJson(text))
  const reason = parsed.success ? parsed.data.message.slice(0, 500) : "no reason given"
  return new EngineProblem(`The container engine refused: ${reason}`, response.statusCode)
}

/** What the operator can do about it. */
function describeUnreachable(dockerHost: string, cause: unknown): EngineProblem {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  const problems: Readonly<Record<string, string>> = {
    ENOENT: `There is no container engine at ${dockerHost}. Install and start Docker or Podman, or set DOCKER_HOST.`,
    ECONNREFUSED: `No container engine listens at ${dockerHost}. Start it, or set DOCKER_HOST.`,
    EACCES: `This user may not use the container engine at ${dockerHost}. Run a rootless engine as this user and set DOCKER_HOST to its socket.`,
  }
  const known = typeof code === "string" ? problems[code] : undefined
  const fallback = `The container engine at ${dockerHost} does not answer${typeof code === "string" ? ` (${code})` : ""}.`
  return new EngineProblem(known ?? fallback, undefined, { cause })
}
