/** Group commit, and the promise that nothing leaves an object before its writes are durable. */
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Libsql } from "../../../adapters/store/libsql.ts"
import { mergeProjections } from "../../../adapters/store/projection.ts"
import { isLoopError } from "../../../core/errors.ts"
import type { HostedObject, ObjectHost } from "../../../durable-objects/host.ts"
import { openProbeHost, type ProbeHost } from "../../testkit/probe-host.ts"

let host: ProbeHost
/** Set, the next commits fail with it. */
let commitFailure: Error | undefined
let atFetch: () => void = () => {}

const disk = new Error("database or disk is full")
const noObject = { stream: () => new ReadableStream<Uint8Array>(), alarm: async () => {} }

beforeEach(async () => {
  commitFailure = undefined
  host = await openProbeHost({ aroundCommit, fetch: { operator: answer, agent: answer } })
})
afterEach(() => host.close())

function aroundCommit(commit: () => void): void {
  if (commitFailure !== undefined) throw commitFailure
  commit()
}

async function answer(): Promise<Response> {
  atFetch()
  return new Response("answered")
}

const call = (id: string, method: string, input: unknown = {}) => host.objects.reach("channel", id).call(method, input)

async function codeOf(work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    () => "answered",
    (error: unknown) => error,
  )
  return isLoopError(outcome) ? outcome.code : String(outcome)
}

/** What a second reader of the file sees now: the durable state alone. */
function durable(id: string, key: string): unknown {
  const db = new DatabaseSync(join(host.directory, "objects.db"), { readOnly: true })
  const row = db.prepare("SELECT value FROM kv WHERE object = ? AND key = ?").get(`channel/${id}`, key)
  db.close()
  return row === undefined ? undefined : JSON.parse(String(row.value))
}

/** A database that notes with each request how far the step of "o" is durable. */
function seenBy(seen: unknown[]): { look: () => Promise<[]>; libsql: Libsql } {
  const look = async (): Promise<[]> => {
    seen.push(durable("o", "step"))
    return []
  }
  return { look, libsql: { read: look, write: look, project: async () => void (await look()), scrub: async () => {} } }
}

/** Opens a host whose objects run `act` when called, once the file is known. */
async function hostOf(
  act: (port: ObjectHost) => Promise<unknown>,
  options: { libsql?: Libsql; readsStayInside?: boolean } = {},
): Promise<void> {
  await host.close()
  const create = (_: string, port: ObjectHost): HostedObject => ({ ...noObject, call: () => act(port) })
  host = await openProbeHost({ aroundCommit, fetch: { operator: answer, agent: answer }, create, ...options })
}

describe("group commit", () => {
  test("all writes of one tick, of many objects, are one commit", async () => {
    const before = host.objects.stats().commits
    await Promise.all(Array.from({ length: 200 }, (_, n) => call(`many ${n}`, "put", { key: "k", value: n })))
    expect(host.objects.stats().commits).toBe(before + 1)
    expect(durable("many 199", "k")).toBe(199)
  })

  test("reading commits nothing", async () => {
    await call("reader", "get", "k")
    const before = host.objects.stats().commits
    for (let n = 0; n < 5; n += 1) await call("reader", "get", "k")
    expect(host.objects.stats().commits).toBe(before)
  })

  test("an object's own failure loses nobody's writes, not even its own", async () => {
    const other = call("other", "put", { key: "k", value: 1 })
    expect(await codeOf(call("failing", "fail", "plain"))).toBe("internal")
    await other
    expect(durable("other", "k")).toBe(1)
    expect(durable("failing", "failed")).toBe("plain")
  })
})

