/** A gateway under load, killed at random moments again and again, and what must hold of everything that was said to it. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "vitest"
import { conversationIdOf } from "../../adapters/conversation-id.ts"
import { textScript, type Script } from "../testkit/model-script.ts"
import { enter, makeProgram } from "./client.ts"
import { startCrowd, type Talker } from "./crowd.ts"
import { connect } from "./kill-stage.ts"
import { nodeHost } from "./node-host.ts"
import { createRandom } from "./random.ts"
import { isSettled, openRecordFile, readRecord, type Record } from "./record.ts"
import { openStage, type Stage } from "./stage.ts"

export interface RandomKills {
  readonly seed: number
  readonly kills: number
  /** People on Telegram, and programs on the loop API. */
  readonly people: number
  readonly programs: number
}

export interface Tally {
  messages: number
  /** Turns that ended with an answer, and those that ended with an explicit failure. */
  done: number
  failed: number
  /** Lines that were appended, each once. */
  lines: number
  /** Calls whose outcome a kill hid, and of which the model was told. */
  unknown: number
  /** Replies that reached a person more than once; each is marked. */
  repeated: number
  /** Replies that were given up, marked, after three kills while they were sent. */
  givenUp: number
}

/** A kill comes at most this long after the gateway answered, or after its start: about as long as a turn takes. */
const longestLifeMs = 500
/** One kill in so many comes while the gateway starts. */
const killsPerStart = 4
const firstChatId = 5_001

/** @throws when anything is lost, doubled, out of order or unmarked */
export async function runRandomKills({ seed, kills, people, programs }: RandomKills): Promise<Tally> {
  const random = createRandom(seed)
  const directory = await mkdtemp(join(tmpdir(), "loop-random-"))
  const stage = await openStage(nodeHost("embedded"), { DATA_DIR: join(directory, "data") })
  stage.model.setScript(unhurried)
  const chatIds = Array.from({ length: people }, (_, n) => firstChatId + n)
  const browser = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
  const program = await makeProgram(browser, stage.transcript)
  const channelId = await connect(browser, stage.telegram, chatIds)
  let deaths = 0
  const crowd = await startCrowd({
    telegram: stage.telegram,
    program,
    chatIds,
    programs,
    conversationOf: (chatId) => conversationIdOf(channelId, chatId),
    deaths: () => deaths,
  })
  for (; deaths < kills; deaths += 1) {
    const starting = deaths === 0 ? Promise.resolve() : stage.gateway.start()
    const started = starting.then(
      () => "started",
      (error: unknown) => String(error),
    )
    if (random.below(killsPerStart) > 0) expect(await started).toBe("started")
    await passed(random.below(longestLifeMs))
    await stage.gateway.kill9()
    await started
  }
  await stage.gateway.start()
  await crowd.stop()
  const database = openRecordFile(join(directory, "data", "gateway.db"))
  const records = await Promise.all(crowd.talkers.map((talker) => untilSettled(talker, database)))
  const tally = checkAll(stage, crowd.talkers, records)
  database.close()
  await stage.close()
  await rm(directory, { recursive: true, force: true })
  return tally
}

/** The answer in pieces, so that a kill finds turns at every stage. */
const obedient = textScript()
const unhurried: Script = async (request) => {
  const reply = await obedient(request)
  return reply.kind === "answer" ? { ...reply, chunkSize: 5, delayMs: 15 } : reply
}

async function untilSettled(
  { conversationId, said }: Talker,
  database: Parameters<typeof readRecord>[0],
): Promise<Record> {
  const isOver = async () => isSettled(await readRecord(database, conversationId), said)
  await expect.poll(isOver, { timeout: 60_000, message: `${conversationId} is settled` }).toBe(true)
  return readRecord(database, conversationId)
}

function checkAll(stage: Stage, talkers: readonly Talker[], records: readonly Record[]): Tally {
  const tally = {
    messages: 0,
    done: 0,
    failed: 0,
    lines: stage.lines.lines.length,
    unknown: 0,
    repeated: 0,
    givenUp: 0,
  }
  expect(stage.model.refused).toEqual([])
  expect(stage.lines.repeated()).toEqual([])
  for (const [index, talker] of talkers.entries()) {
    const record = records[index]
    if (record === undefined) continue
    expect(record.said.map(({ text }) => text)).toEqual(talker.said)
    expect(record.turns.map(({ status }) => status).filter((status) => !/^(done|failed)$/.test(status))).toEqual([])
    checkToolResults(stage, record)
    if (talker.chatId === undefined) checkEnds(talker)
    else checkReplies(stage, talker.chatId, record, tally)
    tally.messages += record.said.length
    tally.done += record.turns.filter(({ status }) => status === "done").length
    tally.failed += record.turns.filter(({ status }) => status === "failed").length
    tally.unknown += record.toolResults.filter(({ isError }) => isError).length
  }
  return tally
}

/** What the model was told is what happened. */
function checkToolResults(stage: Stage, { toolResults }: Record): void {
  for (const { text, isError } of toolResults) {
    if (isError) expect(text).toContain("outcome unknown")
    else expect(stage.lines.lines).toContain(text.replace(/^appended /, ""))
  }
}

/** Each message of a program had one end, and its own answer where it was answered. */
function checkEnds({ said, ends }: Talker): void {
  expect(ends).toHaveLength(said.length)
  for (const { event, text, mark } of ends) {
    expect(["done", "error"]).toContain(event)
    if (event === "done") expect(text).toBe(`answer ${mark}`)
  }
}

/** Each turn has one delivery; what is sent is in the chat, and more often than once only where it is marked. */
function checkReplies(stage: Stage, chatId: number, record: Record, tally: Tally): void {
  expect(new Set(record.deliveries.map(({ turnId }) => turnId)).size).toBe(record.turns.length)
  const inChat = stage.telegram.sentTo(chatId).map(({ text }) => text)
  for (const { turnId, status, isMarked, attempts } of record.deliveries) {
    const isAnswered = record.turns.some(({ id, status: end }) => id === turnId && end === "done")
    const text = record.answered.find((answer) => answer.turnId === turnId)?.text
    if (status === "failed") {
      expect(isMarked).toBe(true)
      tally.givenUp += 1
    }
    if (!isAnswered || text === undefined) continue
    const copies = inChat.filter((shown) => shown === text).length
    if (status === "sent") expect(copies, text).toBeGreaterThanOrEqual(1)
    expect(copies, text).toBeLessThanOrEqual(isMarked ? attempts : 1)
    tally.repeated += Math.max(0, copies - 1)
  }
  const marked = record.deliveries.filter(({ isMarked }) => isMarked)
  const mostRepeats = marked.reduce((sum, { attempts }) => sum + attempts - 1, 0)
  expect(inChat.length).toBeLessThanOrEqual(record.deliveries.length + mostRepeats)
  expect(inChat.length).toBeGreaterThanOrEqual(record.deliveries.filter(({ status }) => status === "sent").length)
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
