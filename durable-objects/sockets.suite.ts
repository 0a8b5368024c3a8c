/** What every host promises its objects of WebSockets: run over the Node host and, in workerd, over Durable Objects. */
import { describe, expect, test } from "vitest"
import { isLoopError } from "../core/errors.ts"
import { maxAttachmentBytes, maxSocketFrameBytes } from "./host.ts"
import type { HostHarness } from "./host.suite.ts"
import type { ObjectKind, Upgrade } from "./peers.ts"

/** A client's end of a WebSocket, as the web and Workers have it. */
export interface ClientWebSocket {
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
  addEventListener(type: "message", listen: (event: { data: unknown }) => void): void
  addEventListener(type: "close", listen: (event: { code: number; reason: string }) => void): void
}

export interface SocketHarness extends Pick<HostHarness, "reach" | "evict"> {
  readonly upgrade: Upgrade
  /** A client that the edge lets in, and the object takes. */
  connect(kind: ObjectKind, id: string, input: unknown): Promise<ClientWebSocket>
}

export interface Client {
  send(data: string | Uint8Array): void
  order(order: unknown): void
  close(code: number, reason: string): void
  /** The next frame that was not taken yet. */
  next(): Promise<string | Uint8Array>
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Keeps what arrives until it is asked for. */
export function toClient(socket: ClientWebSocket): Client {
  const frames: (string | Uint8Array)[] = []
  const waiting: ((frame: string | Uint8Array) => void)[] = []
  socket.addEventListener("message", ({ data }) => {
    const frame = data instanceof ArrayBuffer ? new Uint8Array(data) : String(data)
    const first = waiting.shift()
    if (first === undefined) frames.push(frame)
    else first(frame)
  })
  return {
    send: (data) => socket.send(data),
    order: (order) => socket.send(JSON.stringify(order)),
    close: (code, reason) => socket.close(code, reason),
    async next() {
      const frame = frames.shift()
      return frame ?? new Promise((resolve) => waiting.push(resolve))
    },
    closed: new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }))
    }),
  }
}

let objects = 0
const newId = () => `socket-probe-${(objects += 1)}`

