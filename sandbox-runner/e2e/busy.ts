/** A gateway under steady load, and the account that is settled with it in the end. */
import { expect } from "vitest"
import { conversationIdOf } from "../../adapters/conversation-id.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { enter, makeProgram, type Client } from "./client.ts"
import { startCrowd, type Crowd } from "./crowd.ts"
import { connect } from "./kill-stage.ts"
import { isSettled, readRecord } from "./record.ts"
import type { Stage } from "./stage.ts"

export interface Busy {
  /** An administrator's program. */
  readonly program: Client
  readonly crowd: Crowd
  /** Until people and programs have got so many answers more. */
  answered(more: number): Promise<void>
  /** Ends the load, and checks that all that was accepted is answered and recorded, once and in order. */
  settle(record: Pick<Libsql, "read">): Promise<void>
}

export interface BusyOptions {
  readonly stage: Stage
  /** People who talk all the time. */
  readonly chatIds: readonly number[]
  /** Programs that ask all the time. */
  readonly programs: number
  /** Others who may write too. */
  readonly otherChatIds?: readonly number[]
}

export async function openBusy({ stage, chatIds, programs, otherChatIds = [] }: BusyOptions): Promise<Busy> {
  const { telegram } = stage
  const browser = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
  const program = await makeProgram(browser, stage.transcript, { scopes: ["chat", "agents:write"] })
  const channelId = await connect(browser, telegram, [...chatIds, ...otherChatIds])
  const conversationOf = (chatId: number) => conversationIdOf(channelId, chatId)
  const crowd = await startCrowd({ telegram, program, chatIds, programs, conversationOf, deaths: () => 0 })
  const answers = () =>
    chatIds.reduce((sum, chatId) => sum + telegram.sentTo(chatId).length, 0) +
    crowd.talkers.reduce((sum, talker) => sum + talker.ends.length, 0)
  return {
    program,
    crowd,
    async answered(more) {
      const before = answers()
      await expect.poll(answers, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + more)
    },
    async settle(record) {
      await crowd.stop()
      for (const { conversationId, chatId, said } of crowd.talkers) {
        const isOver = async () => isSettled(await readRecord(record, conversationId), said)
        await expect.poll(isOver, { timeout: 90_000 }).toBe(true)
        const { said: recorded, turns, deliveries } = await readRecord(record, conversationId)
        expect(recorded.map(({ text }) => text)).toEqual(said)
        expect(turns.filter(({ status }) => status !== "done")).toEqual([])
        if (chatId === undefined) continue
        expect(deliveries.filter(({ status }) => status !== "sent")).toEqual([])
        const texts = telegram.sentTo(chatId).map(({ text }) => text)
        expect(new Set(texts).size).toBe(turns.length)
        expect(texts.length - turns.length).toBeLessThanOrEqual(deliveries.filter(({ isMarked }) => isMarked).length)
      }
      expect(stage.lines.repeated()).toEqual([])
      expect(stage.model.refused).toEqual([])
    },
  }
}
