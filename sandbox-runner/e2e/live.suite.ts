/** The live feed over real sockets: a turn's events reach who may read them, and who comes back misses none. */
import type { IncomingMessage } from "node:http"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import * as z from "zod"
import { ErrorBody } from "../../core/errors.ts"
import { LiveFrame } from "../../core/live/event.ts"
import { enter, type Client } from "./client.ts"
import type { E2eHost } from "./host.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import { openStage, type Stage } from "./stage.ts"

const Made = z.object({ token: z.string(), tokenId: z.string() })

interface Feed {
  readonly hello: { seq: number; gap: boolean }
  /** All frames so far, `hello` left out, as `<number> <name>`. */
  readonly seen: readonly string[]
  readonly lastSeq: () => number
  until(name: string, count?: number): Promise<void>
  readonly closed: Promise<number>
  close(): Promise<void>
}

export function liveSuite(host: E2eHost): void {
  describe(`${host.name}: the live feed`, () => {
    let stage: Stage
    let browser: Client
    let loops: LoopDriver
    const open: WebSocket[] = []
    beforeAll(async () => {
      stage = await openStage(host)
      browser = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
      loops = await openLoops(stage)
    }, 120_000)
    afterEach(() => {
      for (const socket of open.splice(0)) socket.terminate()
    })
    afterAll(() => stage?.close())

    const address = (after?: number) =>
      `${stage.gateway.url.replace(/^http/, "ws")}/api/live${after === undefined ? "" : `?after=${after}`}`

    const dial = (headers: Readonly<Record<string, string>>, after?: number): WebSocket => {
      // `wrangler dev` leaves the connection open behind the closing handshake; what counts here is the handshake.
      const options = { headers, closeTimeout: 100 }
      const socket = new WebSocket(address(after), options)
      open.push(socket)
      return socket
    }

    /** @throws with the status when it is refused */
    async function watch(headers: Readonly<Record<string, string>>, after?: number): Promise<Feed> {
      const socket = dial(headers, after)
      const frames: LiveFrame[] = []
      const seen: string[] = []
      const news = new EventTarget()
      socket.on("message", (data) => {
        const text = Buffer.isBuffer(data) ? data.toString() : ""
        stage.transcript.note("live", text)
        const frame = LiveFrame.parse(JSON.parse(text))
        frames.push(frame)
        if (frame.event !== "hello") seen.push(`${frame.seq} ${frame.event}`)
        news.dispatchEvent(new Event("frame"))
      })
      const closed = new Promise<number>((resolve) => socket.once("close", (code) => resolve(code)))
      const next = () => new Promise((resolve) => news.addEventListener("frame", resolve, { once: true }))
      await new Promise<void>((resolve, reject) => {
        socket.once("open", resolve)
        socket.once("error", reject)
        socket.once("unexpected-response", (_, response) => {
          refusal(response).then((told) => reject(new Error(told)), reject)
        })
      })
      while (frames.length === 0) await next()
      const [hello] = frames
      if (hello?.event !== "hello") throw new Error("the first frame is no hello")
      return {
        hello: hello.data,
        seen,
        closed,
        lastSeq: () => Number(seen.at(-1)?.split(" ")[0] ?? hello.data.seq),
        async until(name, count = 1) {
          while (seen.filter((one) => one.endsWith(` ${name}`)).length < count) await next()
        },
        async close() {
          socket.close(1000)
          await closed
        },
      }
    }
    const refused = async (headers: Readonly<Record<string, string>>) =>
      watch(headers).then(
        () => "let in",
        (error: unknown) => (error instanceof Error ? error.message : ""),
      )

    const program = async (fields: object) => {
      const answer = await browser.sendForSecret("POST", "/api/v1/me/tokens", { json: fields })
      const made = answer.read(Made)
      stage.transcript.secret(made.token)
      return { ...made, headers: { authorization: `Bearer ${made.token}` } }
    }
    const numbers = (seen: readonly string[]) => seen.map((one) => Number(one.split(" ")[0]))
    const names = (seen: readonly string[]) => seen.map((one) => one.split(" ")[1])
    const consecutive = (after: number, count: number) => Array.from({ length: count }, (_, n) => after + 1 + n)

    test("brings a turn's events, in order, to a signed-in page", async () => {
      const feed = await watch(browser.headers)
      expect(feed.hello.gap).toBe(false)
      const id = await loops.create()
      await feed.until("conversation:created")
      await (await loops.say(id, "say: hello")).rest()
      await feed.until("conversation:updated")
      expect(names(feed.seen)).toEqual([
        "conversation:created",
        "turn:started",
        "turn:ended",
        "usage:recorded",
        "conversation:updated",
      ])
      expect(numbers(feed.seen)).toEqual(consecutive(feed.hello.seq, 5))
    })

    test("brings one that comes back all that it missed, also over a kill of the gateway", async () => {
      const first = await watch(browser.headers)
      const id = await loops.create()
      await (await loops.say(id, "say: one")).rest()
      await first.until("conversation:updated")
      const { closed } = first
      await first.close()
      expect(await closed).toBe(1000)
      for (const text of ["say: two", "say: three"]) await (await loops.say(id, text)).rest()
      const second = await watch(browser.headers, first.lastSeq())
      expect(second.hello.gap).toBe(false)
      await second.until("conversation:updated", 2)
      expect(names(second.seen).filter((name) => name === "turn:ended")).toHaveLength(2)
      expect(numbers(second.seen)).toEqual(consecutive(first.lastSeq(), second.seen.length))

      await stage.restart()
      expect(await second.closed).not.toBe(1000)
      const third = await watch(browser.headers, second.lastSeq())
      await (await loops.say(id, "say: four")).rest()
      await third.until("conversation:updated")
      // Where the gateway has its own runner, that one has come back meanwhile.
      expect(third.hello.gap).toBe(false)
      expect(numbers(third.seen)).toEqual(consecutive(second.lastSeq(), third.seen.length))
    })

    test("is for nobody who may not read it", async () => {
      const { origin, ...headers } = browser.headers
      expect(origin).toBe(stage.gateway.url)
      expect(await refused({})).toBe("401 missing_credentials")
      expect(await refused({ authorization: `Bearer la_${"0".repeat(48)}` })).toBe("401 invalid_token")
      expect(await refused({ ...headers, origin: "https://evil.example" })).toBe("403 origin_forbidden")
      expect(await refused(headers)).toBe("403 origin_forbidden")
      expect(await refused((await program({ scopes: ["chat"] })).headers)).toBe("403 scope_missing")
      expect((await browser.send("GET", "/api/live")).outcome).toBe("426 upgrade_required")
    })

    test("brings a token what its scopes read, and nothing once it is revoked", async () => {
      const { tokenId, headers } = await program({ scopes: ["operations:read"] })
      const feed = await watch(headers)
      const id = await loops.create()
      await (await loops.say(id, "say: hello")).rest()
      await feed.until("usage:recorded")
      expect(names(feed.seen)).toEqual(["usage:recorded"])
      expect((await browser.send("DELETE", `/api/v1/me/tokens/${tokenId}`)).status).toBeLessThan(300)
      const revokedAt = performance.now()
      expect(await feed.closed).toBe(4401)
      // Ten seconds, and what a busy machine adds to an alarm.
      expect(performance.now() - revokedAt).toBeLessThan(11_500)
    })

    test("says no secret", () => {
      expect(stage.transcript.leaks(stage.gateway.output())).toEqual([])
    })
  })
}

/** Status and code of an answer that is no upgrade. */
async function refusal(response: IncomingMessage): Promise<string> {
  let text = ""
  for await (const part of response.setEncoding("utf8")) text += String(part)
  return `${response.statusCode} ${ErrorBody.parse(JSON.parse(text)).error.code}`
}