export function describeSockets(name: string, harness: () => SocketHarness): void {
  const probe = (id = newId()) => {
    const object = harness().reach("channel", id)
    return {
      id,
      call: (method: string, input: unknown = {}) => object.call(method, input),
      connect: async (wish: unknown = {}) => toClient(await harness().connect("channel", id, wish)),
      evict: () => harness().evict("channel", id),
    }
  }
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "answered",
      (error: unknown) => (isLoopError(error) ? error.code : String(error)),
    )

  describe(`${name}: sockets`, () => {
    test("carry text and bytes both ways, in order", async () => {
      const client = await probe().connect()
      for (const text of ["one", "", "zwei 😀"]) client.order({ do: "say", text })
      client.send(Uint8Array.of(1, 2, 255))
      expect([await client.next(), await client.next(), await client.next()]).toEqual(["one", "", "zwei 😀"])
      expect(await client.next()).toEqual(Uint8Array.of(255, 2, 1))
    })

    test("bring what the object sends with its yes before all else", async () => {
      const { connect, call } = probe()
      const client = await connect({ hello: "welcome" })
      await call("tellSockets", { text: "later" })
      expect([await client.next(), await client.next()]).toEqual(["welcome", "later"])
    })

    test("are found by tag", async () => {
      const { connect, call } = probe()
      const ab = await connect({ tags: ["a", "b"], attachment: "ab" })
      const b = await connect({ tags: ["b"], attachment: "b" })
      expect(await call("marks", { tag: "a" })).toEqual(["ab"])
      expect(new Set(Object(await call("marks", { tag: "b" })))).toEqual(new Set(["ab", "b"]))
      expect(await call("marks", { tag: "c" })).toEqual([])
      expect(await call("marks")).toHaveLength(2)
      await call("tellSockets", { tag: "a", text: "for a" })
      await call("tellSockets", { tag: "b", text: "for b" })
      expect([await ab.next(), await ab.next(), await b.next()]).toEqual(["for a", "for b", "for b"])
    })

    test("belong to one object", async () => {
      const one = probe()
      const other = probe()
      await one.connect({ tags: ["t"] })
      expect(await other.call("marks", { tag: "t" })).toEqual([])
      expect(await other.call("marks")).toEqual([])
    })

    test("stay open while their object is out of memory, and so does what is attached to them", async () => {
      const { connect, call, evict } = probe()
      const client = await connect({ tags: ["t"], attachment: { seen: [1, "é"] } })
      expect(await call("life")).toBe(1)
      await evict()
      client.order({ do: "life" })
      expect(await client.next()).toBe("2")
      client.order({ do: "show mark" })
      expect(await client.next()).toBe('{"seen":[1,"é"]}')
      client.order({ do: "mark", value: "changed" })
      client.order({ do: "life" })
      await client.next()
      await evict()
      expect(await call("marks", { tag: "t" })).toEqual(["changed"])
      await call("tellSockets", { tag: "t", text: "still there" })
      expect(await client.next()).toBe("still there")
    })

    test("answer a ping without waking their object", async () => {
      const { connect, call, evict } = probe()
      const client = await connect()
      await evict()
      client.send("ping")
      expect(await client.next()).toBe("pong")
      expect(await call("life")).toBe(2)
    })

    test("that the client closes are told to the object, with what was attached, and are gone", async () => {
      const { connect, call } = probe()
      const client = await connect({ tags: ["t"], attachment: "mine" })
      const other = await connect({ attachment: "other" })
      client.close(1000, "bye")
      await expect.poll(() => call("get", "closed")).toEqual(["mine"])
      expect(await call("marks")).toEqual(["other"])
      expect(await call("marks", { tag: "t" })).toEqual([])
      expect(await client.closed).toMatchObject({ code: 1000 })
      await call("tellSockets", { text: "to who is left" })
      expect(await other.next()).toBe("to who is left")
    })

    test("that are closed while their object is out of memory wake it", async () => {
      const { connect, call, evict } = probe()
      const client = await connect({ attachment: "mine" })
      await evict()
      client.close(1000, "bye")
      await expect.poll(() => call("get", "closed")).toEqual(["mine"])
    })

    test("that the object closes bring the client code and reason, behind the frames before", async () => {
      for (const code of [1000, 1008, 1012, 1013, 4401]) {
        const { connect, call } = probe()
        const client = await connect({ attachment: code })
        client.order({ do: "say", text: "last words" })
        client.order({ do: "close", code, reason: "that is all" })
        expect(await client.next()).toBe("last words")
        expect(await client.closed).toEqual({ code, reason: "that is all" })
        expect(await call("marks")).toEqual([])
        await expect.poll(() => call("get", "closed")).toEqual([code])
      }
    })

    test("are refused with the object's own code, or with internal", async () => {
      const ask = (wish: unknown) =>
        codeOf(harness().upgrade("channel", newId(), new Request("http://gateway.example/"), wish))
      expect(await ask({ answer: "refuse" })).toBe("loop_archived")
      expect(await ask({ answer: "break" })).toBe("internal")
      expect(await ask({ answer: "ignore" })).toBe("internal")
    })

    test("whose object breaks after its yes are no sockets of it", async () => {
      const { id, call } = probe()
      const wish = { answer: "break late", hello: "too early" }
      const asked = harness().upgrade("channel", id, new Request("http://gateway.example/"), wish)
      expect(await codeOf(asked)).toBe("internal")
      expect(await call("marks")).toEqual([])
    })

    test("end with 1011 at a frame that the object fails at; its other sockets stay", async () => {
      const { connect, call } = probe()
      const client = await connect()
      await connect({ attachment: "other" })
      client.order({ do: "fail" })
      expect(await client.closed).toMatchObject({ code: 1011 })
      expect(await call("marks")).toEqual(["other"])
    })

    test("take frames up to the limit, and end with 1009 at a larger one", async () => {
      const { connect } = probe()
      const client = await connect()
      client.send(new Uint8Array(maxSocketFrameBytes))
      expect(await client.next()).toHaveLength(maxSocketFrameBytes)
      client.send(new Uint8Array(maxSocketFrameBytes + 1))
      expect(await client.closed).toMatchObject({ code: 1009 })
    })

    test("take attachments and tags up to the limit, and refuse more", async () => {
      const { connect, call } = probe()
      const large = "é".repeat((maxAttachmentBytes - 2) / 2)
      const tags = Array.from({ length: 10 }, (_, n) => String(n).repeat(256))
      await connect({ tags, attachment: large })
      expect(await call("marks", { tag: "9".repeat(256) })).toEqual([large])
      expect(await call("markSockets", `${large}e`)).toMatchObject({ status: "failed" })
      expect(await call("marks")).toEqual([large])
      for (const wish of [{ attachment: `${large}e` }, { tags: [...tags, "k"] }, { tags: ["k".repeat(257)] }]) {
        const asked = harness().upgrade("channel", newId(), new Request("http://gateway.example/"), wish)
        expect(await codeOf(asked)).toBe("internal")
      }
    })

    test.each([1001, 1005, 1006, 999, 2999, 5000])("are not closed with %i", async (code) => {
      const { connect, call } = probe()
      await connect({ attachment: "open" })
      expect(await call("closeSockets", { code, reason: "" })).toMatchObject({ status: "failed" })
      expect(await call("marks")).toEqual(["open"])
    })
  })
}
