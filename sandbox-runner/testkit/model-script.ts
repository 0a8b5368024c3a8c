/**
 * What a scripted model is asked and what it may answer, and the two ready-made scripts.
 *
 * The text-driven script (`textScript`) reads its orders from the newest text of the person, so that a test drives the model
 * through the gateway's own door. Text before the first order is ignored. Steps are divided by lines that begin with `then `;
 * each model call of the turn plays the next one.
 *
 * | order                  | answer                                                                  |
 * |------------------------|-------------------------------------------------------------------------|
 * | `say: <text>`          | the text                                                                |
 * | `slow: <text>`         | the text, a word each 50 ms                                             |
 * | `long <n>`             | `n` chunks of 8 characters                                              |
 * | `think: <text>`        | the text as thinking, then `thought.`                                   |
 * | `tool <name> <json>`   | a tool call; several such lines in one step make parallel calls         |
 * | `results`              | `done: ` and the tool results, joined by ` | `                          |
 * | `history`              | all texts that the model was shown, as a JSON array                     |
 * | `system`               | the system prompt                                                       |
 * | `fail <status> [n]`    | that error; with n, on the first n calls of this text, then the next    |
 * | `hang`                 | nothing, ever                                                           |
 * | `drop`                 | the connection closed before the first byte                             |
 * | `stall <k>: <text>`    | k chunks of the text, then silence                                      |
 * | `cut <k>: <text>`      | k chunks of the text, then the socket destroyed                         |
 * | `garbage`              | a stream that is not valid                                              |
 * | `refuse: <text>`       | the text, ended as a refusal                                            |
 * | `max: <text>`          | the text, ended by the token limit                                      |
 * | `pause: <text>`        | the text, ended by `pause_turn` (Anthropic only); the next step follows |
 * | `overflow`             | the provider's error for an input that does not fit                     |
 *
 * A call beyond the last step answers `results` when the newest message has tool results, else `done.`
 */
import * as z from "zod"
import type { StopReason, ToolSpec, Usage } from "../../core/model/call.ts"
import type { Message, ToolResultBlock } from "../../core/model/message.ts"

/** One model request, the same for both providers. */
export interface ScriptedRequest {
  /** 1 for the first request that this server got, refused ones counted. */
  readonly n: number
  readonly provider: "anthropic" | "openai"
  readonly model: string
  readonly system: string
  readonly messages: readonly Message[]
  /** The newest text block of the person. */
  readonly lastUserText: string
  /** The results in the newest message; empty when it carries none. */
  readonly toolResults: readonly ToolResultBlock[]
  readonly tools: readonly ToolSpec[]
  readonly maxOutputTokens: number
  readonly stream: boolean
  readonly body: unknown
  /** Of the body on the wire. */
  readonly sizeBytes: number
}

export interface ScriptedToolCall {
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
  /** Made from the request's number when absent. */
  readonly id?: string
}

export interface Answer {
  readonly thinking?: string
  readonly text?: string
  readonly tools?: readonly ScriptedToolCall[]
  /** Follows from the content when absent. */
  readonly stop?: StopReason
  readonly usage?: Partial<Usage>
  /** UTF-16 units a chunk; never splits a character. */
  readonly chunkSize?: number
  readonly delayMs?: number
}

export type Reply =
  | ({ readonly kind: "answer" } & Answer)
  /**
   * Begins the answer and spoils it after so many deltas: `stall` is silence, `cut` destroys the socket, `end` closes
   * the stream politely before its end, `garbage` writes what is no event, `error` is an error event inside the stream.
   */
  | {
      readonly kind: "spoiled"
      readonly by: "stall" | "cut" | "end" | "garbage" | "error"
      readonly afterChunks: number
      readonly answer: Answer
    }
  | {
      readonly kind: "error"
      readonly status: number
      /** The provider's usual type of that status when absent. */
      readonly type?: string
      readonly code?: string
      readonly message?: string
      readonly retryAfter?: string
    }
  /** No byte, until the client leaves. */
  | { readonly kind: "hang" }
  /** The socket destroyed before the first byte. */
  | { readonly kind: "drop" }
  /** Status 200 and this body, whatever it is. */
  | { readonly kind: "garbage"; readonly body: string; readonly contentType: string }

export type Script = (request: ScriptedRequest) => Reply | Promise<Reply>

/** The shortest answer. */
export function say(text: string): Reply {
  return { kind: "answer", text }
}

/** One tool call, with text before it if wanted. */
export function callTool(name: string, input: Readonly<Record<string, unknown>>, text?: string): Reply {
  return { kind: "answer", tools: [{ name, input }], ...(text === undefined ? {} : { text }) }
}

/** `done: ` and the texts of the tool results in the newest message. */
export function tellResults(request: ScriptedRequest): Reply {
  return say(`done: ${request.toolResults.map((result) => result.text).join(" | ")}`)
}

/** Orders without a text of their own fill their line, so that a person's sentence is not taken for one. */
const order = new RegExp(
  [
    "^(?:say|slow|think|refuse|max|pause):",
    "^(?:stall|cut) \\d+:",
    "^tool [a-zA-Z0-9_-]+\\s*(?:\\{.*\\})?\\s*$",
    "^(?:long \\d+|fail \\d{3}(?: \\d+)?|results|history|system|hang|drop|garbage|overflow)\\s*$",
  ].join("|"),
  "m",
)

/**
 * The text-driven script; see the table above.
 * @param fallback - answers texts without an order
 */
