/** An object that does what a test tells it through its port: the subject of the hosts' contract suite. */
import * as z from "zod"
import { isLoopError, LoopError } from "../core/errors.ts"
import { after } from "../core/units.ts"
import type { AcceptSocket, HostedObject, ObjectHost, ObjectSocket } from "./host.ts"
import { routeOf, type Route } from "./peers.ts"

const Range = z.union([z.object({ prefix: z.string() }), z.object({ start: z.string(), end: z.string() })])
const Listing = z.object({ reverse: z.boolean().optional(), limit: z.number().optional() })
const Entry = z.object({ key: z.string(), value: z.json() })
const Message = z.object({ id: z.string(), secret: z.string(), body: z.string() })
const Wish = z.object({
  tags: z.array(z.string()).optional(),
  attachment: z.json().optional(),
  hello: z.string().optional(),
  answer: z.enum(["refuse", "break", "ignore", "break late"]).optional(),
})
const Order = z.discriminatedUnion("do", [
  z.object({ do: z.literal("say"), text: z.string() }),
  z.object({ do: z.literal("life") }),
  z.object({ do: z.literal("mark"), value: z.json() }),
  z.object({ do: z.literal("show mark") }),
  z.object({ do: z.literal("close"), code: z.number(), reason: z.string() }),
  z.object({ do: z.literal("fail") }),
])
const encoder = new TextEncoder()

/** What a peer call came to, as a value, so that a test sees what the object saw. */
type Seen = { status: "answered"; answer: unknown } | { status: "failed"; code: string; details: unknown }

export class ProbeObject implements HostedObject {
  readonly #host: ObjectHost
  /** Tells one life in memory from the next. */
  readonly #life: number
  readonly #waiting = new Map<string, () => void>()
  #chunksMade = 0
  #streamsCancelled = 0
  readonly #remembered = { text: "as returned" }

