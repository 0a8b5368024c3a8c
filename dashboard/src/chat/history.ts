/** The record of a conversation as turns: entries grouped by turn, tool results joined to their calls. */
import type { MessageView, TurnOutcome } from "../../../core/api/conversations.ts"
import type { RecordPages } from "./record.ts"
import type { Part, PersonMessage, RecordedTurn, TurnStatus } from "./state.ts"

/**
 * Groups entries, oldest first, each turn with what became of it. A turn whose beginning is on an earlier page starts without its message.
 * @param runningTurnId - the turn that runs now, as the loop says; null when none does
 */
export function toRecordedTurns(
  { entries, outcomes }: Pick<RecordPages, "entries" | "outcomes">,
  runningTurnId: string | null,
): RecordedTurn[] {
  const turns = new Map<string, { messages: PersonMessage[]; parts: Part[] }>()
  for (const entry of entries) {
    const turn = turns.get(entry.turnId) ?? { messages: [], parts: [] }
    turns.set(entry.turnId, turn)
    if (entry.role === "user") takeUserEntry(turn, entry)
    else takeAnswer(turn.parts, entry)
  }
  return [...turns].map(([turnId, { messages, parts }]) => {
    if (turnId === runningTurnId) return { turnId, messages, parts, status: { is: "running" } }
    const ended = parts.map((part) =>
      part.kind === "tool" && part.outcome === "running" ? ({ ...part, outcome: "unknown" } as const) : part,
    )
    return { turnId, messages, parts: ended, status: statusOf(outcomes.get(turnId)) }
  })
}

function statusOf(outcome: TurnOutcome | undefined): TurnStatus {
  switch (outcome?.status) {
    case "failed": {
      const { code, message } = outcome.error ?? { code: "turn_failed", message: "" }
      return { is: "failed", code, message: message === "" ? "The agent could not finish its answer." : message }
    }
    case "interrupted":
      return { is: "interrupted" }
    // The record may be behind: whoever knows what runs has said that this does not.
    case "running":
    case "waiting":
    case "done":
    case undefined:
      return { is: "done" }
  }
}

function takeUserEntry(turn: { messages: PersonMessage[]; parts: Part[] }, entry: MessageView): void {
  for (const step of entry.steps) {
    if (step.type !== "tool_result") continue
    const { toolUseId, ok, text, characters } = step
    const whole = characters === undefined ? {} : { whole: { characters, messageId: entry.id } }
    turn.parts = turn.parts.map((part) =>
      part.kind === "tool" && part.toolUseId === toolUseId
        ? { ...part, outcome: ok ? "ok" : "failed", result: text, ...whole }
        : part,
    )
  }
  if (entry.text === "") return
  const message = { key: entry.id, text: shown(entry), sender: senderOf(entry), at: Date.parse(entry.createdAt) }
  // What was said while the agent worked stands where it was said.
  if (turn.parts.length === 0) turn.messages.push(message)
  else turn.parts.push({ kind: "person", message })
}

const senderOf = ({ sender, senderName }: MessageView) =>
  sender === "operator" ? `${senderName ?? "Someone"} (operator)` : senderName

function takeAnswer(parts: Part[], entry: MessageView): void {
  // The blank line between two answers of a turn is part of the text, as in the live stream.
  const gap = parts.some((part) => part.kind === "text") ? "\n\n" : ""
  if (entry.text !== "") parts.push({ kind: "text", text: gap + shown(entry) })
  for (const step of entry.steps) {
    if (step.type !== "tool_call") continue
    const { toolUseId, tool, input } = step
    parts.push({ kind: "tool", toolUseId, tool, input, outcome: "running" })
  }
}

const shown = (entry: MessageView) =>
  entry.truncated ? `${entry.text}…\n\n*(This message is too long to show whole.)*` : entry.text
