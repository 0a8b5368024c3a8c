/** What a running command wrote and the gateway has not confirmed. While they are linked the program waits for a slow gateway. */
import { maxOutputFrame, maxUnconfirmedOutput } from "../../core/runner/link.ts"

export interface OutputFrame {
  readonly offset: number
  readonly stream: "stdout" | "stderr"
  readonly text: string
}

export class OutputWindow {
  readonly #frames: OutputFrame[] = []
  readonly #send: (frame: OutputFrame) => void
  #end = 0
  #isLinked = false
  #resume: (() => void)[] = []

  /** @param send - called for each frame while the runner is linked */
  constructor(send: (frame: OutputFrame) => void) {
    this.#send = send
  }

  /** Resolves when more may follow. */
  async write(stream: "stdout" | "stderr", text: string): Promise<void> {
    for (let at = 0; at < text.length; at += maxOutputFrame) {
      const frame = { offset: this.#end, stream, text: text.slice(at, at + maxOutputFrame) }
      this.#end += frame.text.length
      this.#frames.push(frame)
      if (this.#isLinked) this.#send(frame)
      // Nobody watches while nobody is linked, and the program is not to stand still for that: the oldest goes.
      while (!this.#isLinked && this.#isFull) this.#frames.shift()
      while (this.#isLinked && this.#isFull) await new Promise<void>((resolve) => this.#resume.push(resolve))
    }
  }

  /** Output up to there has arrived. */
  confirm(offset: number): void {
    for (let first = this.#frames[0]; first !== undefined; first = this.#frames[0]) {
      if (first.offset + first.text.length > offset) break
      this.#frames.shift()
    }
    this.#wake()
  }

  /** Sends what did not arrive again. */
  link(offset: number): void {
    this.#isLinked = true
    this.confirm(offset)
    for (const frame of this.#frames) this.#send(frame)
  }

  unlink(): void {
    this.#isLinked = false
    this.#wake()
  }

  get #isFull(): boolean {
    const [first] = this.#frames
    return first !== undefined && this.#end - first.offset > maxUnconfirmedOutput
  }

  #wake(): void {
    const waiting = this.#resume
    this.#resume = []
    for (const resume of waiting) resume()
  }
}
