/** A turn as an answer of OpenAI's API: whole, or in chunks. */
import type { ChatCompletion, ChatCompletionChunk, ChatUsage, FinishReason } from "../../core/api/chat-completions.ts"
import { errorRule, isLoopError, LoopError, type ErrorCode } from "../../core/errors.ts"
import type { TurnReport } from "../../core/turn/report.ts"
import { toOpenAiError } from "./failure.ts"

/** What every piece of an answer carries. */
export interface Heading {
  readonly id: string
  readonly created: number
  readonly model: string
}

export interface Ending {
  /** What is said behind the turn's own text; empty: nothing. */
  readonly addition: string
  /** All text of the turn, the addition included. */
  readonly text: string
  readonly finish: FinishReason
  readonly usage: ChatUsage
}

/**
 * How a turn that is over, or waits for a person, ends its answer.
 * @param place - where a person finds the conversation
 * @throws LoopError by which the turn failed
 */
export function endOf(report: TurnReport, place: string): Ending {
  switch (report.status) {
    case "ended":
      return endOfTurn(report)
    case "waiting": {
      const waits = `The agent waits for a person, who has to allow what it wants to do next: ${place}`
      return withAddition(report.text, waits, usageOf(report))
    }
    case "queued":
      return withAddition(
        "",
        `The message is accepted and waits: the agent's turn before it needs a person's decision first: ${place}`,
        noUsage,
      )
    case "running":
    case "unknown":
      throw new LoopError("turn_failed", {
        message: `The answer could not be followed to its end. It is kept at ${place}`,
      })
  }
}

function endOfTurn(report: Extract<TurnReport, { status: "ended" }>): Ending {
  const { outcome, text, cost } = report
  const usage = usageOf(report)
  switch (outcome.status) {
    case "done":
      return { addition: "", text, finish: cost.stop === "max_tokens" ? "length" : "stop", usage }
    case "interrupted":
      return { addition: "", text, finish: "stop", usage }
    case "failed":
      if (outcome.code === "model_refusal") {
        return { ...withAddition(text, outcome.message, usage), finish: "content_filter" }
      }
      throw new LoopError(failureCodes[outcome.code] ?? "turn_failed", { message: outcome.message })
  }
}

const failureCodes: Readonly<Record<string, ErrorCode>> = {
  model_not_configured: "model_not_configured",
  model_key_refused: "model_key_refused",
  model_refused_request: "model_refused_request",
  model_unavailable: "model_unavailable",
  context_overflow: "context_overflow",
  images_unsupported: "images_unsupported",
  budget_exceeded: "budget_exceeded",
}

function withAddition(text: string, said: string, usage: ChatUsage): Ending {
  const addition = text === "" ? said : `\n\n${said}`
  return { addition, text: text + addition, finish: "stop", usage }
}

const noUsage: ChatUsage = {
  prompt_tokens: 0,
  completion_tokens: 0,
  total_tokens: 0,
  prompt_tokens_details: { cached_tokens: 0 },
}

function usageOf({ cost: { usage } }: Extract<TurnReport, { status: "ended" | "waiting" }>): ChatUsage {
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.outputTokens,
    total_tokens: prompt + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cacheReadTokens },
  }
}

export function toCompletion(heading: Heading, { text, finish, usage }: Ending): ChatCompletion {
  return {
    ...heading,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    usage,
  }
}

/**
 * The answer as chunks. A failure after the first one is an `error` in the stream, as OpenAI's clients expect it.
 * @param texts - as the turn writes them
 * @param end - asked when they are over
 */
export function toChunks(
  heading: Heading,
  texts: (signal: AbortSignal) => AsyncGenerator<string, void>,
  end: () => Promise<Ending>,
  includeUsage: boolean,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const leaving = new AbortController()
  const bytes = chunksOf(heading, texts(leaving.signal), end, includeUsage)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await bytes.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        // A generator that waits for the next word hears of its end only then.
        leaving.abort()
        await bytes.return()
      },
    },
    { highWaterMark: 0 },
  )
}

async function* chunksOf(
  heading: Heading,
  texts: AsyncGenerator<string, void>,
  end: () => Promise<Ending>,
  includeUsage: boolean,
): AsyncGenerator<string, void> {
  const usage = includeUsage ? { usage: null } : {}
  const chunk = (delta: ChatCompletionChunk["choices"][number]["delta"], finish: FinishReason | null = null) =>
    toEvent({
      ...heading,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...usage,
    })
  try {
    yield chunk({ role: "assistant", content: "" })
    for await (const text of texts) yield chunk({ content: text })
    const ending = await end()
    if (ending.addition !== "") yield chunk({ content: ending.addition })
    yield chunk({}, ending.finish)
    if (includeUsage) {
      yield toEvent({ ...heading, object: "chat.completion.chunk", choices: [], usage: ending.usage })
    }
    yield "data: [DONE]\n\n"
  } catch (error) {
    const code = isLoopError(error) ? error.code : "internal"
    yield toEvent(toOpenAiError(code, isLoopError(error) ? error.details : {}))
    // Whoever watches over the gateway learns of what is not the caller's to know.
    if (errorRule(code).status === 500 && code === "internal") throw error
  }
}

const toEvent = (chunk: ChatCompletionChunk | ReturnType<typeof toOpenAiError>) => `data: ${JSON.stringify(chunk)}\n\n`
