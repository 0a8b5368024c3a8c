/** One connection to the gateway, of whatever kind: a WebSocket, or a call within the same process. */

export interface Wire {
  send(text: string): void
  /** Ends it. `onClose` of its events follows where it was not called before. */
  close(): void
}

export interface WireEvents {
  /** A text frame; the next one follows when the promise has resolved, so that a flood waits outside. */
  onText(text: string): Promise<void>
  /** It is over, whoever ended it. Called once. */
  onClose(code: number, reason: string): void
}

/** `refused`: the gateway's door does not let this runner in, and the sentence says what to do. `failed`: nobody answered. */
export type Dialled = { status: "open"; wire: Wire } | { status: "refused" | "failed"; message: string }

/** Opens a connection. Never rejects. */
export type Dial = (events: WireEvents) => Promise<Dialled>
