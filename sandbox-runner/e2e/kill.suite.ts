/**
 * The gateway killed at every step of a turn, by what it speaks to: before each request is done, and after it was done but
 * before the gateway is told. Nothing else happens afterwards: what was accepted must end by itself, and nothing twice.
 */
import { expect } from "vitest"
import * as z from "zod"
import type { KillPoint } from "../testkit/kill-points.ts"
import type { KillStage } from "./kill-stage.ts"
import { isSettled, readRecord, type Record } from "./record.ts"

/** One message on its way through the gateway. */
export interface Errand {
  readonly conversationId: string
  /** Marks everything of this errand: its lines, its answer. */
  readonly mark: string
  readonly text: string
  /** Undefined for a program, which reads its answer from a stream. */
  readonly chatId: number | undefined
  /** Sends it, again as long as it is not acknowledged, never once it is. */
  deliver(): Promise<void>
}

/** Makes the n-th errand of its kind. */
export type Route = (stage: KillStage, n: number) => Promise<Errand>

/** Who writes first has this chat id, the next one the next. */
export const firstChatId = 1_001

function textOf(mark: string): string {
  const calls = ["a", "b"].map((which) => `tool append_line {"line":"${mark}.${which}"}`)
  return [...calls, `say: answer ${mark}`].join("\nthen ")
}

export const byTelegram: Route = async (stage, n) => {
  const chatId = firstChatId + n
  const mark = `chat${n}`
  const text = textOf(mark)
  return {
    conversationId: stage.conversationOf(chatId),
    mark,
    text,
    chatId,
    // Telegram itself offers an update again until it is taken.
    async deliver() {
      const { updateId } = stage.telegram.pushText({ chatId, text })
      await stage.telegram.waitForConfirmed(updateId, longestMs)
    },
  }
}

const Loop = z.object({ id: z.string() })

export const byLoopApi: Route = async (stage, n) => {
  const { id } = (await stage.program.send("POST", "/api/v1/loops", { json: {} })).read(Loop)
  const mark = `loop${n}`
  const text = textOf(mark)
  const send = async () => {
    const headers = { "idempotency-key": mark }
    const stream = await stage.program.open("POST", `/api/v1/loops/${id}/messages`, {
      json: { content: text },
      headers,
    })
    void stream.untilBroken()
  }
  return {
    conversationId: id,
    mark,
    text,
    chatId: undefined,
    async deliver() {
      await expect.poll(() => send().then(() => "acknowledged"), { timeout: longestMs }).toBe("acknowledged")
    },
  }
}

/** The longest way back: an alarm a minute ahead, where the host cannot look sooner. */
export const longestMs = 100_000

/** Sends an errand and waits until the gateway is held at the point, or the errand is over without. */
export async function sendInto(stage: KillStage, errand: Errand, point: KillPoint) {
  const { kills } = stage
  kills.arm(point)
  const delivered = errand.deliver()
  await expect.poll(async () => kills.isReached || (await isOver(stage, errand)), { timeout: longestMs }).toBe(true)
  const isHeld = kills.isReached
  kills.disarm()
  return { isHeld, count: kills.countOf(point.server), delivered }
}

/** Waits until all of the errand is over and recorded. */
export async function untilOver(stage: KillStage, errand: Errand): Promise<void> {
  await expect.poll(() => isOver(stage, errand), { timeout: longestMs, interval: 25 }).toBe(true)
}

async function isOver(stage: KillStage, errand: Errand): Promise<boolean> {
  const record = await readRecord(stage.libsql, errand.conversationId)
  return isSettled(record, [errand.text]) && stage.kills.openOf("libsql") === 0
}

/** What must hold of an errand that was cut at this point. */
export async function checkErrand(stage: KillStage, errand: Errand, point: KillPoint): Promise<void> {
  const where = `killed at ${point.server} ${point.n} ${point.moment}`
  const record = await readRecord(stage.libsql, errand.conversationId)
  expect(
    record.said.map(({ text }) => text),
    where,
  ).toEqual([errand.text])
  expect(
    record.turns.map(({ status }) => status),
    where,
  ).toEqual(["done"])
  expect(
    record.answered.map(({ text }) => text),
    where,
  ).toEqual([`answer ${errand.mark}`])
  checkLines(stage, errand, point, record, where)
  if (errand.chatId !== undefined) checkReplies(stage, errand.chatId, errand, point, record, where)
}

/** No line twice; one is missing only where the kill hid what became of it, and then the model was told. */
function checkLines(stage: KillStage, { mark }: Errand, point: KillPoint, record: Record, where: string): void {
  const expected = ["a", "b"].map((which) => `${mark}.${which}`)
  const unknown = record.toolResults.filter(({ isError }) => isError).map(({ text }) => text)
  for (const text of unknown) expect(text, where).toContain("outcome unknown")
  const lines = stage.lines.lines.filter((line) => line.startsWith(`${mark}.`))
  expect(expected.filter((line) => !lines.includes(line)).length, where).toBeLessThanOrEqual(unknown.length)
  expect(lines, where).toEqual(expected.filter((line) => lines.includes(line)))
  // The model runs beside no tool; the other two may be held while a tool runs, and then the kill hides its outcome.
  if (point.server === "model") expect(unknown, where).toEqual([])
  if (point.server !== "lines" || point.n > expected.length) return
  expect(unknown, where).toHaveLength(1)
  expect(lines.includes(expected[point.n - 1] ?? ""), where).toBe(point.moment === "before_answer")
}

/** The reply is there; twice only where it was sent and nobody was told, and then it is marked. */
function checkReplies(
  stage: KillStage,
  chatId: number,
  { mark }: Errand,
  point: KillPoint,
  record: Record,
  where: string,
): void {
  const replies = stage.telegram.sentTo(chatId).map(({ text }) => text)
  expect(new Set(replies), where).toEqual(new Set([`answer ${mark}`]))
  expect(
    record.deliveries.map(({ status }) => status),
    where,
  ).toEqual(["sent"])
  const isMarked = record.deliveries.some((delivery) => delivery.isMarked)
  const mayRepeat = point.server === "telegram" && point.moment === "before_answer"
  expect(replies.length, where).toBeLessThanOrEqual(mayRepeat && isMarked ? 2 : 1)
}
