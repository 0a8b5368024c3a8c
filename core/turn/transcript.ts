/**
 * From journals to what a model is shown. The result is valid after any crash, trim or interruption: it starts with the
 * user, roles alternate, and every `tool_use` has its `tool_result` right behind it.
 */
import { textOf, type AssistantBlock, type Message, type ToolResultBlock, type UserBlock } from "../model/message.ts"
import type { InboundMessage } from "../channel/message.ts"
import { isCutByWindow } from "../model/call.ts"
import type { TurnEvent } from "./event.ts"
import { chatCommandOf } from "./chat-command.ts"

const lostResult = "Interrupted, outcome unknown."

/** One turn's entries, as they happened; not yet settled. */
function turnEntries(events: readonly TurnEvent[]): Message[] {
  if (chatCommandOf(events) !== undefined) return []
  const entries: Message[] = []
  let broken = ""
  for (const event of events) {
    switch (event.type) {
      case "turn_started":
        entries.push({ role: "user", blocks: event.messages.flatMap(spoken) })
        break
      case "message_joined":
        entries.push({ role: "user", blocks: spoken(event.message) })
        break
      case "history_recalled":
        entries.push(...event.messages)
        break
      case "model_ended":
        broken = isCutByWindow(event.answer) ? textOf(event.answer.blocks) : ""
        if (!isCutByWindow(event.answer)) entries.push({ role: "assistant", blocks: event.answer.blocks })
        break
      case "model_failed":
        broken += event.partialText ?? ""
        break
      case "tool_ended":
        entries.push({ role: "user", blocks: [toolResult(event), ...(event.images ?? [])] })
        break
      case "segment_started":
      case "model_started":
      case "call_denied":
      case "gateway_said":
      case "summary_started":
      case "summary_made":
      case "summary_failed":
      case "tool_started":
      case "choice_requested":
      case "choice_resolved":
        break
      case "turn_ended":
        if (broken !== "") entries.push({ role: "assistant", blocks: [{ type: "text", text: broken }] })
        broken = ""
        break
    }
  }
  return entries
}

/** The model learns who speaks where that is not the conversation's one person. */
function spoken(message: InboundMessage): UserBlock[] {
  const images = message.images ?? []
  if (message.text.trim() === "") return images
  return [...images, { type: "text", text: speaker(message.source) + message.text }]
}

function speaker(source: InboundMessage["source"]): string {
  switch (source.kind) {
    case "api":
      return ""
    case "operator":
      return `[From ${oneLine(source.senderName)}, who runs this gateway]\n`
    case "telegram":
      // Telegram gives groups negative ids (Bot API "Chat").
      return source.chatId < 0 ? `${oneLine(source.senderName)}: ` : ""
  }
}

function oneLine(name: string): string {
  return name.replaceAll(/\s+/g, " ")
}

/** A call's result as the transcript has it. */
export function toolResult(event: Extract<TurnEvent, { type: "tool_ended" }>): ToolResultBlock {
  const { toolUseId, text, whole, outcome } = event
  return { type: "tool_result", toolUseId, text, isError: outcome !== "ok", ...(whole === undefined ? {} : { whole }) }
}

/** The transcript of these turns, oldest first. @param lead - stands before them */
export function transcriptOf(turns: readonly (readonly TurnEvent[])[], lead: readonly Message[] = []): Message[] {
  return settle([...lead, ...turns.flatMap(turnEntries)])
}

/**
 * The journals that a transcript is made of: the newest whole turns that together hold at most `historyMessages` messages with
 * text, then the present turn, which is never cut.
 * @param past - journals of ended turns, oldest first
 */
export function shownTurns<T extends readonly TurnEvent[]>(
  past: readonly T[],
  present: T,
  historyMessages: number,
): T[] {
  return [...newestWithin(past, historyMessages - countMessages(present)), present]
}

/** The newest turns that together hold at most `messages` messages with text, oldest first. */
export function newestWithin<T extends readonly TurnEvent[]>(turns: readonly T[], messages: number): T[] {
  let left = messages
  let first = turns.length
  for (let index = turns.length - 1; index >= 0; index -= 1) {
    left -= countMessages(turns[index] ?? [])
    if (left < 0) break
    first = index
  }
  return turns.slice(first)
}

/** How many of a turn's entries have text: what people and agent said, without tool traffic. */
export function countMessages(events: readonly TurnEvent[]): number {
  return turnEntries(events).filter((entry) => textOf(entry.blocks) !== "").length
}

/**
 * Makes a transcript valid: drops empty entries and orphaned results, adds a result for each call that has none, joins
 * neighbours of one role and starts with the user.
 */
export function settle(entries: readonly Message[]): Message[] {
  const settled: Message[] = []
  let index = 0
  while (index < entries.length) {
    const run = takeRun(entries, index)
    index += run.length
    const role = run[0]?.role
    if (role === "assistant") appendAssistant(settled, run)
    else appendUser(settled, run)
  }
  const last = settled.at(-1)
  const open = last?.role === "assistant" ? missingResults(last, []) : []
  if (open.length > 0) settled.push({ role: "user", blocks: open })
  return settled
}

function takeRun(entries: readonly Message[], from: number): Message[] {
  const role = entries[from]?.role
  let to = from
  while (to < entries.length && entries[to]?.role === role) to += 1
  return entries.slice(from, to)
}

function appendAssistant(settled: Message[], run: readonly Message[]): void {
  const blocks = run
    .flatMap((entry): AssistantBlock[] => (entry.role === "assistant" ? entry.blocks : []))
    .filter(isSaid)
  const before = settled.at(-1)
  if (blocks.length === 0 || before === undefined) return
  if (before.role === "assistant") before.blocks.push(...blocks)
  else settled.push({ role: "assistant", blocks })
}

function appendUser(settled: Message[], run: readonly Message[]): void {
  const said = run.flatMap((entry): UserBlock[] => (entry.role === "user" ? entry.blocks : [])).filter(isSaid)
  const before = settled.at(-1)
  const results = said.filter((block) => block.type === "tool_result")
  const matched = before?.role === "assistant" ? missingResults(before, results) : []
  const blocks: UserBlock[] = [...matched, ...said.filter((block) => block.type !== "tool_result")]
  if (blocks.length === 0) return
  if (before?.role === "user") before.blocks.push(...blocks)
  else settled.push({ role: "user", blocks })
}

/** One result for each call of the entry, in its order, taken from `results` where there is one. */
function missingResults(
  entry: Extract<Message, { role: "assistant" }>,
  results: readonly ToolResultBlock[],
): ToolResultBlock[] {
  return entry.blocks.flatMap((block) => {
    if (block.type !== "tool_use") return []
    const found = results.find((result) => result.toolUseId === block.id)
    return [found ?? { type: "tool_result" as const, toolUseId: block.id, text: lostResult, isError: true }]
  })
}

function isSaid(block: AssistantBlock | UserBlock): boolean {
  return block.type !== "text" || block.text.trim() !== ""
}
