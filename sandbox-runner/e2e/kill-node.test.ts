/** The gateway of `npm start`, killed at every step of a turn, one kill for each. */
import { expect, test } from "vitest"
import { moments, servers, type KillPoint } from "../testkit/kill-points.ts"
import { openKillStage, type KillStage } from "./kill-stage.ts"
import { byLoopApi, byTelegram, checkErrand, firstChatId, sendInto, untilOver, type Route } from "./kill.suite.ts"
import { nodeHost } from "./node-host.ts"

const chatIds = Array.from({ length: 100 }, (_, n) => firstChatId + n)

/** @returns the points that were reached */
async function killEverywhere(stage: KillStage, route: Route, first: readonly KillPoint[] = []): Promise<string[]> {
  const struck: string[] = []
  let errands = 0
  /** False when the turn makes no n-th request there. */
  const strike = async (point: KillPoint): Promise<boolean> => {
    const errand = await route(stage, errands++)
    const { isHeld, count, delivered } = await sendInto(stage, errand, point)
    if (isHeld) {
      struck.push(`${point.server} ${point.n} ${point.moment}`)
      await stage.kill9()
      await stage.gateway.start()
    }
    await delivered
    await untilOver(stage, errand)
    await checkErrand(stage, errand, point)
    return isHeld || count >= point.n
  }
  for (const point of first) await strike(point)
  for (const server of servers) {
    for (const moment of moments) {
      let n = 1
      while (await strike({ server, moment, n })) n += 1
    }
  }
  expect(stage.model.refused).toEqual([])
  expect(stage.lines.repeated()).toEqual([])
  return struck
}

const everyStep = [
  "model 1 before",
  "model 2 before",
  "model 3 before",
  "model 1 before_answer",
  "model 2 before_answer",
  "model 3 before_answer",
  "lines 1 before",
  "lines 2 before",
  "lines 1 before_answer",
  "lines 2 before_answer",
]
const replySteps = ["telegram 1 before", "telegram 2 before", "telegram 1 before_answer", "telegram 2 before_answer"]

test("killed at any step of a turn that came by web hook, it ends what it accepted and does nothing twice", async () => {
  const stage = await openKillStage(nodeHost("embedded"), { telegramMode: "webhook", chatIds })
  const struck = await killEverywhere(stage, byTelegram)
  console.log(`killed at ${struck.length} points: ${struck.join(", ")}`)
  expect(struck).toEqual(expect.arrayContaining([...everyStep, ...replySteps]))
  await stage.close()
}, 240_000)

test("killed at any step of a turn that came by polling, it ends what it accepted and does nothing twice", async () => {
  const stage = await openKillStage(nodeHost("embedded"), { telegramMode: "polling", chatIds })
  const struck = await killEverywhere(stage, byTelegram, [{ server: "telegram", moment: "before_answer", n: 0 }])
  console.log(`killed at ${struck.length} points: ${struck.join(", ")}`)
  expect(struck).toEqual(expect.arrayContaining(["telegram 0 before_answer", ...everyStep]))
  await stage.close()
}, 240_000)

test("killed at any step of a turn that a program asked for, it ends what it accepted and does nothing twice", async () => {
  const stage = await openKillStage(nodeHost("embedded"), { telegramMode: "webhook", chatIds })
  const struck = await killEverywhere(stage, byLoopApi)
  console.log(`killed at ${struck.length} points: ${struck.join(", ")}`)
  expect(struck).toEqual(expect.arrayContaining(everyStep))
  await stage.close()
}, 240_000)