describe("what an object wrote is durable before", () => {
  test("its request leaves", async () => {
    let seen: unknown
    atFetch = () => {
      seen = durable("f", "fetched")
    }
    await call("f", "fetch", { url: "http://example.com/", egress: "operator" })
    expect(seen).toBe("http://example.com/")
  })

  test("its answer is seen", async () => {
    await call("a", "put", { key: "k", value: "stored" })
    expect(durable("a", "k")).toBe("stored")
  })

  test("its failure is seen", async () => {
    expect(await codeOf(call("a", "fail", "loop_archived"))).toBe("loop_archived")
    expect(durable("a", "failed")).toBe("loop_archived")
  })

  test("another call's answer tells of it", async () => {
    await call("a", "life")
    const writing = call("a", "put", { key: "k", value: "fresh" })
    expect(await call("a", "get", "k")).toBe("fresh")
    expect(durable("a", "k")).toBe("fresh")
    await writing
  })

  test("each chunk of its stream is read", async () => {
    const reader = (await host.objects.reach("channel", "s").stream("count", { chunks: 3 })).getReader()
    for (let chunk = 0; chunk < 3; chunk += 1) {
      await reader.read()
      expect(durable("s", "last chunk")).toBe(chunk)
    }
  })

  test("anything leaves a peer that heard of it, a blob is written, the database is asked", async () => {
    const seen: unknown[] = []
    const { look, libsql } = seenBy(seen)
    await hostOf(
      async (port) => {
        if (port.id !== "o") return port.libsql.read([])
        port.storage.put("step", "peer")
        await port
          .peer("channel", "p")
          .call("refresh", {})
          .catch(() => {})
        port.storage.put("step", "read")
        await port.libsql.read([])
        port.storage.put("step", "write")
        await port.libsql.write([])
        port.storage.put("step", "blob")
        await port.blobs.put("b", new Uint8Array(1))
        return look()
      },
      { libsql },
    )
    await call("o", "go")
    expect(seen).toEqual(["peer", "read", "write", "blob"])
  })

  test("a database is written that is read without a wait, since it is in this process", async () => {
    const seen: unknown[] = []
    const { libsql } = seenBy(seen)
    await hostOf(
      async (port) => {
        port.storage.put("step", "read")
        await port.libsql.read([])
        port.storage.put("step", "write")
        await port.libsql.write([])
        port.storage.put("step", "project")
        return port.libsql.project(mergeProjections([]))
      },
      { libsql, readsStayInside: true },
    )
    await call("o", "go")
    expect(seen).toEqual([undefined, "write", "project"])
  })
})

/** `asker` writes, asks `heard`, and is told nothing; `heard` counts its lives in memory. */
async function askerAndHeard(inHeard: (port: ObjectHost) => Promise<void> = async () => {}): Promise<() => number> {
  let lives = 0
  await host.close()
  const create = (_: string, port: ObjectHost): HostedObject => {
    if (port.id === "heard") lives += 1
    const ask = async () => {
      port.storage.put("k", "asked")
      await port
        .peer("channel", "heard")
        .call("refresh", {})
        .catch(() => {})
    }
    return { ...noObject, call: () => (port.id === "heard" ? inHeard(port) : ask()) }
  }
  host = await openProbeHost({ aroundCommit, fetch: { operator: answer, agent: answer }, create })
  return () => lives
}

describe("objects that call each other", () => {
  test("share one commit, however often they do", async () => {
    await askerAndHeard(async (port) => port.storage.put("k", "heard"))
    const before = host.objects.stats().commits
    await call("asker", "go")
    expect(host.objects.stats().commits).toBe(before + 1)
    expect([durable("asker", "k"), durable("heard", "k")]).toEqual(["asked", "heard"])
  })

  test("lose together what one of them wrote: nobody remembers what never was", async () => {
    const lives = await askerAndHeard()
    commitFailure = disk
    expect(await codeOf(call("asker", "go"))).toBe("storage_failed")
    commitFailure = undefined
    await codeOf(call("heard", "go"))
    expect(lives()).toBe(2)
  })

  test("who asks answers only when the writes of who was asked are durable", async () => {
    await askerAndHeard(async (port) => port.storage.put("k", "heard"))
    commitFailure = disk
    expect(await codeOf(call("asker", "go"))).toBe("storage_failed")
  })
})

