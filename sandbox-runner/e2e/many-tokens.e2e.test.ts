/** Two hundred programs of five people at one gateway, each with fifty requests at once: all are answered, each with its own. */
import { Pool } from "undici"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { LoopView, LoopWithTurn } from "../../core/api/loops.ts"
import { ErrorBody } from "../../core/errors.ts"
import { browserOf, enter, type Client } from "./client.ts"
import { nodeHost } from "./node-host.ts"
import { openStage, type Stage } from "./stage.ts"

const people = 5
const tokensOfEach = 40
/** Of each program, as clients over HTTP/1.1 keep them: two thousand in all, far more than a listening socket holds by default. */
const connections = 10
const Token = z.object({ token: z.string() })
const List = z.object({ data: z.array(LoopView) })

interface Program {
  readonly person: string
  /** Stands in its loop's title and in all that it says: seen by anyone else, it is a leak. */
  readonly word: string
  readonly loop: string
  ask(method: "GET" | "POST", path: string, json?: object): Promise<Answered>
}
interface Answered {
  readonly status: number
  readonly text: string
}

describe("two hundred tokens with fifty requests each, all at once", () => {
  let stage: Stage
  let admin: Client
  const pools: Pool[] = []
  const programs: Program[] = []
  beforeAll(async () => {
    stage = await openStage(nodeHost("embedded"))
    admin = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
    for (let n = 0; n < people; n += 1) await employ(`person-${n}`)
  }, 120_000)
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.destroy()))
    await stage?.close()
  })

  function connect(token: string): Program["ask"] {
    const pool = new Pool(stage.gateway.url, { connections, bodyTimeout: 0, headersTimeout: 0 })
    pools.push(pool)
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    return async (method, path, json) => {
      const body = json === undefined ? null : JSON.stringify(json)
      const answer = await pool.request({ method, path, headers, body })
      return { status: answer.statusCode, text: await answer.body.text() }
    }
  }

  async function employ(person: string): Promise<void> {
    const { anyone, transcript } = stage
    const invited = await admin.sendForSecret("POST", "/api/users/invitations", { json: { role: "operator" } })
    const code = invited.read(z.object({ link: z.string() })).link.split("code=")[1]
    const json = { code, username: person, password: "a password of their own" }
    const browser = browserOf(
      anyone,
      await anyone.sendForSecret("POST", "/api/auth/invitation/accept", { json }),
      transcript,
    )
    const hire = async (n: number) => {
      const made = await browser.sendForSecret("POST", "/api/v1/me/tokens", { json: { label: `${n}` } })
      const { token } = made.read(Token)
      transcript.secret(token)
      const ask = connect(token)
      const word = `${person}-word-${n}.`
      const loop = await ask("POST", "/api/v1/loops", { title: word })
      programs.push({ person, word, ask, loop: LoopView.parse(JSON.parse(loop.text)).id })
    }
    await Promise.all(Array.from({ length: tokensOfEach }, (_, n) => hire(n)))
  }

  /** The fifty requests of one program; each gives what is wrong with its answer. */
  function storm(program: Program, stranger: Program): Promise<string | undefined>[] {
    const { loop, word, person } = program
    const strangersWords = new RegExp(`(?!${person}-)person-\\d+-word`)
    const own = async (method: "GET" | "POST", path: string, isRight: (text: string) => boolean, json?: object) => {
      const { status, text } = await program.ask(method, path, json)
      if (status !== 200) return `${method} ${path}: ${status} ${text}`
      if (strangersWords.test(text)) return `${method} ${path} shows a stranger's words: ${text}`
      return isRight(text) ? undefined : `${method} ${path} is wrong: ${text}`
    }
    const refused = async (method: "GET" | "POST", path: string, json?: object) => {
      const { status, text } = await program.ask(method, path, json)
      const code = status === 403 ? ErrorBody.parse(JSON.parse(text)).error.code : ""
      return code === "not_loop_owner" ? undefined : `${method} ${path} of a stranger: ${status} ${text}`
    }
    const list = () =>
      own("GET", "/api/v1/loops?limit=5", (text) => {
        const { data } = List.parse(JSON.parse(text))
        return data.length === 5 && data.every(({ title }) => title.startsWith(person))
      })
    const view = () =>
      own("GET", `/api/v1/loops/${loop}`, (text) => LoopWithTurn.parse(JSON.parse(text)).title === word)
    const send = (n: number) =>
      own(
        "POST",
        `/api/v1/loops/${loop}/messages`,
        (text) => text.includes(`${word}${n}`) && text.includes("event: done\n"),
        { content: `say: ${word}${n}` },
      )
    const models = () => own("GET", "/v1/models", (text) => text.includes("default"))
    return [
      ...Array.from({ length: 22 }, list),
      ...Array.from({ length: 18 }, view),
      ...Array.from({ length: 2 }, (_, n) => send(n)),
      ...Array.from({ length: 2 }, models),
      ...Array.from({ length: 3 }, () => refused("GET", `/api/v1/loops/${stranger.loop}`)),
      ...Array.from({ length: 2 }, () => refused("GET", `/api/v1/loops/${stranger.loop}/events`)),
      refused("POST", `/api/v1/loops/${stranger.loop}/messages`, { content: `say: ${word}` }),
    ]
  }

  test("are answered without an error, and nobody sees anything of another's", async () => {
    const someoneElse = (n: number) => programs[(n + tokensOfEach) % programs.length]
    const asked = programs.flatMap((program, n) => storm(program, someoneElse(n) ?? program))
    expect(asked).toHaveLength(10_000)
    const wrong = (await Promise.all(asked)).filter((one) => one !== undefined)
    expect(wrong.slice(0, 5)).toEqual([])
  }, 120_000)

  test("leave one turn for each message, no reader, and nothing that is not on record", async () => {
    const views = await Promise.all(programs.map((one) => one.ask("GET", `/api/v1/loops/${one.loop}`)))
    const left = views.map(({ text }) => LoopWithTurn.parse(JSON.parse(text)))
    expect(left.filter((loop) => loop.turn_count !== 2 || loop.busy || loop.queue_depth !== 0)).toEqual([])
    const metrics = async () => (await admin.sendForSecret("GET", "/metrics")).text
    await expect.poll(metrics).toMatch(/^loop_conversations_behind 0$/m)
    expect(await metrics()).toMatch(/^loop_event_readers 0$/m)
    const turns = /^loop_turns_total\{status="done"\} (\d+)$/m.exec(await metrics())?.[1]
    expect(turns).toBe("400")
  })
})
