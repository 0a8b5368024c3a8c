/**
 * The chat as a pure function of what arrived: the record, stream events, and what the person did. Several streams may
 * be open at once (a watcher, and the stream of a sent message); each turn listens to one of them, so nothing shows twice.
 */
import type { LoopEvent } from "../../../core/loop/event.ts"
import { applySnapshotText, appendPiece, closeSteps, putChoice, resolveChoice, setChoice } from "./parts.ts"
import type { ChatState, ChoiceProgress, PersonMessage, RecordedTurn, Turn, TurnStatus } from "./state.ts"
import { isOpen, textOfParts } from "./state.ts"

export type ChatAction =
  /** The record arrived, or a page of it. */
  | { readonly type: "recorded"; readonly turns: readonly RecordedTurn[] }
  /** The person sent a message. `turnId` when a stored one is already known to have become a turn. */
  | { readonly type: "sent"; readonly message: PersonMessage; readonly turnId: string | null }
  /** The gateway refused the message. */
  | { readonly type: "rejected"; readonly key: string; readonly code: string; readonly message: string }
  /** The person took a refused message back, or tries it again. */
  | { readonly type: "withdrawn"; readonly key: string }
  | { readonly type: "retried"; readonly key: string }
  /** A stream opened: of the message `key`, or the watcher. */
  | { readonly type: "stream_opened"; readonly stream: string; readonly key: string | null }
  | { readonly type: "stream_event"; readonly stream: string; readonly event: LoopEvent }
  | { readonly type: "stream_closed"; readonly stream: string }
  /** The gateway says that this turn is over, although no stream told its end. */
  | { readonly type: "settled"; readonly turnId: string }
  | { readonly type: "choice_changed"; readonly choiceId: string; readonly progress: ChoiceProgress }

/** The next state. Events that change nothing return the same object. */
export function reduceChat(state: ChatState, action: ChatAction): ChatState {
  switch (action.type) {
    case "recorded":
      return { ...state, turns: action.turns.reduce(mergeRecorded, state.turns) }
    case "sent":
      return addSent(state, action.message, action.turnId)
    case "rejected":
      return change(state, action.key, { status: { is: "rejected", code: action.code, message: action.message } })
    case "retried":
      return change(state, action.key, { status: { is: "sending" } })
    case "withdrawn":
      return { ...state, turns: state.turns.filter((turn) => turn.key !== action.key || turn.turnId !== null) }
    case "stream_opened":
      return openStream(state, action.stream, action.key)
    case "stream_event":
      return applyEvent(state, action.stream, action.event)
    case "stream_closed":
      return closeStream(state, action.stream)
    case "settled":
      return mapTurns(state, (turn) =>
        turn.turnId === action.turnId && turn.status.is === "running" ? end(turn, { is: "done" }, true) : turn,
      )
    case "choice_changed":
      return mapTurns(state, (turn) => withParts(turn, setChoice(turn.parts, action.choiceId, action.progress)))
  }
}

const mapTurns = (state: ChatState, one: (turn: Turn) => Turn): ChatState => {
  const turns = state.turns.map(one)
  return turns.every((turn, index) => turn === state.turns[index]) ? state : { ...state, turns }
}
const change = (state: ChatState, key: string, changes: Partial<Turn>): ChatState =>
  mapTurns(state, (turn) => (turn.key === key ? { ...turn, ...changes } : turn))
const withParts = (turn: Turn, parts: Turn["parts"]): Turn => (parts === turn.parts ? turn : { ...turn, parts })

const newTurn = (key: string, turnId: string | null, status: TurnStatus): Turn => ({
  key,
  turnId,
  messages: [],
  parts: [],
  status,
  owner: null,
  live: false,
  untidy: false,
  cut: false,
})

/** A turn's number in its conversation; turns that have none yet come last. */
const orderOf = (turn: Turn): number => {
  const number = /_(\d+)$/.exec(turn.turnId ?? "")?.[1]
  return number === undefined ? Number.POSITIVE_INFINITY : Number(number)
}
const insert = (turns: readonly Turn[], turn: Turn): readonly Turn[] => {
  const at = turns.findIndex((other) => orderOf(other) > orderOf(turn))
  return at < 0 ? [...turns, turn] : turns.toSpliced(at, 0, turn)
}

