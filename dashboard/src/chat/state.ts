/** What a chat shows: turns in order, each with the person's messages and the parts of the answer. */
import type { JsonValue } from "./json.ts"

export type ToolOutcome = "running" | "ok" | "failed" | "unknown"

export interface ToolPart {
  readonly kind: "tool"
  readonly toolUseId: string
  readonly tool: string
  readonly summary?: string
  /** Known from the record only: live events carry a summary. */
  readonly input?: JsonValue
  readonly result?: string
  /** Where the result is a part of what the tool said: how long that was, and the entry of the record that it is of. */
  readonly whole?: { readonly characters: number; readonly messageId: string }
  readonly outcome: ToolOutcome
}

export type ChoiceProgress =
  | { readonly is: "open"; readonly problem?: string }
  | { readonly is: "answering" }
  | { readonly is: "resolved"; readonly source: string | null; readonly answer?: "allowed" | "denied" | "answered" }

export interface ChoicePart {
  readonly kind: "choice"
  readonly choiceId: string
  /** Null while only the id is known. */
  readonly request: { readonly kind: "permission" | "question"; readonly payload: Record<string, JsonValue> } | null
  readonly progress: ChoiceProgress
}

export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "thinking"; readonly text: string }
  /** What a person said while the agent worked. */
  | { readonly kind: "person"; readonly message: PersonMessage }
  | ToolPart
  | ChoicePart

export interface PersonMessage {
  readonly key: string
  readonly text: string
  readonly sender: string | null
  /** Epoch milliseconds; null while the gateway has not said. */
  readonly at: number | null
}

export type TurnStatus =
  /** On its way to the gateway. */
  | { readonly is: "sending" }
  | { readonly is: "queued"; readonly position: number }
  | { readonly is: "running" }
  | { readonly is: "done" }
  | { readonly is: "interrupted" }
  | { readonly is: "failed"; readonly code: string; readonly message: string }
  /** The gateway did not take the message: nothing runs. */
  | { readonly is: "rejected"; readonly code: string; readonly message: string }

export interface Turn {
  /** Stable for as long as the chat is open. */
  readonly key: string
  readonly turnId: string | null
  readonly messages: readonly PersonMessage[]
  readonly parts: readonly Part[]
  readonly status: TurnStatus
  /** The stream that tells this turn now; other streams' events for it are not applied. */
  readonly owner: string | null
  /** A stream spoke of it: newer than the record until it ends. */
  readonly live: boolean
  /** A stream was lost in its middle, so the order of text and steps may be off until the record is read. */
  readonly untidy: boolean
  /** Lost its stream and has had no snapshot since. */
  readonly cut: boolean
}

export interface ChatState {
  readonly turns: readonly Turn[]
  /** Which turn each open stream speaks of, by turn key. */
  readonly streams: Readonly<Record<string, string | null>>
}

export const emptyChat: ChatState = { turns: [], streams: {} }

/** One turn as the record has it. */
export interface RecordedTurn {
  readonly turnId: string
  readonly messages: readonly PersonMessage[]
  readonly parts: readonly Part[]
  readonly status: TurnStatus
}

/** The answer's text, all of it, in order. */
export function textOfParts(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === "text" ? part.text : "")).join("")
}

/** True while more may come: the turn runs, waits in the queue or is on its way. */
export function isOpen(status: TurnStatus): boolean {
  return status.is === "running" || status.is === "queued" || status.is === "sending"
}

/** The turn that runs now, if any. */
export function runningTurn(state: ChatState): Turn | undefined {
  return state.turns.find((turn) => turn.status.is === "running")
}
