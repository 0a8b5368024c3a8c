/**
 * Messages on their way: each is posted in the order of writing until the gateway has it or refuses it, always with its
 * own key, so that trying again never doubles it. One turn is followed at a time; browsers allow few connections to a host.
 */
import type { Problem } from "../api/problem.ts"
import { isPassing, isSignedOut, toProblem } from "../api/problem.ts"
import type { HowItEnded } from "./listen.ts"
import { linkedAbort } from "./listen.ts"
import type { Patience } from "./patience.ts"
import type { PendingMessage } from "./pending.ts"

/** What the outbox needs of its chat. */
export interface OutboxPort {
  readonly signal: AbortSignal
  readonly patience: Patience
  /** Posts the message and opens its stream. */
  readonly open: (message: PendingMessage, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>
  readonly follow: (
    message: PendingMessage,
    body: ReadableStream<Uint8Array>,
    abort: AbortController,
  ) => Promise<HowItEnded>
  /** Takes the first event, which tells the place in the queue, and closes the stream. */
  readonly peek: (
    message: PendingMessage,
    body: ReadableStream<Uint8Array>,
    abort: AbortController,
  ) => Promise<HowItEnded>
  /** True when the message's turn is known to run, so that a watcher can go on with it. */
  readonly hasBegun: (message: PendingMessage) => boolean
  readonly onRejected: (message: PendingMessage, problem: Problem) => void
  /** The message left the outbox: its turn ended, or goes on under the watcher. */
  readonly onLeft: (message: PendingMessage, how: HowItEnded) => void
  readonly onLost: () => void
  /** The gateway has one more message, or refused it. */
  readonly onAnswered: () => void
}

export interface Outbox {
  readonly add: (message: PendingMessage) => void
  readonly has: (key: string) => boolean
  readonly isEmpty: () => boolean
  /** True while a message has no answer yet. */
  readonly isPosting: () => boolean
  /** Follows the oldest accepted message, unless one is being followed. */
  readonly followNext: () => void
}

interface Delivery {
  readonly message: PendingMessage
  /** `accepted`: the gateway has it, and its turn is followed when its time comes. */
  phase: "posting" | "following" | "accepted"
  /** The gateway has it or refused it: the next message may go. */
  readonly answered: PromiseWithResolvers<void>
}

type Attempt = "left" | "accepted" | { readonly againAfterMs: number | null }

/** An empty outbox. It stops with the port's signal; what was not delivered is sent again by the next one. */
export function createOutbox(port: OutboxPort): Outbox {
  const deliveries = new Map<string, Delivery>()
  const some = (phase: Delivery["phase"]) => [...deliveries.values()].some((delivery) => delivery.phase === phase)

  const attempt = async (delivery: Delivery): Promise<Attempt> => {
    const { message } = delivery
    const abort = linkedAbort(port.signal)
    try {
      const body = await port.open(message, abort.signal)
      delivery.answered.resolve()
      if (some("following")) {
        await port.peek(message, body, abort)
        return "accepted"
      }
      delivery.phase = "following"
      port.onAnswered()
      const how = await port.follow(message, body, abort)
      if (how === "lost" && !port.hasBegun(message)) return { againAfterMs: null }
      leave(delivery)
      port.onLeft(message, how)
      return "left"
    } catch (error) {
      const problem = toProblem(error)
      if (port.signal.aborted || isSignedOut(problem)) return "left"
      if (isPassing(problem)) return { againAfterMs: problem.retryAfterMs }
      leave(delivery)
      port.onRejected(message, problem)
      return "left"
    }
  }
  const leave = (delivery: Delivery) => {
    deliveries.delete(delivery.message.key)
    delivery.answered.resolve()
    port.onAnswered()
  }

  const deliver = async (delivery: Delivery) => {
    delivery.phase = "posting"
    for (;;) {
      const outcome = await attempt(delivery)
      if (outcome === "left" || port.signal.aborted) return
      if (outcome === "accepted") {
        delivery.phase = "accepted"
        port.onAnswered()
        return
      }
      delivery.phase = "posting"
      port.onLost()
      await port.patience.wait(outcome.againAfterMs)
      if (port.signal.aborted) return
    }
  }

  return {
    add(message) {
      if (deliveries.has(message.key)) return
      const before = [...deliveries.values()].map((delivery) => delivery.answered.promise)
      const delivery: Delivery = { message, phase: "posting", answered: Promise.withResolvers<void>() }
      deliveries.set(message.key, delivery)
      void Promise.all(before).then(() => deliver(delivery))
    },
    has: (key) => deliveries.has(key),
    isEmpty: () => deliveries.size === 0,
    isPosting: () => some("posting"),
    followNext() {
      if (some("following")) return
      const next = [...deliveries.values()].find((delivery) => delivery.phase === "accepted")
      if (next) void deliver(next)
    },
  }
}