  constructor(host: ObjectHost) {
    this.#host = host
    this.#life = z.number().parse(host.storage.get("lives") ?? 0) + 1
    host.storage.put("lives", this.#life)
  }

  readonly #routes: Readonly<Record<string, Route>> = {
    id: async () => this.#host.id,
    life: async () => this.#life,
    get: async (input) => this.#host.storage.get(z.string().parse(input)) ?? null,
    put: async (input) => {
      const { key, value } = Entry.parse(input)
      this.#host.storage.put(key, value)
    },
    putAll: async (input) => {
      for (const { key, value } of z.array(Entry).parse(input)) this.#host.storage.put(key, value)
    },
    delete: async (input) => this.#host.storage.delete(z.string().parse(input)),
    deleteRange: async (input) => this.#host.storage.deleteRange(Range.parse(input)),
    list: async (input) => {
      const { reverse, limit } = Listing.parse(input)
      const order = { ...(reverse === undefined ? {} : { reverse }), ...(limit === undefined ? {} : { limit }) }
      return this.#host.storage.list({ ...Range.parse(input), ...order })
    },
    putText: async (input) => {
      const { key, length } = z.object({ key: z.string(), length: z.number() }).parse(input)
      return this.#see(async () => this.#host.storage.put(key, "é".repeat(length)))
    },
    putUnstorable: async (input) => {
      const values = { undefined, function: () => 1, bigint: 1n, surrogateKey: 1 }
      const name = z.enum(["undefined", "function", "bigint", "surrogateKey"]).parse(input)
      return this.#see(async () => this.#host.storage.put(name === "surrogateKey" ? "\ud800" : "k", values[name]))
    },
    copies: async () => this.#copies(),
    transact: async (input) => this.#transact(z.object({ entries: z.array(Entry), fails: z.boolean() }).parse(input)),
    transactNested: async () => this.#transactNested(),
    transactAsync: async () =>
      this.#see(async () => this.#host.storage.transaction(async () => this.#host.storage.put("async", true))),
    setAlarm: async (input) => {
      const afterMs = z.number().nullable().parse(input)
      this.#host.setAlarm(afterMs === null ? null : after(this.#host.now(), afterMs))
    },
    wait: async (input) => {
      const name = z.string().parse(input)
      await new Promise<void>((resolve) => this.#waiting.set(name, resolve))
      return this.#host.storage.get("while waiting") ?? null
    },
    free: async (input) => {
      const name = z.string().parse(input)
      this.#waiting.get(name)?.()
      return this.#waiting.delete(name)
    },
    keep: async (input) => {
      const name = z.string().parse(input)
      const freed = new Promise<void>((resolve) => this.#waiting.set(name, resolve))
      this.#host.keepAlive(freed.then(() => this.#host.storage.put(`kept ${name}`, true)))
    },
    keepFailing: async () => this.#host.keepAlive(Promise.reject(new Error("kept work that fails"))),
    fail: async (input) => {
      const code = z.enum(["loop_archived", "plain"]).parse(input)
      this.#host.storage.put("failed", code)
      if (code === "plain") throw new Error("a text for the log alone")
      throw new LoopError(code, { field: "loop", count: 2 })
    },
    returnRemembered: async () => this.#remembered,
    changeRemembered: async () => {
      const seen = this.#remembered.text
      this.#remembered.text = "changed later"
      return seen
    },
    /** Sends a message to the channel `id`, by the typed peer. */
    tell: async (input) => {
      const { id, ...message } = Message.parse(input)
      return this.#see(() => this.#host.peer("channel", id).call("webhook", message))
    },
    askBadAnswer: async (input) =>
      this.#see(() => this.#host.peer("channel", z.string().parse(input)).call("status", {})),
    webhook: async (input) => this.#hear(Message.omit({ id: true }).parse(input)),
    status: async () => ({ status: "no such status" }),
    showTyping: async () => {
      this.#host.storage.put("typing shown", true)
      return {}
    },
    putBlob: async (input) => {
      const { key, value } = Entry.parse(input)
      await this.#host.blobs.put(key, encoder.encode(z.string().parse(value)))
    },
    getBlob: async (input) => {
      const bytes = await this.#host.blobs.get(z.string().parse(input))
      return bytes === undefined ? null : new TextDecoder().decode(bytes)
    },
    deleteBlob: async (input) => this.#host.blobs.delete(z.string().parse(input)),
    erase: async () => this.#host.erase(),
    fetch: async (input) => {
      const { url, egress } = z.object({ url: z.string(), egress: z.enum(["operator", "agent"]) }).parse(input)
      this.#host.storage.put("fetched", url)
      return this.#see(async () => (await this.#host.fetch(new Request(url), egress)).text())
    },
    random: async () => Array.from(this.#host.random(16)),
    /** What is attached to the sockets of a tag, or to all. */
    marks: async (input) => {
      const { tag } = z.object({ tag: z.string().optional() }).parse(input)
      return this.#host.sockets.list(tag).map((socket) => socket.attachment)
    },
    tellSockets: async (input) => {
      const { tag, text, times } = z
        .object({ tag: z.string().optional(), text: z.string(), times: z.number().default(1) })
        .parse(input)
      this.#host.storage.put("told", text)
      for (let time = 0; time < times; time += 1) {
        for (const socket of this.#host.sockets.list(tag)) socket.send(text)
      }
    },
    markSockets: async (input) =>
      this.#see(async () => {
        for (const socket of this.#host.sockets.list()) socket.attachment = input
      }),
    closeSockets: async (input) => {
      const { code, reason } = z.object({ code: z.number(), reason: z.string() }).parse(input)
      return this.#see(async () => {
        for (const socket of this.#host.sockets.list()) socket.close(code, reason)
      })
    },
    isStopping: async () => this.#host.stopping.aborted,
    streamState: async () => ({ made: this.#chunksMade, cancelled: this.#streamsCancelled }),
  }

  async call(name: string, input: unknown): Promise<unknown> {
    return routeOf(this.#routes, name)(input)
  }

  stream(name: string, input: unknown): ReadableStream<Uint8Array> {
    const { chunks, failsAfter } = z.object({ chunks: z.number(), failsAfter: z.number().optional() }).parse(input)
    if (name !== "count") throw new LoopError("internal", { method: name })
    let at = 0
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (at === failsAfter) throw new LoopError("loop_archived", { field: "stream" })
          if (at === chunks) return controller.close()
          this.#host.storage.put("last chunk", at)
          this.#chunksMade += 1
          at += 1
          controller.enqueue(encoder.encode(`${at};`.padEnd(1_000, " ")))
        },
        cancel: () => {
          this.#streamsCancelled += 1
        },
      },
      { highWaterMark: 0 },
    )
  }

  async alarm(): Promise<void> {
    const ran = z.number().parse(this.#host.storage.get("alarms") ?? 0) + 1
    this.#host.storage.put("alarms", ran)
    const again = z
      .number()
      .nullable()
      .parse(this.#host.storage.get("alarm again after") ?? null)
    if (again !== null) {
      this.#host.storage.delete("alarm again after")
      this.#host.setAlarm(after(this.#host.now(), again))
    }
    if (this.#host.storage.get("alarm fails") === true) throw new Error("an alarm that fails")
  }

  async onUpgrade(input: unknown, accept: AcceptSocket): Promise<void> {
    const { answer, hello, ...options } = Wish.parse(input)
    this.#host.storage.put("asked", true)
    if (answer === "refuse") throw new LoopError("loop_archived", { field: "loop" })
    if (answer === "break") throw new Error("a text for the log alone")
    if (answer === "ignore") return
    const socket = accept(options)
    if (hello !== undefined) socket.send(hello)
    if (answer === "break late") throw new Error("a text for the log alone")
  }

  async onSocketMessage(socket: ObjectSocket, data: string | Uint8Array): Promise<void> {
    if (typeof data !== "string") return socket.send(data.toReversed())
    const order = Order.parse(JSON.parse(data))
    switch (order.do) {
      case "say":
        this.#host.storage.put("said", order.text)
        return socket.send(order.text)
      case "life":
        return socket.send(String(this.#life))
      case "mark":
        socket.attachment = order.value
        return
      case "show mark":
        return socket.send(JSON.stringify(socket.attachment))
      case "close":
        return socket.close(order.code, order.reason)
      case "fail":
        throw new Error("a text for the log alone")
    }
  }

  async onSocketClose(socket: ObjectSocket): Promise<void> {
    socket.send("nobody hears this")
    const closed = z.array(z.json()).parse(this.#host.storage.get("closed") ?? [])
    this.#host.storage.put("closed", [...closed, socket.attachment])
  }

  #copies(): unknown {
    const value = { list: [1, 2] }
    this.#host.storage.put("copied", value)
    value.list.push(3)
    const first = z.object({ list: z.array(z.number()) }).parse(this.#host.storage.get("copied"))
    first.list.push(4)
    return this.#host.storage.get("copied")
  }

  async #transact({
    entries,
    fails,
  }: {
    entries: { key: string; value: unknown }[]
    fails: boolean
  }): Promise<unknown> {
    return this.#see(async () =>
      this.#host.storage.transaction(() => {
        for (const { key, value } of entries) this.#host.storage.put(key, value)
        this.#host.setAlarm(after(this.#host.now(), 60_000))
        if (fails) throw new LoopError("queue_full")
        return this.#host.storage.get(entries[0]?.key ?? "")
      }),
    )
  }

  #transactNested(): void {
    const { storage } = this.#host
    storage.transaction(() => {
      storage.put("outer", 1)
      try {
        storage.transaction(() => {
          storage.put("inner", 1)
          throw new Error("only the inner one")
        })
      } catch {
        storage.put("after inner", 1)
      }
    })
  }

  async #hear({ secret, body }: { secret: string; body: string }): Promise<{ status: "accepted" | "ignored" }> {
    if (secret === "fail") throw new LoopError("loop_archived", { field: body })
    if (secret === "break") throw new Error(body)
    if (secret === "call back") await this.#host.peer("channel", body).call("showTyping", { chatId: 1 })
    this.#host.storage.put("heard", body)
    return { status: "accepted" }
  }

  async #see(work: () => Promise<unknown>): Promise<Seen> {
    try {
      return { status: "answered", answer: (await work()) ?? null }
    } catch (error) {
      return isLoopError(error)
        ? { status: "failed", code: error.code, details: error.details }
        : { status: "failed", code: error instanceof TypeError ? "TypeError" : String(error), details: {} }
    }
  }
}

/** The port of an object that cannot reach the peers for which `isCut` says so: as when a part of the edge is away. */
export function cutPeers(host: ObjectHost, isCut: (id: string) => boolean): ObjectHost {
  return {
    ...host,
    peer(kind, id) {
      const peer = host.peer(kind, id)
      return isCut(id) ? { call: cut, stream: cut } : peer
    },
  }
}

async function cut(): Promise<never> {
  throw new LoopError("peer_unavailable")
}