describe("a commit that fails", () => {
  test("fails all who wrote in it with storage_failed, and what they wrote never was", async () => {
    await call("a", "put", { key: "k", value: "before" })
    await call("b", "life")
    commitFailure = disk
    const codes = await Promise.all(
      [call("a", "put", { key: "k", value: "lost" }), call("b", "put", { key: "k", value: "lost" })].map(codeOf),
    )
    expect(codes).toEqual(["storage_failed", "storage_failed"])
    commitFailure = undefined
    expect(await call("a", "get", "k")).toBe("before")
    expect(await call("b", "get", "k")).toBeNull()
    expect(durable("a", "k")).toBe("before")
  })

  test("takes its writers from memory and leaves all others alone", async () => {
    await call("writer", "life")
    await call("reader", "life")
    commitFailure = disk
    await codeOf(call("writer", "put", { key: "k", value: 1 }))
    expect(await call("reader", "life")).toBe(1)
    commitFailure = undefined
    expect(await call("writer", "life")).toBe(2)
    expect(host.objects.stats().lostBatches).toBe(1)
  })

  test("fails who only read what was lost", async () => {
    await call("a", "life")
    commitFailure = disk
    const writing = codeOf(call("a", "put", { key: "k", value: "lost" }))
    const reading = codeOf(call("a", "get", "k"))
    expect(await Promise.all([writing, reading])).toEqual(["storage_failed", "storage_failed"])
  })

  test("sends nothing out", async () => {
    await call("a", "life")
    let sent = 0
    atFetch = () => {
      sent += 1
    }
    commitFailure = disk
    const code = await codeOf(call("a", "fetch", { url: "http://example.com/", egress: "operator" }))
    expect([code, sent]).toEqual(["storage_failed", 0])
  })

  test("ends at once the calls that wait in the object, and its streams", async () => {
    await call("a", "life")
    const waiting = codeOf(call("a", "wait", "for ever"))
    const reader = (await host.objects.reach("channel", "a").stream("count", { chunks: 9 })).getReader()
    await reader.read()
    commitFailure = disk
    await codeOf(call("a", "put", { key: "k", value: 1 }))
    expect(await waiting).toBe("storage_failed")
    expect(await codeOf(reader.read())).toBe("storage_failed")
  })

  test("what still runs in the object that was can neither write, read, ask nor set an alarm", async () => {
    let goOn = () => {}
    let attempts: Promise<string[]> | undefined
    await hostOf(async (port) => {
      const paused = new Promise<void>((resolve) => {
        goOn = resolve
      })
      const attempt = async (work: () => unknown) => codeOf((async () => work())())
      attempts = paused.then(() =>
        Promise.all([
          attempt(() => port.storage.put("k", "from beyond")),
          attempt(() => port.storage.get("k")),
          attempt(() => port.storage.transaction(() => 1)),
          attempt(() => port.setAlarm(port.now())),
          attempt(() => port.fetch(new Request("http://example.com/"), "operator")),
          attempt(() => port.peer("channel", "other").call("refresh", {})),
          attempt(() => port.blobs.get("b")),
          attempt(() => port.libsql.read([])),
        ]),
      )
      port.storage.put("k", "lost")
    })
    commitFailure = disk
    expect(await codeOf(call("zombie", "go"))).toBe("storage_failed")
    commitFailure = undefined
    goOn()
    expect(new Set(await attempts)).toEqual(new Set(["storage_failed"]))
    expect(durable("zombie", "k")).toBeUndefined()
  })

  test("in the middle of a transaction's own failure, the object hears storage_failed", async () => {
    await call("a", "life")
    commitFailure = disk
    expect(await codeOf(call("a", "transact", { entries: [{ key: "k", value: 1 }], fails: true }))).toBe(
      "storage_failed",
    )
    commitFailure = undefined
    expect(await call("a", "get", "k")).toBeNull()
  })

  test("service is back by itself with the next commit that succeeds", async () => {
    commitFailure = disk
    for (let n = 0; n < 3; n += 1) expect(await codeOf(call("a", "put", { key: "k", value: n }))).toBe("storage_failed")
    commitFailure = undefined
    await call("a", "put", { key: "k", value: "stored" })
    expect(durable("a", "k")).toBe("stored")
  })

  test("while an alarm ends, runs the alarm again", async () => {
    await call("a", "setAlarm", 60_000)
    commitFailure = disk
    host.timers.advance(60_000)
    await expect.poll(() => host.log.some(({ during }) => during === "alarm")).toBe(true)
    commitFailure = undefined
    expect(durable("a", "alarms")).toBeUndefined()
    host.timers.advance(1_000)
    await expect.poll(() => durable("a", "alarms")).toBe(1)
  })
})
