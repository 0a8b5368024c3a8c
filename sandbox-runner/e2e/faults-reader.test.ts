/** Readers that never read: what they are sent is bounded, and nobody else notices them. */
import { mkdtemp, rm } from "node:fs/promises"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { expect, test } from "vitest"
import * as z from "zod"
import { NodeConfig } from "../config.ts"
import { startGateway } from "../host/gateway.ts"
import { startScriptedModel } from "../testkit/scripted-model.ts"
import { createClient, enter, makeProgram, type Client } from "./client.ts"
import { shownText } from "./event-reader.ts"
import { createTranscript } from "./transcript.ts"

const events = 10_000
/** Together with what stands around it in an event, more than the kernel's buffers of a connection take. */
const charactersPerEvent = 500
const readers = 5
const mostGrowthBytes = 5_000_000
const Loop = z.object({ id: z.string() })
const Made = z.object({ token: z.string() })

/** What is in use after all garbage is gone, so that it can be compared. */
function usedBytes(): number {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  if (typeof collect === "function") for (let n = 0; n < 3; n += 1) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Opens the stream and reads no byte of it, not even the header. */
function openUnread(port: number, path: string, token: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.pause()
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost:${port}\r\nauthorization: Bearer ${token}\r\n\r\n`, () =>
        resolve(socket),
      )
    })
    socket.once("error", reject)
  })
}

test(`${readers} readers that never read cost less than 5 MB together in ${events} events, and hold nobody up`, async () => {
  const directory = await mkdtemp(join(tmpdir(), "loop-readers-"))
  const answer = {
    kind: "answer",
    text: "x".repeat(events * charactersPerEvent),
    chunkSize: charactersPerEvent,
  } as const
  const model = await startScriptedModel({ recordRequests: false, script: () => answer })
  const gateway = await startGateway({
    config: NodeConfig.parse({
      PORT: "0",
      DATA_DIR: directory,
      SETUP_CODE: "set-up-code-of-the-test",
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: "a-key-of-the-test",
      TOKEN_RATE_LIMIT_PER_MINUTE: "100000",
    }),
    log: () => {},
    say: () => {},
  })
  const { port } = gateway.started
  const transcript = createTranscript()
  const browser = await enter(
    createClient(`http://localhost:${port}`, transcript),
    "setup",
    transcript,
    "set-up-code-of-the-test",
  )
  const program = await makeProgram(browser, transcript)
  const { token } = (await browser.sendForSecret("POST", "/api/v1/me/tokens", { json: {} })).read(Made)
  const unread: Socket[] = []
  /** How much is kept of a loop in which that many stand by and do not read. */
  const growthWith = async (count: number) => {
    const { id } = (await program.send("POST", "/api/v1/loops", { json: {} })).read(Loop)
    const before = usedBytes()
    for (let n = 0; n < count; n += 1) unread.push(await openUnread(port, `/api/v1/loops/${id}/events`, token))
    await hear(program, id)
    return usedBytes() - before
  }
  // Once before, so that everything is compiled and every cache is filled.
  await growthWith(0)
  const without = await growthWith(0)
  const grown = (await growthWith(readers)) - without
  console.log(`${readers} readers that never read: ${Math.round(grown / 1_000)} KB in ${events} events`)
  expect(grown).toBeLessThan(mostGrowthBytes)
  for (const socket of unread) socket.destroy()
  await gateway.close()
  await model.close()
  await rm(directory, { recursive: true, force: true })
}, 120_000)

/** A reader who reads is told all of it. */
async function hear(program: Client, id: string): Promise<void> {
  const stream = await program.open("POST", `/api/v1/loops/${id}/messages`, { json: { content: "tell all" } })
  const read = await stream.rest()
  expect(read.at(-1)?.event).toBe("done")
  expect(read.filter(({ event }) => event === "assistant_delta").length).toBeGreaterThan(events / 2)
  expect(shownText(read)).toHaveLength(events * charactersPerEvent)
}
