/**
 * What a conversation stored under each release, in the middle of its work, is taken up by this one: a tool call cut off, a
 * question open, a part not yet sent, messages that wait.
 *
 * `golden/v1.json` and the next are what releases wrote, and are never edited: objects out there hold them. A release that changes what is
 * stored adds `v3` beside them, written by `RECORD_GOLDEN=v3` before a run of this file, and its name to `releases`; the code then
 * reads both. A test that fails here means that people's conversations would not open after an update.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import * as z from "zod"
import { createVault } from "../../adapters/vault.ts"
import { createMetrics } from "../../core/metrics/metrics.ts"
import type { OutgoingPart } from "../../core/channel/outgoing.ts"
import { openObjectHost, type NodeObjects } from "../../sandbox-runner/host/objects/objects.ts"
import { Config, parseEnvironment } from "../config.ts"
import type { HostedObject, ObjectHost } from "../host.ts"
import { Ledger } from "../ledger/ledger.ts"
import { methods, on, type ObjectKind } from "../peers.ts"
import { chatId, chatMessage, openHarness, type Harness } from "../testing/harness.ts"
import { defineTool } from "../tools/tool.ts"
import { Conversation } from "./conversation.ts"

const releases = ["v1", "v2"]
const thisRelease = "this release"

const Snapshot = z.array(z.tuple([z.string(), z.json()]))
type Snapshot = z.infer<typeof Snapshot>

const ran: string[] = []
const line = {
  description: "Appends a line.",
  input: z.object({ line: z.string() }),
  repeatable: false,
  outward: "acts" as const,
}
const tools = [false, true].map((asksFirst) =>
  defineTool({
    ...line,
    name: asksFirst ? "asked_line" : "append_line",
    risk: asksFirst ? "high" : "low",
    async run(input) {
      ran.push(input.line)
      harness.notify()
      // The call that the snapshot shows open.
      if (input.line === "cut off") await new Promise(() => {})
      return { text: `appended ${input.line}`, tainted: false }
    },
  }),
)

let harness: Harness
let objects: NodeObjects
afterEach(async () => {
  await objects.close(0)
  await harness.close()
})

/** Objects on a file of their own, whose conversations `prepare` sees before they are made. */
async function openWorld(prepare: (host: ObjectHost) => void) {
  ran.length = 0
  harness = await openHarness()
  const parsed = parseEnvironment(Config, { ANTHROPIC_API_KEY: "sk-test", ANTHROPIC_BASE_URL: harness.model.url })
  if (parsed.status !== "ok") throw new Error(parsed.problems.join())
  const sent: OutgoingPart[] = []
  const conversation = () => objects.peers("conversation", chatId)
  const world = { sent, conversation, isChannelBusy: false }
  const parts = {
    config: parsed.config,
    vault: createVault(new Uint8Array(32).fill(7)),
    tools,
    concurrentTurns: 1,
    log: () => {},
    metrics: createMetrics(""),
    systemPrompt: () => "",
    catalogue: [],
  }
  const send = on(methods.channel.send, async (part) => {
    world.sent.push(part)
    harness.notify()
    if (world.isChannelBusy) return { status: "later" as const, retryAfterMs: 1_000, reason: "Too many at once." }
    return { status: "sent" as const, externalId: String(world.sent.length) }
  })
  const channel: HostedObject = {
    call: async (name, input) => (name === "send" ? send(input) : {}),
    stream: () => new ReadableStream(),
    alarm: async () => {},
  }
  const create = (kind: ObjectKind, host: ObjectHost): HostedObject => {
    if (kind === "ledger") return new Ledger(host, parts)
    if (kind !== "conversation") return channel
    prepare(host)
    return new Conversation(host, parts)
  }
  objects = openObjectHost({
    path: join(harness.directory, "golden.db"),
    blobDirectory: join(harness.directory, "golden-blobs"),
    libsql: harness.libsql,
    timers: harness.time,
    fetch: { operator: (request) => fetch(request), agent: (request) => fetch(request) },
    create,
    log: () => {},
  })
  return world
}

/** A conversation of this release in the middle of its work, as its object would find it after a crash. */
async function record(): Promise<Snapshot> {
  const hosts: ObjectHost[] = []
  const world = await openWorld((host) => void hosts.push(host))
  world.isChannelBusy = true
  const accept = (text: string, whileBusy: "join" | "queue", number: number) =>
    world.conversation().call("accept", {
      viewer: null,
      message: chatMessage(text, { whileBusy, externalId: `tg:${number}` }),
    })
  await accept("say: earlier answer", "join", 1)
  await harness.until("the part that is put off", () => world.sent[0])
  await accept('tool append_line {"line":"cut off"}\ntool asked_line {"line":"agreed"}\nthen results', "join", 2)
  await harness.until("the call that hangs", () => ran[0])
  await accept("say: queued answer", "queue", 3)
  await accept("say: last answer", "queue", 4)
  const snapshot = Snapshot.parse(hosts[0]?.storage.list({ prefix: "" }))
  await objects.close(0)
  await harness.close()
  return snapshot
}

const folder = new URL("golden/", import.meta.url)

/** `RECORD_GOLDEN=v2` beside a run of this file writes what a new release stores. */
async function snapshotOf(release: string): Promise<Snapshot> {
  if (release !== thisRelease)
    return Snapshot.parse(JSON.parse(readFileSync(new URL(`${release}.json`, folder), "utf8")))
  const recorded = await record()
  const name = process.env["RECORD_GOLDEN"]
  // Never over one that is there.
  if (name !== undefined)
    writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(recorded, null, 2)}\n`, { flag: "wx" })
  return recorded
}

test.each([...releases, thisRelease])("what %s stored in the middle of a turn goes on to its end", async (release) => {
  const snapshot = await snapshotOf(release)
  const stored = (prefix: string) => snapshot.filter(([key]) => key.startsWith(prefix)).map(([, value]) => value)
  expect(stored("q/")).toHaveLength(2)
  // Since the second release the open question is among them.
  expect(stored("o/")[0]).toMatchObject({ status: "pending" })
  expect(JSON.stringify(stored("j/"))).toMatch(/"tool_started"/)
  expect(JSON.stringify(stored("j/"))).toMatch(/"choice_requested"/)

  const world = await openWorld((host) => {
    for (const [key, value] of snapshot) host.storage.put(key, value)
  })
  const { currentTurn } = await world.conversation().call("view", { viewer: null })
  const choiceId = currentTurn?.pendingChoiceId
  expect(choiceId).toMatch(/^choice_/)
  await objects
    .reach("conversation", chatId)
    .call("answer", { viewer: null, choiceId, answer: { allow: true }, source: "web" })
  harness.time.advance(2_000)
  await harness.until("all answers", () => world.sent[3])
  const texts = world.sent.map(({ text }) => text)
  expect(texts[0]).toBe("earlier answer")
  expect(texts[1]).toContain("outcome unknown")
  expect(texts[1]).toContain("appended agreed")
  expect(texts.slice(2)).toEqual(["queued answer", "last answer"])
  // The call that was cut off does not run again.
  expect(ran).toEqual(["agreed"])
})
