import { afterEach, beforeEach, expect, test } from "vitest"
import { type Edge, openEdge } from "../testing/edge.ts"
import { checkIntervalMs } from "./allowed-stream.ts"

let edge: Edge
let end: () => void
beforeEach(async () => {
  edge = await openEdge()
  edge.objects.nextStream = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("event: ping\ndata: {}\n\n"))
      end = () => controller.close()
    },
  })
})
afterEach(() => edge.close())

async function watch(credentials: { bearer?: string; cookie?: string }) {
  const made = await edge.fetch("/api/v1/loops", { body: {}, ...credentials })
  const { id } = Object(await made.json())
  const response = await edge.fetch(`/api/v1/loops/${id}/events`, credentials)
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error("no stream")
  await reader.read()
  return reader
}
/** Lets five seconds pass, and every timer of that interval run. */
async function pass(): Promise<void> {
  edge.advance(checkIntervalMs)
  for (const { intervalMs, tick } of edge.timers) if (intervalMs === checkIntervalMs) tick()
}
const revokeElsewhere = (tokenId: string) =>
  edge.libsql.write([{ sql: "update tokens set revoked_at = 1 where id = ?", args: [tokenId] }])

test("a stream ends within ten seconds after its token was revoked in another process", async () => {
  const { id } = await edge.addUser("ada", "operator")
  const { token, tokenId } = await edge.addToken(id, ["chat"])
  const reader = await watch({ bearer: token })
  const next = reader.read()
  await pass()
  await revokeElsewhere(tokenId)
  await pass()
  expect((await next).done).toBe(true)
  expect(edge.timers.size).toBe(0)
})

test("a stream ends when its person's role no longer allows it, and when the session is ended", async () => {
  for (const sql of ["update users set role = 'viewer'", "delete from sessions"]) {
    const { session } = await edge.addUser(`ada-${sql.length}`, "operator")
    edge.objects.nextStream = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(": x\n\n")),
    })
    const reader = await watch({ cookie: session })
    const next = reader.read()
    await edge.libsql.write([{ sql, args: [] }])
    await pass()
    expect((await next).done).toBe(true)
  }
})

test("a stream goes on for whoever may read it, also while the database is away, and ends with its source", async () => {
  const { id } = await edge.addUser("ada", "operator")
  const { token } = await edge.addToken(id, ["chat"])
  const reader = await watch({ bearer: token })
  await pass()
  edge.breakDatabase(true)
  await pass()
  await pass()
  edge.breakDatabase(false)
  end()
  expect((await reader.read()).done).toBe(true)
  expect(edge.timers.size).toBe(0)
})
