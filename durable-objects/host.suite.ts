/** What every host promises its objects: run over the Node host and, in workerd, over Durable Objects. */
import { describe, expect, test } from "vitest"
import { isLoopError } from "../core/errors.ts"
import type { ObjectKind, Peers } from "./peers.ts"
import type { Transport } from "./transport.ts"

/** A host whose objects are all ProbeObjects. */
export interface HostHarness {
  reach(kind: ObjectKind, id: string): Transport
  readonly peers: Peers
  /** Takes the object from memory, once nothing runs in it. */
  evict(kind: ObjectKind, id: string): Promise<void>
  /** Lets the object's alarm, set at most `afterMs` ahead, become due and run. False when there is none. */
  fireAlarm(kind: ObjectKind, id: string, afterMs: number): Promise<boolean>
  /** Peers of these ids answer no one. */
  readonly cut: Set<string>
  /** An address that answers `hello`, for the operator's own fetches. */
  readonly url: string
}

let objects = 0
const decoder = new TextDecoder()

const newId = () => `probe-${(objects += 1)}`

export function describeHost(name: string, harness: () => HostHarness): void {
  /** An object of its own for each test. */
  const probe = (id = newId()) => {
    const object = harness().reach("channel", id)
    return {
      id,
      call: (method: string, input: unknown = {}) => object.call(method, input),
      stream: (method: string, input: unknown) => object.stream(method, input),
    }
  }

  const alarmsOf = async (id: string) => probe(id).call("get", "alarms")

  describe(`${name}: stored values`, () => {
    test("what was put is read again, and what was deleted is not", async () => {
      const { call } = probe()
      await call("put", { key: "a", value: { nested: [1, null, "é\0\ud800"] } })
      expect(await call("get", "a")).toEqual({ nested: [1, null, "é\0\ud800"] })
      await call("put", { key: "a", value: 2 })
      expect(await call("get", "a")).toBe(2)
      await call("delete", "a")
      await call("delete", "never there")
      expect(await call("get", "a")).toBeNull()
    })

    test("two objects share no keys, whatever their ids hold", async () => {
      for (const id of ["a/b", "a", "ä", "a\0", "", "a%2Fb", "A"].map((odd) => `${newId()}${odd}`)) {
        await probe(id).call("put", { key: "own", value: id })
        await harness().reach("ledger", id).call("put", { key: "own", value: "another kind" })
        expect(await probe(id).call("list", { prefix: "own" })).toEqual([["own", id]])
        expect(await probe(id).call("id")).toBe(id)
      }
    })

    test("keys stand in the order of their UTF-8 bytes", async () => {
      const { call } = probe()
      const keys = [
        "",
        "A",
        "a",
        "a\0",
        "a\0b",
        "aa",
        "b",
        "é",
        "\ud7ff",
        "\ue000",
        "\uffff",
        "\u{10000}",
        "\u{10ffff}",
      ]
      await call(
        "putAll",
        keys.toReversed().map((key) => ({ key: `k${key}`, value: key })),
      )
      expect(await call("list", { prefix: "k" })).toEqual(keys.map((key) => [`k${key}`, key]))
      expect(await call("list", { prefix: "k", reverse: true })).toEqual(
        keys.toReversed().map((key) => [`k${key}`, key]),
      )
    })

    test.each<[string, object, string[]]>([
      ["a prefix", { prefix: "b" }, ["b", "b/1", "b/2", "b\u{10ffff}"]],
      ["a prefix that ends with the last character", { prefix: "b\u{10ffff}" }, ["b\u{10ffff}"]],
      ["a prefix before the surrogates", { prefix: "\ud7ff" }, ["\ud7ff1"]],
      ["a range, its end left out", { start: "b/1", end: "c" }, ["b/1", "b/2", "b\u{10ffff}"]],
      ["a range that ends before it starts", { start: "c", end: "b" }, []],
      ["the first two", { prefix: "b", limit: 2 }, ["b", "b/1"]],
      ["the last two", { prefix: "b", limit: 2, reverse: true }, ["b\u{10ffff}", "b/2"]],
      ["a range from behind", { start: "b", end: "b/2", reverse: true }, ["b/1", "b"]],
      ["none", { prefix: "b", limit: 0 }, []],
      ["more than there are", { prefix: "c", limit: 10 }, ["c"]],
      ["a prefix of nothing", { prefix: "bb" }, []],
    ])("lists %s", async (_, range, expected) => {
      const { call } = probe()
      const keys = ["a", "b", "b/1", "b/2", "b\u{10ffff}", "c", "\ud7ff1", "\ue0001"]
      await call(
        "putAll",
        keys.map((key) => ({ key, value: 1 })),
      )
      expect(await call("list", range)).toEqual(expected.map((key) => [key, 1]))
    })

    test("deletes a prefix or a range and nothing beside it", async () => {
      const { call } = probe()
      const keys = ["p", "p/1", "p/2", "p/3", "q"]
      await call(
        "putAll",
        keys.map((key) => ({ key, value: 1 })),
      )
      await call("deleteRange", { start: "p/1", end: "p/2" })
      expect(await call("list", { start: "p", end: "r" })).toEqual([
        ["p", 1],
        ["p/2", 1],
        ["p/3", 1],
        ["q", 1],
      ])
      await call("deleteRange", { prefix: "p/" })
      expect(await call("list", { start: "p", end: "r" })).toEqual([
        ["p", 1],
        ["q", 1],
      ])
    })

    test("changing a value after put or after get changes nothing stored", async () => {
      expect(await probe().call("copies")).toEqual({ list: [1, 2] })
    })

    test("key and value take 1,000,000 bytes of UTF-8 and not one more", async () => {
      const { call } = probe()
      // "é" has two bytes; the quotes and the one-letter key make three.
      expect(await call("putText", { key: "k", length: 499_998 })).toMatchObject({ status: "answered" })
      expect(await call("putText", { key: "ka", length: 499_998 })).toMatchObject({ status: "answered" })
      expect(await call("putText", { key: "kab", length: 499_998 })).toMatchObject({
        status: "failed",
        code: "storage_value_too_large",
      })
      expect(await call("get", "kab")).toBeNull()
    })

    test.each(["undefined", "function", "bigint", "surrogateKey"])("refuses to store: %s", async (what) => {
      expect(await probe().call("putUnstorable", what)).toMatchObject({ status: "failed", code: "TypeError" })
    })
  })

  describe(`${name}: transactions`, () => {
    test("keep all writes and the alarm", async () => {
      const { id, call } = probe()
      const entries = [
        { key: "t1", value: 1 },
        { key: "t2", value: 2 },
      ]
      expect(await call("transact", { entries, fails: false })).toEqual({ status: "answered", answer: 1 })
      expect(await call("list", { prefix: "t" })).toEqual([
        ["t1", 1],
        ["t2", 2],
      ])
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(true)
    })

    test("that throw keep neither writes nor the alarm, and what was before stays", async () => {
      const { id, call } = probe()
      await call("put", { key: "t1", value: "before" })
      const entries = [
        { key: "t1", value: 1 },
        { key: "t2", value: 2 },
      ]
      expect(await call("transact", { entries, fails: true })).toMatchObject({ status: "failed", code: "queue_full" })
      expect(await call("list", { prefix: "t" })).toEqual([["t1", "before"]])
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(false)
    })

    test("may stand in one another, and the inner one fails alone", async () => {
      const { call } = probe()
      await call("transactNested")
      expect(await call("get", "outer")).toBe(1)
      expect(await call("get", "inner")).toBeNull()
      expect(await call("get", "after inner")).toBe(1)
    })

    test("refuse asynchronous work", async () => {
      const { call } = probe()
      expect(await call("transactAsync")).toMatchObject({ status: "failed", code: "TypeError" })
      expect(await call("get", "async")).toBeNull()
    })
  })

  describe(`${name}: alarms`, () => {
    test("run once when due", async () => {
      const { id, call } = probe()
      await call("setAlarm", 60_000)
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(true)
      await until(async () => (await alarmsOf(id)) === 1)
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(false)
      expect(await alarmsOf(id)).toBe(1)
    })

    test("an alarm in the past runs at once", async () => {
      const { id, call } = probe()
      await call("setAlarm", -1_000)
      await until(async () => (await alarmsOf(id)) === 1)
    })

    test("there is one: a later setting takes the place of the earlier, null clears it", async () => {
      const { id, call } = probe()
      await call("setAlarm", 30_000)
      await call("setAlarm", 60_000)
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(true)
      await until(async () => (await alarmsOf(id)) === 1)
      await call("setAlarm", 60_000)
      await call("setAlarm", null)
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(false)
    })

    test("set again by the running alarm, it runs again", async () => {
      const { id, call } = probe()
      await call("put", { key: "alarm again after", value: 60_000 })
      await call("setAlarm", 60_000)
      await harness().fireAlarm("channel", id, 60_000)
      await until(async () => (await alarmsOf(id)) === 1)
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(true)
      await until(async () => (await alarmsOf(id)) === 2)
    })

    test("find the object gone from memory, and wake it under its id", async () => {
      const { id, call } = probe()
      await call("setAlarm", 60_000)
      await harness().evict("channel", id)
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(true)
      await until(async () => (await alarmsOf(id)) === 1)
      expect(await call("id")).toBe(id)
      expect(await call("life")).toBeGreaterThan(1)
    })

    test("that fail run again", async () => {
      const { id, call } = probe()
      await call("put", { key: "alarm fails", value: true })
      await call("setAlarm", 60_000)
      await harness().fireAlarm("channel", id, 60_000)
      await until(async () => (await alarmsOf(id)) === 1)
      await call("delete", "alarm fails")
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(true)
      await until(async () => (await alarmsOf(id)) === 2)
    })
  })

  describe(`${name}: calls`, () => {
    test("enter while another waits, and each sees the other's writes", async () => {
      const { call } = probe()
      const waiting = call("wait", "first")
      await call("put", { key: "while waiting", value: "seen" })
      expect(await call("free", "first")).toBe(true)
      expect(await waiting).toBe("seen")
    })

    test("A asks B, B asks A, and both answer", async () => {
      const a = probe()
      const b = probe()
      const answer = await a.call("tell", { id: b.id, secret: "call back", body: a.id })
      expect(answer).toEqual({ status: "answered", answer: { status: "accepted" } })
      expect(await a.call("get", "typing shown")).toBe(true)
      expect(await b.call("get", "heard")).toBe(a.id)
    })

    test("bring a failure's code and details to the peer that asked", async () => {
      const answer = await probe().call("tell", { id: newId(), secret: "fail", body: "loop" })
      expect(answer).toEqual({ status: "failed", code: "loop_archived", details: { field: "loop" } })
    })

    test("bring any other failure as internal, without its text", async () => {
      const answer = await probe().call("tell", { id: newId(), secret: "break", body: "a secret text" })
      expect(answer).toEqual({ status: "failed", code: "internal", details: {} })
    })

    test("bring failures to the edge, and what was written before them stays", async () => {
      const { call } = probe()
      const failure: unknown = await call("fail", "loop_archived").catch((error: unknown) => error)
      expect(isLoopError(failure) && [failure.code, failure.details]).toEqual([
        "loop_archived",
        { field: "loop", count: 2 },
      ])
      expect(await call("get", "failed")).toBe("loop_archived")
      const broken: unknown = await call("fail", "plain").catch((error: unknown) => error)
      expect(isLoopError(broken) && broken.code).toBe("internal")
      expect(broken instanceof Error && broken.message).not.toContain("log alone")
    })

    test("fail with internal for a method that does not exist, also one that every object inherits", async () => {
      for (const name of ["no such method", "toString", "__proto__"]) {
        const failure: unknown = await probe()
          .call(name)
          .catch((error: unknown) => error)
        expect(isLoopError(failure) && failure.code).toBe("internal")
      }
    })

    test("an answer that breaks the table of methods never reaches who asked", async () => {
      expect(await probe().call("askBadAnswer", newId())).toMatchObject({ status: "failed", code: "internal" })
    })

    test("the edge gets typed peers", async () => {
      const id = newId()
      expect(await harness().peers("channel", id).call("webhook", { secret: "", body: "hi" })).toEqual({
        status: "accepted",
      })
      expect(await probe(id).call("get", "heard")).toBe("hi")
    })

    test("answers are copies: what the object changes later, who asked does not see", async () => {
      const { call } = probe()
      const answer = await call("returnRemembered")
      await call("changeRemembered")
      expect(answer).toEqual({ text: "as returned" })
    })

    test("answers are copies: what who asked changes, the object does not see", async () => {
      const { call } = probe()
      const answer = await call("returnRemembered")
      if (typeof answer === "object" && answer !== null) Object.assign(answer, { text: "changed by the caller" })
      expect(await call("changeRemembered")).toBe("as returned")
    })

    test("a peer that is away is peer_unavailable, and answers again when it is back", async () => {
      const a = probe()
      const b = probe()
      harness().cut.add(b.id)
      const message = { id: b.id, secret: "", body: "hello" }
      expect(await a.call("tell", message)).toMatchObject({ status: "failed", code: "peer_unavailable" })
      harness().cut.delete(b.id)
      expect(await a.call("tell", message)).toMatchObject({ status: "answered" })
    })
  })

  describe(`${name}: life in memory`, () => {
    test("between any two events an object may leave memory; what it stored stays", async () => {
      const { id, call } = probe()
      for (let life = 1; life <= 4; life += 1) {
        expect(await call("life")).toBe(life)
        await call("put", { key: `event ${life}`, value: life })
        await harness().evict("channel", id)
      }
      expect(await call("list", { prefix: "event" })).toEqual([1, 2, 3, 4].map((life) => [`event ${life}`, life]))
    })

    test("work under keepAlive goes on after the call that began it", async () => {
      const { call } = probe()
      await call("keep", "work")
      expect(await call("get", "kept work")).toBeNull()
      expect(await call("free", "work")).toBe(true)
      await until(async () => (await call("get", "kept work")) === true)
    })

    test("work under keepAlive that fails hurts no one", async () => {
      const { call } = probe()
      await call("keepFailing")
      expect(await call("life")).toBe(1)
    })

    test("randomness differs", async () => {
      const { call } = probe()
      expect(await call("random")).toHaveLength(16)
      expect(await call("random")).not.toEqual(await call("random"))
    })
  })

  describe(`${name}: streams`, () => {
    test("bring all chunks in order, then end", async () => {
      const { call, stream } = probe()
      const text = await new Response(await stream("count", { chunks: 100 })).text()
      expect(text.split(/; */).slice(0, -1)).toEqual(Array.from({ length: 100 }, (_, n) => String(n + 1)))
      expect(await call("get", "last chunk")).toBe(99)
    })

    test("a reader that does not read holds the object back", async () => {
      const { call, stream } = probe()
      const reader = (await stream("count", { chunks: 10_000 })).getReader()
      const first = await reader.read()
      expect(decoder.decode(first.value)).toContain("1;")
      expect(await call("streamState")).toMatchObject({ cancelled: 0 })
      const { made } = madeOf(await call("streamState"))
      // 10,000 chunks are 10 MB; a transport may hold some tens of kilobytes on the way.
      expect(made).toBeLessThan(600)
      await reader.cancel()
    })

    test("a reader that leaves ends the object's stream", async () => {
      const { call, stream } = probe()
      const reader = (await stream("count", { chunks: 10_000 })).getReader()
      await reader.read()
      await reader.cancel()
      await until(async () => madeOf(await call("streamState")).cancelled === 1)
    })

    test("that break, break for the reader after the chunks before", async () => {
      const { stream } = probe()
      const reader = (await stream("count", { chunks: 5, failsAfter: 1 })).getReader()
      expect(decoder.decode((await reader.read()).value)).toContain("1;")
      await expect(reader.read()).rejects.toThrow()
    })

    test("that cannot begin fail with a code", async () => {
      const failure: unknown = await probe()
        .stream("no such stream", { chunks: 1 })
        .catch((error: unknown) => error)
      expect(isLoopError(failure) && failure.code).toBe("internal")
    })
  })

  describe(`${name}: ways out`, () => {
    test("blobs are whole, apart by object, and gone when deleted", async () => {
      const a = probe()
      const b = probe()
      const large = "x".repeat(2_000_000)
      for (const key of ["plain", "../../escape", "/abs", "a/b", "ä\0"]) {
        await a.call("putBlob", { key, value: key })
        expect(await a.call("getBlob", key)).toBe(key)
        expect(await b.call("getBlob", key)).toBeNull()
      }
      await a.call("putBlob", { key: "plain", value: large })
      expect(await a.call("getBlob", "plain")).toBe(large)
      await a.call("deleteBlob", "plain")
      await a.call("deleteBlob", "plain")
      expect(await a.call("getBlob", "plain")).toBeNull()
      expect(await a.call("getBlob", "a/b")).toBe("a/b")
    })

    test("an erased object has no key, no blob and no alarm, others keep theirs, and it may begin anew", async () => {
      const other = probe()
      await other.call("put", { key: "kept", value: 1 })
      await other.call("putBlob", { key: "kept", value: "kept" })
      const { id, call } = probe()
      await call(
        "putAll",
        Array.from({ length: 300 }, (_, n) => ({ key: `k${n}`, value: "x".repeat(2_000) })),
      )
      for (const key of ["a", "b/c"]) await call("putBlob", { key, value: key })
      await call("setAlarm", 60_000)
      await call("erase")
      expect(await call("list", { prefix: "" })).toEqual([])
      for (const key of ["a", "b/c"]) expect(await call("getBlob", key)).toBeNull()
      expect(await harness().fireAlarm("channel", id, 60_000)).toBe(false)
      await call("put", { key: "new", value: 2 })
      await call("putBlob", { key: "a", value: "new" })
      expect(await call("getBlob", "a")).toBe("new")
      await harness().evict("channel", id)
      expect(await probe(id).call("get", "new")).toBe(2)
      expect(await probe(id).call("get", "k1")).toBeNull()
      expect(await other.call("get", "kept")).toBe(1)
      expect(await other.call("getBlob", "kept")).toBe("kept")
    })

    test("the operator's addresses are reached", async () => {
      expect(await probe().call("fetch", { url: harness().url, egress: "operator" })).toEqual({
        status: "answered",
        answer: "hello",
      })
    })

    test.each(["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data", "http://0x7f.1/"])(
      "an agent does not reach %s",
      async (url) => {
        expect(await probe().call("fetch", { url, egress: "agent" })).toMatchObject({
          status: "failed",
          code: "egress_forbidden",
        })
      },
    )
  })
}

/** Asks again and again, without sleeping, until the condition holds; the runner's time limit ends a vain wait. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise<void>((resolve) => setTimeout(resolve, 0))
}

function madeOf(state: unknown): { made: number; cancelled: number } {
  if (typeof state === "object" && state !== null && "made" in state && "cancelled" in state) {
    return { made: Number(state.made), cancelled: Number(state.cancelled) }
  }
  throw new Error("no state of streams")
}
