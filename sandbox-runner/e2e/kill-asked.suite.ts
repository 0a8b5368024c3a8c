/**
 * The gateway killed around a question: before it is asked, while it waits, and at every step after the tap. The tool runs once or
 * is reported as unknown, and the answer arrives.
 */
import { expect } from "vitest"
import * as z from "zod"
import type { KillPoint } from "../testkit/kill-points.ts"
import type { SentMessage } from "../testkit/telegram-messages.ts"
import type { KillStage } from "./kill-stage.ts"
import { firstChatId, longestMs } from "./kill.suite.ts"
import { isSettled, readRecord } from "./record.ts"

const Keyboard = z.object({
  inline_keyboard: z.array(z.array(z.object({ text: z.string(), callback_data: z.string() }))),
})

/** What the button with this label says; undefined where the message has none. */
export function buttonOf({ replyMarkup }: SentMessage, label: string): string | undefined {
  const keyboard = Keyboard.safeParse(replyMarkup).data?.inline_keyboard ?? []
  return keyboard.flat().find(({ text }) => text === label)?.callback_data
}

/** Someone who has the agent append a line, and says yes whenever they are asked. */
export function openAskedErrand(stage: KillStage, n: number) {
  const { telegram } = stage
  const chatId = firstChatId + n
  const mark = `asked${n}`
  const text = `tool append_line {"line":"${mark}"}\nthen say: answer ${mark}`
  const conversationId = stage.conversationOf(chatId)
  const tapped = new Set<number>()
  const questions = () => telegram.sentTo(chatId).filter((message) => buttonOf(message, "Approve") !== undefined)
  const tap = () => {
    for (const message of questions()) {
      const data = buttonOf(message, "Approve")
      if (data === undefined || tapped.has(message.messageId)) continue
      tapped.add(message.messageId)
      telegram.pushCallback({ chatId, messageId: message.messageId, data })
    }
  }
  const isOver = async () => {
    const record = await readRecord(stage.libsql, conversationId)
    return isSettled(record, [text]) && stage.kills.openOf("libsql") === 0
  }
  return {
    questions,
    tap,
    isOver,
    write: () => telegram.pushText({ chatId, text }),
    async untilAsked() {
      await telegram.waitFor("the question", () => questions().length > 0, longestMs)
    },
    /** Taps what is asked until all is over. */
    async untilOver() {
      const look = async () => {
        tap()
        return isOver()
      }
      await expect.poll(look, { timeout: longestMs, interval: 50 }).toBe(true)
    },
    /** @param where - of the kill, for the message of a failure */
    async check(where: string) {
      const record = await readRecord(stage.libsql, conversationId)
      expect(
        record.turns.map(({ status }) => status),
        where,
      ).toEqual(["done"])
      const unknown = record.toolResults.filter(({ isError }) => isError).map(({ text: told }) => told)
      for (const told of unknown) expect(told, where).toContain("outcome unknown")
      const lines = stage.lines.lines.filter((line) => line === mark).length
      expect(lines + unknown.length, where).toBeGreaterThanOrEqual(1)
      expect(lines, where).toBeLessThanOrEqual(1)
      const replies = telegram.sentTo(chatId).filter((message) => message.replyMarkup === undefined)
      expect(new Set(replies.map(({ text: said }) => said)), where).toEqual(new Set([`answer ${mark}`]))
    },
    edits: () => telegram.edits.filter((edit) => edit.chatId === chatId).map((edit) => edit.text ?? ""),
  }
}

/** Kills the gateway at the point, if the errand gets there. @returns whether it did */
export async function killAskedAt(stage: KillStage, n: number, point: KillPoint): Promise<boolean> {
  const errand = openAskedErrand(stage, n)
  stage.kills.arm(point)
  errand.write()
  const look = async () => {
    errand.tap()
    return stage.kills.isReached || (await errand.isOver())
  }
  await expect.poll(look, { timeout: longestMs, interval: 50 }).toBe(true)
  const isHeld = stage.kills.isReached
  stage.kills.disarm()
  if (isHeld) {
    await stage.kill9()
    await stage.gateway.start()
  }
  await errand.untilOver()
  await errand.check(`killed at ${point.server} ${point.n} ${point.moment}`)
  return isHeld
}