export function textScript(fallback: Script = (request) => say(`echo: ${request.lastUserText}`)): Script {
  const failures = new Map<string, number>()
  return (request) => {
    const start = request.lastUserText.search(order)
    if (start < 0) return fallback(request)
    const program = request.lastUserText.slice(start)
    const answers = answersSince(request)
    let played = 0
    for (const step of program.split(/^then /m).map((part) => part.trim())) {
      const failing = /^fail (\d{3}) (\d+)$/.exec(step)
      if (failing === null) {
        if (played === answers) return play(step, request)
        played++
      } else if (played === answers) {
        const key = `${played} ${program}`
        const failed = failures.get(key) ?? 0
        failures.set(key, failed + 1)
        if (failed < Number(failing[2])) return { kind: "error", status: Number(failing[1]), retryAfter: "0" }
      }
    }
    return request.toolResults.length > 0 ? tellResults(request) : say("done.")
  }
}

/** How many times the model has answered since the newest text of the person. */
function answersSince(request: ScriptedRequest): number {
  let answers = 0
  for (const message of request.messages.toReversed()) {
    if (message.role === "assistant") answers++
    else if (message.blocks.some((block) => block.type === "text" && block.text === request.lastUserText)) break
  }
  return answers
}

const ToolInput = z.record(z.string(), z.unknown())

function play(step: string, request: ScriptedRequest): Reply {
  const [, name = "", count = "", colon, rest = ""] = /^(\w+)(?: (\d+))?(:)?([\s\S]*)$/.exec(step) ?? []
  const text = rest.trim()
  const k = Number(count === "" ? 0 : count)
  switch (`${name}${colon ?? ""}`) {
    case "say:":
      return say(text)
    case "slow:":
      return { kind: "answer", text, chunkSize: 6, delayMs: 50 }
    case "long":
      return { kind: "answer", text: Array.from({ length: k }, (_, i) => `${i}`.padEnd(8, " ")).join(""), chunkSize: 8 }
    case "think:":
      return { kind: "answer", thinking: text, text: "thought." }
    case "tool":
      return { kind: "answer", tools: step.split("\n").flatMap(parseToolLine) }
    case "results":
      return tellResults(request)
    case "history":
      return say(JSON.stringify(request.messages.flatMap((message) => message.blocks.flatMap(textOfBlock))))
    case "system":
      return say(request.system === "" ? "(none)" : request.system)
    case "fail":
      return { kind: "error", status: k }
    case "hang":
      return { kind: "hang" }
    case "drop":
      return { kind: "drop" }
    case "stall:":
      return { kind: "spoiled", by: "stall", afterChunks: k, answer: { text, chunkSize: 4 } }
    case "cut:":
      return { kind: "spoiled", by: "cut", afterChunks: k, answer: { text, chunkSize: 4 } }
    case "garbage":
      return { kind: "spoiled", by: "garbage", afterChunks: 1, answer: { text: "so far so good", chunkSize: 4 } }
    case "refuse:":
      return { kind: "answer", text, stop: "refusal" }
    case "max:":
      return { kind: "answer", text, stop: "max_tokens" }
    case "pause:":
      return { kind: "answer", text, stop: "pause" }
    case "overflow":
      return overflow(request)
    default:
      return say(`I do not know the order: ${step}`)
  }
}

function parseToolLine(line: string): ScriptedToolCall[] {
  const [, name, json = "{}"] = /^tool ([a-zA-Z0-9_-]+)\s*(\{.*\})?\s*$/.exec(line) ?? []
  return name === undefined ? [] : [{ name, input: ToolInput.parse(JSON.parse(json)) }]
}

function textOfBlock(block: Message["blocks"][number]): string[] {
  return block.type === "text" ? [block.text] : []
}

function overflow(request: ScriptedRequest): Reply {
  if (request.provider === "anthropic") {
    return { kind: "error", status: 400, message: "prompt is too long: 208310 tokens > 200000 maximum" }
  }
  const message =
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens."
  return { kind: "error", status: 400, code: "context_length_exceeded", message }
}

/**
 * The model of `npm run demo`: says what it is, how to get a real one, and uses `current_time` when asked for the time.
 * It understands the orders above too.
 */
export function demoScript(): Script {
  return textScript((request) => {
    const [result] = request.toolResults
    if (result !== undefined) return demoAnswer(`The tool says: ${result.text}`)
    const asksTime = /\b(time|date|clock|day|uhr|zeit|heure|hora)\b/i.test(request.lastUserText)
    const canTell = request.tools.some((tool) => tool.name === "current_time")
    if (asksTime && canTell) return { ...callTool("current_time", {}, "Let me look at the clock."), ...demoPace }
    return demoAnswer(
      [
        "Hello! I am the **demo model**: a script, not an AI, so that you can see the whole loop without a key.",
        `You wrote:\n\n${quote(request.lastUserText)}`,
        "To talk to a real model, stop the demo, put `ANTHROPIC_API_KEY=…` (or `OPENAI_API_KEY=…`, or `OLLAMA_URL=…`) into " +
          "the file `.env`, and run `npm start`.",
        "Meanwhile, ask me for the time to see a tool at work, or send `slow: some words` to see text arrive.",
      ].join("\n\n"),
    )
  })
}

const demoPace = { chunkSize: 6, delayMs: 15 }

function demoAnswer(text: string): Reply {
  return { kind: "answer", text, ...demoPace }
}

function quote(text: string): string {
  const shown = text.length > 400 ? `${text.slice(0, 400).replace(/[\uD800-\uDBFF]$/, "")}…` : text
  return shown
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n")
}
