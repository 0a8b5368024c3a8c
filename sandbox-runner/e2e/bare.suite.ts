/** A gateway without a model key and with small limits: it runs, says what to set, and keeps its limits. */
import { beforeAll, describe, expect, test } from "vitest"
import { getHealth } from "../../core/api/operations.ts"
import { openChannel, type ChannelDesk } from "./channel-desk.ts"
import type { Answer } from "./client.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import type { Stage } from "./stage.ts"

/** Above what the tests before the limits' own need. */
const perMinute = 60

export function bareSuite(stage: () => Stage): void {
  let loops: LoopDriver
  let channel: ChannelDesk
  beforeAll(async () => {
    loops = await openLoops(stage())
    channel = await openChannel(stage())
    await stage().restart({
      ANTHROPIC_API_KEY: "",
      TELEGRAM_MODE: "webhook",
      RATE_LIMIT_PER_MINUTE: String(perMinute),
      TOKEN_RATE_LIMIT_PER_MINUTE: String(perMinute),
    })
  }, 120_000)

  test("health says what to set", async () => {
    const { anyone } = stage()
    const health = (await anyone.send("GET", "/api/health")).read(getHealth.response)
    expect(health.status).toBe("degraded")
    expect(health.parts.database).toEqual({ status: "ok", hint: null })
    expect(health.parts.models).toEqual({
      status: "not_configured",
      hint: expect.stringContaining("ANTHROPIC_API_KEY"),
    })
    expect(health.version).toBeUndefined()
    expect((await loops.program.send("GET", "/api/health")).read(getHealth.response).version).toMatch(/^\d+\./)
  })

  test("a turn ends with an error that says the same", async () => {
    const events = await (await loops.say(await loops.create(), "say: hello")).rest()
    expect(events.at(-1)).toMatchObject({
      event: "error",
      data: { code: "model_not_configured", message: expect.stringContaining("ANTHROPIC_API_KEY") },
    })
  })

  test("a channel that is deleted takes its web hook along", async () => {
    const { telegram, anyone } = stage()
    await channel.waitFor({ status: "connected", mode: "webhook" })
    const { pathname } = new URL(telegram.webhookUrl ?? "")
    expect((await channel.admin.send("DELETE", channel.path)).status).toBe(204)
    await telegram.waitFor("the web hook to go", () => telegram.webhookUrl === undefined)
    expect((await channel.admin.send("GET", channel.path)).outcome).toBe("404 channel_not_found")
    const late = { json: { update_id: 1 }, headers: { "x-telegram-bot-api-secret-token": "any" } }
    expect((await anyone.send("POST", pathname, late)).outcome).toBe("404 channel_not_found")
  })

  describe("requests above the limit wait", () => {
    const untilRefused = async (ask: () => Promise<Answer>): Promise<Answer> => {
      for (let n = 0; n < 2 * perMinute; n += 1) {
        const answer = await ask()
        if (answer.status !== 200) return answer
      }
      throw new Error("nothing was refused")
    }
    const expectWait = (answer: Answer) => {
      expect(answer.outcome).toBe("429 too_many_requests")
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(120)
    }

    test("by token, which keeps nobody else out", async () => {
      expectWait(await untilRefused(() => loops.program.send("GET", "/api/v1/loops?limit=1")))
      expect((await stage().anyone.send("GET", "/api/auth/status")).status).toBe(200)
    })

    test("by address, the signed-in browser's too", async () => {
      expectWait(await untilRefused(() => stage().anyone.send("GET", "/api/auth/status")))
      expectWait(await channel.admin.send("GET", "/api/v1/loops"))
    })
  })
}
