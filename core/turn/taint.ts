/**
 * What in a model's context comes from outside: pages, answers of servers, files, words of people whom nobody vouches for. The
 * mark belongs to the content and says where it is from.
 */
import * as z from "zod"
import { hostOf } from "../approval/host.ts"
import type { InboundMessage } from "../channel/message.ts"
import type { TurnEvent } from "./event.ts"

const page = "web page "
const mostMarks = 20
const longestMark = 200

/**
 * Where the marked content is from, each place once, the oldest first; empty: all is of people and of the gateway itself.
 * @param shown - the journals that the transcript sent is made of, oldest first
 */
export function marksOf(shown: readonly (readonly TurnEvent[])[]): string[] {
  const marks = new Set(shown.flatMap(marksOfTurn).map((mark) => mark.slice(0, longestMark)))
  return [...marks].slice(0, mostMarks)
}

/**
 * True for a call that reads an address which the person wrote in this turn, word for word, or one of a host that the marked
 * content is from: then the content has told nothing that was not there already.
 */
export function isExpectedRead(events: readonly TurnEvent[], marks: readonly string[], input: unknown): boolean {
  const url = urlOf(input)
  const host = url === undefined ? undefined : hostOf(url)
  if (url === undefined || host === undefined) return false
  return marks.includes(page + host) || messagesOf(events).some(({ text, tainted }) => !tainted && text.includes(url))
}

function marksOfTurn(events: readonly TurnEvent[]): string[] {
  const uses = new Map<string, { name: string; input: unknown }>()
  const marks: string[] = []
  for (const event of events) {
    if (event.type === "model_ended") {
      for (const block of event.answer.blocks) if (block.type === "tool_use") uses.set(block.id, block)
    }
    if (event.type === "tool_ended") marks.push(...marksOfResult(event, uses.get(event.toolUseId)))
    if (event.type === "history_recalled" || event.type === "summary_made") marks.push(...(event.marks ?? []))
    marks.push(
      ...messagesOf([event])
        .filter(({ tainted }) => tainted)
        .map(markOfMessage),
    )
  }
  return marks
}

function messagesOf(events: readonly TurnEvent[]): InboundMessage[] {
  return events.flatMap((event) => {
    if (event.type === "turn_started") return event.messages
    return event.type === "message_joined" ? [event.message] : []
  })
}

function markOfMessage({ source }: InboundMessage): string {
  return "senderName" in source ? `message from ${source.senderName.replaceAll(/\s+/g, " ")}` : "message by the API"
}

/** @param use - the call that it is the result of */
export function marksOfResult(
  { tainted, marks }: Pick<Extract<TurnEvent, { type: "tool_ended" }>, "tainted" | "marks">,
  use: { name: string; input: unknown } | undefined,
): readonly string[] {
  return tainted ? (marks ?? [markOfResult(use)]) : []
}

function markOfResult(use: { name: string; input: unknown } | undefined): string {
  if (use === undefined) return "answer of a tool"
  const host = hostOf(urlOf(use.input) ?? "")
  return host === undefined ? `answer of ${use.name}` : page + host
}

const Addressed = z.object({ url: z.string() })

function urlOf(input: unknown): string | undefined {
  return Addressed.safeParse(input).data?.url
}
