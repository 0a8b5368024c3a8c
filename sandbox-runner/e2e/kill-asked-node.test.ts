/** The gateway of `npm start`, killed around a question that Telegram's buttons answer. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { moments, servers } from "../testkit/kill-points.ts"
import { killAskedAt, openAskedErrand } from "./kill-asked.suite.ts"
import { openKillStage, type KillStage } from "./kill-stage.ts"
import { firstChatId } from "./kill.suite.ts"
import { nodeHost } from "./node-host.ts"

const chatIds = Array.from({ length: 100 }, (_, n) => firstChatId + n)
let stage: KillStage
let errands = 0
beforeAll(async () => {
  const options = { telegramMode: "webhook", chatIds, countsTyping: false, asksFirst: true } as const
  stage = await openKillStage(nodeHost("embedded"), options)
}, 120_000)
afterAll(() => stage.close())

test("killed between question and answer, it goes on once with a tap that came after the restart", async () => {
  const errand = openAskedErrand(stage, errands++)
  errand.write()
  await errand.untilAsked()
  await stage.kill9()
  await stage.gateway.start()
  await errand.untilOver()
  await errand.check("killed while it waited")
  expect(stage.lines.lines).toEqual(["asked0"])
  await stage.telegram.waitFor("the outcome", () => errand.edits().some((text) => /Approved by Ada/.test(text)))
})

test("a tap while nobody is there is taken when the gateway is back, and a second one changes nothing", async () => {
  const errand = openAskedErrand(stage, errands++)
  errand.write()
  await errand.untilAsked()
  await stage.kill9()
  errand.tap()
  await stage.gateway.start()
  await errand.untilOver()
  const before = stage.lines.lines.length
  const [question] = errand.questions()
  const again = openAskedErrand(stage, errands - 1)
  again.tap()
  expect(question).toBeDefined()
  await stage.telegram.waitFor("a word on the second tap", () =>
    stage.telegram.callbackAnswers.some(({ text }) => /Nothing was changed/.test(text ?? "")),
  )
  expect(stage.lines.lines).toHaveLength(before)
  await errand.check("tapped while it was dead")
})

test("killed at any step of a turn that asks, it does what was allowed once or says that it does not know", async () => {
  const struck: string[] = []
  for (const server of servers) {
    if (server === "libsql") continue
    for (const moment of moments) {
      for (let n = 1; await killAskedAt(stage, errands++, { server, moment, n }); n += 1)
        struck.push(`${server} ${n} ${moment}`)
    }
  }
  console.log(`killed at ${struck.length} points: ${struck.join(", ")}`)
  expect(struck).toEqual(
    expect.arrayContaining([
      "telegram 1 before",
      "telegram 1 before_answer",
      "lines 1 before",
      "model 2 before_answer",
    ]),
  )
  expect(stage.lines.repeated()).toEqual([])
  expect(stage.model.refused).toEqual([])
}, 240_000)