function mergeRecorded(turns: readonly Turn[], recorded: RecordedTurn): readonly Turn[] {
  const known = turns.find((turn) => turn.turnId === recorded.turnId)
  if (!known) return insert(turns, { ...newTurn(recorded.turnId, recorded.turnId, recorded.status), ...recorded })
  const messages = recorded.messages.length > 0 ? recorded.messages : known.messages
  return turns.map((turn) => (turn === known ? { ...mergeAnswer(known, recorded), messages } : turn))
}

/** What a stream told stays while the turn is open; afterwards the record is better when it is complete. */
function mergeAnswer(known: Turn, recorded: RecordedTurn): Turn {
  const { parts, status } = recorded
  if (!known.live) return { ...known, parts, status: known.status.is === "running" ? known.status : status }
  if (isOpen(known.status) || !known.untidy) return known
  const complete = !isOpen(status) && inkOf(parts) >= inkOf(known.parts)
  if (!complete) return known
  return { ...known, parts, status: known.status.is === "done" ? status : known.status, untidy: false }
}

/** How much there is to read: blank space differs between the record and a stream. */
const inkOf = (parts: Turn["parts"]) => textOfParts(parts).replaceAll(/\s+/g, "").length

function addSent(state: ChatState, message: PersonMessage, turnId: string | null): ChatState {
  if (state.turns.some((turn) => turn.key === message.key || (turnId !== null && turn.turnId === turnId))) return state
  const turn: Turn = { ...newTurn(message.key, turnId, { is: "sending" }), messages: [message] }
  return { ...state, turns: insert(state.turns, turn) }
}

function openStream(state: ChatState, stream: string, key: string | null): ChatState {
  if (key !== null) return { ...state, streams: { ...state.streams, [stream]: key } }
  // A watcher that returns goes on with the turn that lost its stream: `started` is not told again.
  const lost = state.turns.find((turn) => turn.status.is === "running" && turn.owner === null)
  const opened = { ...state, streams: { ...state.streams, [stream]: lost?.key ?? null } }
  return lost ? change(opened, lost.key, { owner: stream }) : opened
}

function closeStream(state: ChatState, stream: string): ChatState {
  if (!(stream in state.streams)) return state
  const { [stream]: _closed, ...streams } = state.streams
  return mapTurns({ ...state, streams }, (turn) => {
    if (turn.owner !== stream) return turn
    const lost = turn.status.is === "running"
    return { ...turn, owner: null, cut: turn.cut || lost, untidy: turn.untidy || lost }
  })
}

function applyEvent(state: ChatState, stream: string, event: LoopEvent): ChatState {
  switch (event.event) {
    case "ping":
      return state
    case "queued":
      return changeCurrent(state, stream, (turn) =>
        turn.turnId === null ? { ...turn, status: { is: "queued", position: event.data.position } } : turn,
      )
    case "started":
      return beginTurn(state, stream, event.data.turn_id, true)
    case "snapshot": {
      const { assistant_text_so_far: whole, pending_choice_id: pending } = event.data
      return speak(beginTurn(state, stream, event.data.turn_id, false), stream, (turn) => ({
        ...turn,
        parts: resolveChoice(applySnapshotText(turn.parts, whole, turn.cut), pending),
        cut: false,
      }))
    }
    case "assistant_delta":
      return speak(state, stream, (turn) => withParts(turn, appendPiece(turn.parts, "text", event.data.text)))
    case "thinking_delta":
      return speak(state, stream, (turn) => withParts(turn, appendPiece(turn.parts, "thinking", event.data.text)))
    case "tool_call":
      return speak(state, stream, (turn) => {
        const { tool_use_id: toolUseId, tool, input_summary: summary } = event.data
        if (turn.parts.some((part) => part.kind === "tool" && part.toolUseId === toolUseId)) return turn
        const part = { kind: "tool", toolUseId, tool, outcome: "running", ...(summary ? { summary } : {}) } as const
        return { ...turn, parts: [...turn.parts, part] }
      })
    case "tool_result":
      return speak(state, stream, (turn) => ({
        ...turn,
        parts: turn.parts.map((part) =>
          part.kind === "tool" && part.toolUseId === event.data.tool_use_id
            ? { ...part, outcome: event.data.ok ? "ok" : "failed" }
            : part,
        ),
      }))
    case "requires_choice":
      return speak(state, stream, (turn) => {
        const { choice_id: choiceId, kind, payload } = event.data
        return { ...turn, parts: putChoice(turn.parts, choiceId, { kind, payload }) }
      })
    case "choice_resolved": {
      const { choice_id: choiceId, source } = event.data
      return mapTurns(state, (turn) => withParts(turn, setChoice(turn.parts, choiceId, { is: "resolved", source })))
    }
    case "done":
      return endTurn(state, stream, event.data.turn_id, { is: "done" })
    case "interrupted":
      return endTurn(state, stream, event.data.turn_id, { is: "interrupted" })
    case "error": {
      const { code, message, turn_id: turnId } = event.data
      return endTurn(state, stream, turnId ?? null, { is: "failed", code, message })
    }
  }
}

