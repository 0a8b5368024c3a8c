/** Speaks HTTP to a gateway as a browser or a program does, and notes every answer in the transcript. */
import { request as plainRequest } from "node:http"
import * as z from "zod"
import { ErrorBody } from "../../core/errors.ts"
import { readEvents, type EventReader } from "./event-reader.ts"
import type { Transcript } from "./transcript.ts"

export interface Sent {
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as they are, as application/json unless the headers say otherwise. */
  readonly bytes?: Uint8Array | string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  read<T extends z.ZodType>(schema: T): z.output<T>
  /** The status and the error's code; `ok` where it is no error. Checks the one error shape. */
  readonly outcome: string
}

export interface Client {
  readonly url: string
  /** What it sends with every request: who it is. */
  readonly headers: Readonly<Record<string, string>>
  send(method: string, path: string, sent?: Sent): Promise<Answer>
  /** For answers that hold a secret on purpose: they are not noted. */
  sendForSecret(method: string, path: string, sent?: Sent): Promise<Answer>
  /** @throws with the answer when it is no event stream */
  open(method: string, path: string, sent?: Sent): Promise<EventReader>
  /** The same gateway by other credentials. */
  as(headers: Readonly<Record<string, string>>): Client
}

/** Longer than anything here may take; a stream that says nothing for good ends here and not with the test. */
const longestAnswerMs = 60_000

export function createClient(url: string, transcript: Transcript, own: Readonly<Record<string, string>> = {}): Client {
  const ask = (method: string, path: string, { json, bytes, headers = {} }: Sent) => {
    const body = bytes ?? (json === undefined ? undefined : JSON.stringify(json))
    const type = body === undefined ? {} : { "content-type": "application/json" }
    return fetch(`${url}${path}`, {
      method,
      headers: { ...own, ...type, ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : Buffer.from(body) }),
      redirect: "manual",
      signal: AbortSignal.timeout(longestAnswerMs),
    })
  }
  const sendForSecret = async (method: string, path: string, sent: Sent = {}) => {
    const response = await ask(method, path, sent)
    return toAnswer(response.status, response.headers, await response.text())
  }
  return {
    url,
    headers: own,
    sendForSecret,
    async send(method, path, sent = {}) {
      const answer = await sendForSecret(method, path, sent)
      const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`)
      transcript.note(`${method} ${path}`, [...headers, answer.text].join("\n"))
      return answer
    },
    async open(method, path, sent = {}) {
      const response = await ask(method, path, sent)
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false
      if (!isStream) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return readEvents(response, (text) => transcript.note(`${method} ${path}`, text))
    },
    as: (headers) => createClient(url, transcript, headers),
  }
}

function toAnswer(status: number, headers: Headers, text: string): Answer {
  return {
    status,
    headers,
    text,
    read: (schema) => schema.parse(JSON.parse(text)),
    get outcome() {
      return status < 400 ? "ok" : `${status} ${ErrorBody.parse(JSON.parse(text)).error.code}`
    },
  }
}

/** A request with a Host header of one's own, which `fetch` does not allow. */
export function sendWithHost(url: string, path: string, host: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = plainRequest(`${url}${path}`, { headers: { host } }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part
      })
      response.on("end", () => resolve(toAnswer(response.statusCode ?? 0, new Headers(), text)))
    })
    request.on("error", reject).end()
  })
}

const SignedIn = z.object({ token: z.string() })
const Made = z.object({ token: z.string() })

export const adminName = "admin"
export const adminPassword = "correct horse battery"

/** What a browser sends after it was let in: its cookie, and its origin. @throws when it is not let in */
export async function enter(
  client: Client,
  path: "setup" | "login",
  transcript: Transcript,
  code = "",
): Promise<Client> {
  const json = { username: adminName, password: adminPassword, ...(path === "setup" ? { code } : {}) }
  return browserOf(client, await client.sendForSecret("POST", `/api/auth/${path}`, { json }), transcript)
}

/** The browser that got this answer to its set-up or login. */
export function browserOf(client: Client, answer: Answer, transcript: Transcript): Client {
  if (answer.status >= 300) throw new Error(`not let in: ${answer.status} ${answer.text}`)
  transcript.secret(answer.read(SignedIn).token)
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? ""
  return client.as({ cookie, origin: client.url })
}

/** A program with an API token of these scopes. */
export async function makeProgram(browser: Client, transcript: Transcript, fields: object = {}): Promise<Client> {
  const answer = await browser.sendForSecret("POST", "/api/v1/me/tokens", { json: fields })
  if (answer.status !== 201) throw new Error(`no token: ${answer.status} ${answer.text}`)
  const { token } = answer.read(Made)
  transcript.secret(token)
  return browser.as({ authorization: `Bearer ${token}` })
}
