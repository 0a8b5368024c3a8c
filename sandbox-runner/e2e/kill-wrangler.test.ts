/**
 * The Worker in `wrangler dev`, killed at every step of a turn. Its objects come back by their alarms alone, up to a minute
 * later; so several conversations are held, each at a step of its own, and one kill ends them all.
 */
import { expect, test } from "vitest"
import { servers, type KillPoint } from "../testkit/kill-points.ts"
import { openKillStage } from "./kill-stage.ts"
import {
  byLoopApi,
  byTelegram,
  checkErrand,
  firstChatId,
  sendInto,
  untilOver,
  type Errand,
  type Route,
} from "./kill.suite.ts"
import { wranglerHost } from "./wrangler-host.ts"

/** Turns that are held keep their slots: at most ten run at the same time. */
const heldTogether = 9
const chatIds = Array.from({ length: 100 }, (_, n) => firstChatId + n)

interface Held {
  readonly errand: Errand
  readonly point: KillPoint
  readonly delivered: Promise<void>
}

test("killed at any step of a turn, the Worker ends what it accepted and does nothing twice", async () => {
  const stage = await openKillStage(wranglerHost, { telegramMode: "webhook", chatIds, countsTyping: false })
  const struck: string[] = []
  let held: Held[] = []
  const strike = async () => {
    await stage.kill9()
    await stage.gateway.start()
    await Promise.all(held.map(({ delivered }) => delivered))
    await Promise.all(held.map(({ errand }) => untilOver(stage, errand)))
    for (const { errand, point } of held) await checkErrand(stage, errand, point)
    struck.push(...held.map(({ point }) => `${point.server} ${point.n} ${point.moment}`))
    held = []
  }
  let errands = 0
  /** False when the turn makes no n-th request there. */
  const hold = async (route: Route, point: KillPoint): Promise<boolean> => {
    const errand = await route(stage, errands++)
    const { isHeld, delivered } = await sendInto(stage, errand, point)
    if (isHeld) held.push({ errand, point, delivered })
    else await delivered
    if (held.length === heldTogether) await strike()
    return isHeld
  }
  for (const route of [byTelegram, byLoopApi]) {
    for (const server of servers) {
      let n = 1
      while (await hold(route, { server, moment: "before_answer", n })) n += 1
    }
  }
  await hold(byTelegram, { server: "telegram", moment: "before", n: 1 })
  await strike()
  console.log(`killed at ${struck.length} points: ${struck.join(", ")}`)
  expect(stage.lines.repeated()).toEqual([])
  expect(stage.model.refused).toEqual([])
  await stage.close()
}, 400_000)