const currentOf = (state: ChatState, stream: string): Turn | undefined =>
  state.turns.find((turn) => turn.key === state.streams[stream])

const changeCurrent = (state: ChatState, stream: string, one: (turn: Turn) => Turn): ChatState => {
  const current = currentOf(state, stream)
  return current ? mapTurns(state, (turn) => (turn === current ? one(turn) : turn)) : state
}

/** Applies an event to the stream's turn, unless another stream tells that turn. */
const speak = (state: ChatState, stream: string, one: (turn: Turn) => Turn): ChatState =>
  changeCurrent(state, stream, (turn) => (turn.owner === stream ? { ...one(turn), live: true } : turn))

/** The stream now speaks of this turn. `fresh`: it will tell it from its start. */
function beginTurn(state: ChatState, stream: string, turnId: string, fresh: boolean): ChatState {
  if (!(stream in state.streams)) return state
  const said = currentOf(state, stream)
  const sent = said && (said.turnId === null || said.turnId === turnId) ? said : undefined
  const known = state.turns.find((turn) => turn.turnId === turnId)
  const base = known ?? { ...(sent ?? newTurn(turnId, turnId, { is: "running" })), turnId }
  const told = base.owner !== null && base.owner !== stream && base.owner in state.streams
  const messages = known && sent && known.messages.length === 0 ? sent.messages : base.messages
  const replayed = fresh && !told && known !== undefined
  const begun: Turn = told
    ? { ...base, messages }
    : {
        ...base,
        messages,
        parts: replayed ? [] : base.parts,
        status: { is: "running" },
        owner: stream,
        live: true,
        untidy: base.untidy || !fresh || replayed,
        cut: replayed ? false : base.cut,
      }
  const others = state.turns.filter((turn) => turn !== known && turn !== sent)
  const turns = known ? state.turns.filter((turn) => turn === known || turn !== sent) : others
  return {
    turns: known ? turns.map((turn) => (turn === known ? begun : turn)) : insert(others, begun),
    streams: { ...state.streams, [stream]: begun.key },
  }
}

function end(turn: Turn, status: TurnStatus, untidy = turn.untidy): Turn {
  return { ...turn, status, untidy, parts: closeSteps(turn.parts), owner: null, cut: false, live: true }
}

function endTurn(state: ChatState, stream: string, turnId: string | null, status: TurnStatus): ChatState {
  const current = currentOf(state, stream)
  const target = turnId === null ? current : state.turns.find((turn) => turn.turnId === turnId)
  if (!target) return state
  const told = target.owner !== null && target.owner !== stream && target.owner in state.streams
  // The other stream tells this end itself, after the text that belongs before it.
  if (told) return state
  return mapTurns(state, (turn) => (turn === target ? end(turn, status) : turn))
}
