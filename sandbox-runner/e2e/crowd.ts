/** People on Telegram and programs on the loop API who keep a gateway busy, each with one message after the other. */
import { expect } from "vitest"
import * as z from "zod"
import { endsStream, type LoopEvent } from "../../core/loop/event.ts"
import type { FakeTelegram } from "../testkit/fake-telegram.ts"
import type { Client } from "./client.ts"
import { shownText, type ReadEvent } from "./event-reader.ts"

export interface Talker {
  readonly conversationId: string
  /** Undefined for a program. */
  readonly chatId: number | undefined
  /** All that was said and accepted, in order. */
  readonly said: readonly string[]
  /** What a program's streams ended with, one for each message. */
  readonly ends: readonly { readonly event: LoopEvent["event"]; readonly text: string; readonly mark: string }[]
  /** Resolves when the current message is over and no further one is said. */
  readonly finished: Promise<void>
}

export interface CrowdOptions {
  readonly telegram: FakeTelegram
  readonly program: Client
  readonly chatIds: readonly number[]
  readonly programs: number
  conversationOf(chatId: number): string
  /** Waiting for a reply is given up when this has grown by `patience` since the message was said. */
  deaths(): number
}

export interface Crowd {
  readonly talkers: readonly Talker[]
  /** Nobody says anything new; resolves when all that was said is answered. */
  stop(): Promise<void>
}

/** A reply that was sent three times into the gateway's death is not tried again: nobody waits for it for ever. */
const patience = 30
const longestMs = 120_000

/** What a person says: two lines that can be counted, then an answer that takes its time. */
export function textOf(mark: string): string {
  const calls = ["a", "b"].map((which) => `tool append_line {"line":"${mark}.${which}"}`)
  return [...calls, `say: answer ${mark}`].join("\nthen ")
}

export async function startCrowd(options: CrowdOptions): Promise<Crowd> {
  const stopping = new AbortController()
  const people = options.chatIds.map((chatId) => startPerson(options, chatId, stopping.signal))
  const loops = await Promise.all(Array.from({ length: options.programs }, () => createLoop(options.program)))
  const programs = loops.map((id, n) => startProgram(options.program, id, `p${n}`, stopping.signal))
  const talkers = [...people, ...programs]
  // Where the test has failed for another reason, nobody asks any more.
  for (const { finished } of talkers) finished.catch(() => {})
  return {
    talkers,
    async stop() {
      stopping.abort()
      await Promise.all(talkers.map(({ finished }) => finished))
    },
  }
}

function startPerson(options: CrowdOptions, chatId: number, stopping: AbortSignal): Talker {
  const { telegram } = options
  const said: string[] = []
  const talk = async () => {
    for (let n = 1; !stopping.aborted; n += 1) {
      const text = textOf(`c${chatId}-${n}`)
      const before = telegram.sentTo(chatId).length
      const deathsBefore = options.deaths()
      said.push(text)
      telegram.pushText({ chatId, text })
      const isOver = () => telegram.sentTo(chatId).length > before || options.deaths() > deathsBefore + patience
      await telegram.waitFor(`a reply in chat ${chatId}`, isOver, longestMs)
    }
  }
  return { conversationId: options.conversationOf(chatId), chatId, said, ends: [], finished: talk() }
}

const Loop = z.object({ id: z.string() })

async function createLoop(program: Client): Promise<string> {
  return (await program.send("POST", "/api/v1/loops", { json: {} })).read(Loop).id
}

function startProgram(program: Client, id: string, name: string, stopping: AbortSignal): Talker {
  const said: string[] = []
  const ends: { event: LoopEvent["event"]; text: string; mark: string }[] = []
  const talk = async () => {
    for (let n = 1; !stopping.aborted; n += 1) {
      const mark = `${name}-${n}`
      const text = textOf(mark)
      said.push(text)
      await expect
        .poll(
          async () => {
            const events = await askOnce(program, id, mark, text)
            const last = events.at(-1)
            if (last === undefined || !endsTurn(last)) return "unfinished"
            ends.push({ event: last.event, text: shownText(events), mark })
            return "over"
          },
          { timeout: longestMs, interval: 20 },
        )
        .toBe("over")
    }
  }
  return { conversationId: id, chatId: undefined, said, ends, finished: talk() }
}

/** An `error` without a turn is of the stream alone. */
function endsTurn(event: ReadEvent): boolean {
  return event.event === "error" ? event.data.turn_id !== undefined : endsStream(event.event)
}

/** Sends it with its key, which joins the turn that is there already. Nothing when the gateway does not answer. */
async function askOnce(program: Client, id: string, key: string, content: string): Promise<ReadEvent[]> {
  const headers = { "idempotency-key": key }
  try {
    const stream = await program.open("POST", `/api/v1/loops/${id}/messages`, { json: { content }, headers })
    return await stream.untilBroken()
  } catch {
    return []
  }
}
