/** Loops as the gateway keeps them, in memory: turns that a test plays by hand, and streams that follow LOOP_API.md. */
import type { ServerResponse } from "node:http"
import type { MessageView, StepView, TurnOutcome } from "../../core/api/conversations.ts"
import { type LoopEvent, toSse } from "../../core/loop/event.ts"
import { ConversationId, TurnId } from "../../core/units.ts"

interface Reader {
  readonly response: ServerResponse
  /** Null: every turn; undefined: its message waits in the queue. */
  turn: FakeTurn | null | undefined
  readonly key: string | null
}
interface Queued {
  readonly key: string
  readonly text: string
}
interface Stored {
  readonly id: string
  readonly turn: FakeTurn
  readonly event: LoopEvent
}

/** One turn in the hands of the test. */
export class FakeTurn {
  readonly id: TurnId
  readonly loop: FakeLoop
  readonly number: number
  readonly message: Queued
  text = ""
  ended = false
  outcome: TurnOutcome
  pendingChoiceId: string | null = null
  readonly entries: MessageView[] = []

  constructor(loop: FakeLoop, number: number, message: Queued) {
    this.loop = loop
    this.number = number
    this.message = message
    this.id = TurnId.parse(`turn_${loop.id}_${number}`)
    this.outcome = { id: this.id, status: "running", error: null }
    this.#record("user", message.text, [])
  }
  say(text: string): void {
    this.text += text
    this.loop.publish(this, { event: "assistant_delta", data: { text } }, false)
  }
  think(text: string): void {
    this.loop.publish(this, { event: "thinking_delta", data: { text } }, false)
  }
  useTool(toolUseId: string, tool: string, summary: string): void {
    const data = { tool_use_id: toolUseId, tool, input_summary: summary }
    this.loop.publish(this, { event: "tool_call", data }, true)
  }
  giveResult(toolUseId: string, ok: boolean): void {
    this.loop.publish(this, { event: "tool_result", data: { tool_use_id: toolUseId, ok } }, true)
  }
  ask(
    choiceId: string,
    payload: { tool: string; input: { [key: string]: string }; reason: string; risk: string },
  ): void {
    this.pendingChoiceId = choiceId
    this.loop.publish(
      this,
      { event: "requires_choice", data: { choice_id: choiceId, kind: "permission", payload } },
      true,
    )
  }
  finish(): void {
    this.outcome = { ...this.outcome, status: "done" }
    this.#end({ event: "done", data: { turn_id: this.id } })
  }
  interrupt(): void {
    this.outcome = { ...this.outcome, status: "interrupted" }
    this.#end({ event: "interrupted", data: { turn_id: this.id } })
  }
  fail(code: string, message: string): void {
    this.outcome = { ...this.outcome, status: "failed", error: { code, message } }
    this.#end({ event: "error", data: { code, message, turn_id: this.id } })
  }
  #end(event: LoopEvent): void {
    this.ended = true
    if (this.text !== "") this.#record("assistant", this.text, [])
    this.loop.publish(this, event, true)
    this.loop.next()
  }
  #record(role: "user" | "assistant", text: string, steps: StepView[]): void {
    this.entries.push({
      id: `${this.id}_${this.entries.length}`,
      turnId: this.id,
      role,
      text,
      truncated: false,
      images: [],
      steps,
      sender: role === "user" ? "api" : null,
      senderName: null,
      tainted: false,
      createdAt: new Date().toISOString(),
    })
  }
}

export class FakeLoop {
  readonly id: ConversationId
  title: string
  readonly createdAt = new Date().toISOString()
  archivedAt: string | null = null
  readonly turns: FakeTurn[] = []
  readonly answers: { choiceId: string; answer: unknown }[] = []
  readonly #queue: Queued[] = []
  readonly #readers = new Set<Reader>()
  readonly #events: Stored[] = []
  readonly #waiting: ((turn: FakeTurn) => void)[] = []
  readonly #untaken: FakeTurn[] = []
  #count = 0

  constructor(number: number, title: string) {
    this.id = ConversationId.parse(`loop_${number.toString(16).padStart(32, "0")}`)
    this.title = title
  }

  get current(): FakeTurn | undefined {
    return this.turns.find((turn) => !turn.ended)
  }
  get openStreams(): number {
    return this.#readers.size
  }
  /** The next turn that begins, or the oldest one that the test has not taken yet. */
  nextTurn(): Promise<FakeTurn> {
    const begun = this.#untaken.shift()
    return begun ? Promise.resolve(begun) : new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Accepts a message once per key and streams its turn. */
  post(key: string, text: string, response: ServerResponse): void {
    const known = this.turns.find((turn) => turn.message.key === key)
    const reader = this.#open(response, known, key)
    if (known) {
      if (this.#replay(reader, known, null) === "open") this.#introduce(reader, known)
      return
    }
    if (!this.#queue.some((one) => one.key === key)) this.#queue.push({ key, text })
    if (this.current) {
      const position = this.#queue.findIndex((one) => one.key === key) + 1
      response.write(toSse({ event: "queued", data: { position } }))
    } else this.next()
  }
  watch(lastEventId: string | null, response: ServerResponse): void {
    const reader = this.#open(response, null, null)
    if (lastEventId !== null && this.#replay(reader, null, lastEventId) === "ended") return
    if (this.current) this.#introduce(reader, this.current)
  }
  next(): void {
    if (this.current) return
    const message = this.#queue.shift()
    if (!message) return
    const turn = new FakeTurn(this, this.turns.length + 1, message)
    this.turns.push(turn)
    for (const reader of this.#readers) if (reader.key === message.key) reader.turn = turn
    this.publish(turn, { event: "started", data: { turn_id: turn.id, cold_start: false } }, true)
    const taker = this.#waiting.shift()
    if (taker) taker(turn)
    else this.#untaken.push(turn)
  }
  publish(turn: FakeTurn, event: LoopEvent, stored: boolean): void {
    this.#count += 1
    const id = `1.${this.#count}`
    if (stored) this.#events.push({ id, turn, event })
    for (const reader of this.#readers) if (reader.turn === null || reader.turn === turn) this.#send(reader, event, id)
  }
  resolveChoice(choiceId: string, answer: unknown): "ok" | "unknown" {
    const turn = this.turns.find((one) => one.pendingChoiceId === choiceId)
    if (!turn) return "unknown"
    turn.pendingChoiceId = null
    this.answers.push({ choiceId, answer })
    this.publish(turn, { event: "choice_resolved", data: { choice_id: choiceId, source: "web" } }, true)
    return "ok"
  }

  #open(response: ServerResponse, turn: FakeTurn | null | undefined, key: string | null): Reader {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" })
    response.flushHeaders()
    const reader: Reader = { response, turn, key }
    this.#readers.add(reader)
    response.on("close", () => this.#readers.delete(reader))
    return reader
  }
  #send(reader: Reader, event: LoopEvent, id?: string): void {
    reader.response.write(toSse(event, id))
    if (event.event !== "done" && event.event !== "interrupted" && event.event !== "error") return
    this.#readers.delete(reader)
    reader.response.end()
  }
  #replay(reader: Reader, turn: FakeTurn | null, lastEventId: string | null): "ended" | "open" {
    const after = lastEventId === null ? 0 : Number(lastEventId.split(".")[1])
    for (const stored of this.#events) {
      if (Number(stored.id.split(".")[1]) <= after || (turn !== null && stored.turn !== turn)) continue
      const ends = stored.turn.ended && stored === this.#events.findLast((one) => one.turn === stored.turn)
      if (ends) {
        const text = stored.turn.text
        if (lastEventId === null) this.#send(reader, { event: "assistant_delta", data: { text } })
        else this.#send(reader, this.#snapshot(stored.turn))
      }
      this.#send(reader, stored.event, stored.id)
      if (ends) return "ended"
    }
    return "open"
  }
  #introduce(reader: Reader, turn: FakeTurn): void {
    this.#send(reader, this.#snapshot(turn))
  }
  #snapshot(turn: FakeTurn): LoopEvent {
    const data = { turn_id: turn.id, assistant_text_so_far: turn.text, pending_choice_id: turn.pendingChoiceId }
    return { event: "snapshot", data }
  }
}
