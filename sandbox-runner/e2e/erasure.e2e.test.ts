/**
 * Erasing conversations of a gateway in use. On one machine every byte of every file is searched for what was said; at `wrangler dev`
 * every row of the objects, of the libSQL server and of the bucket. Needs sqld.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { enter, type Client } from "./client.ts"
import { openChannel } from "./channel-desk.ts"
import { nodeHost } from "./node-host.ts"
import { openStage, type Stage } from "./stage.ts"
import { wranglerHost } from "./wrangler-host.ts"

const Id = z.object({ id: z.string() })
const List = z.object({ data: z.array(z.object({ id: z.string(), title: z.string() })) })

describe.each([nodeHost("embedded"), wranglerHost])("an erased conversation at $name", (host) => {
  let stage: Stage
  let admin: Client
  beforeAll(async () => {
    stage = await openStage(host)
    admin = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
  }, 120_000)
  afterAll(() => stage?.close())

  /** Which of the words stand in anything that the gateway stores, in whatever case. */
  async function found(...words: string[]): Promise<string[]> {
    const texts = (await stage.gateway.storedTexts()).map((text) => text.toLowerCase())
    return words.filter((word) => texts.some((text) => text.includes(word.toLowerCase())))
  }
  const makeLoop = async () => {
    const made = await admin.send("POST", "/api/v1/loops", {
      json: { title: "a qxtitle", metadata: { qxkey: "qxvalue" } },
    })
    return made.read(Id).id
  }
  const ask = async (id: string, content: string) => {
    const events = await admin.open("POST", `/api/v1/loops/${id}/messages`, { json: { content } })
    await events.rest()
  }
  const erase = async (id: string) => expect((await admin.send("DELETE", `/api/conversations/${id}`)).status).toBe(204)
  const search = async (q: string) => (await admin.send("GET", `/api/conversations?q=${q}`)).read(List).data
  const isGone = async (id: string) => {
    const paths = ["", "/messages", "/export"].map((path) => `/api/conversations/${id}${path}`)
    for (const path of paths) expect((await admin.send("GET", path)).outcome).toBe("404 conversation_not_found")
    const again = await admin.send("DELETE", `/api/conversations/${id}`)
    expect(again.outcome).toBe("404 conversation_not_found")
    const listed = (await admin.send("GET", "/api/conversations?limit=100")).read(List).data
    expect(listed.map((one) => one.id)).not.toContain(id)
  }

  test("of the API leaves no byte of words, tools, long texts or its id, and the others stay", async () => {
    const words = ["qxtitle", "qxkey", "qxvalue", "qxasked", "qxline", "qxlong", "qxlater"]
    const kept = await makeLoop()
    await ask(kept, "say: keepsake")
    const id = await makeLoop()
    await ask(id, 'qxasked\ntool append_line {"line":"qxline"}\nthen say: done')
    await ask(id, `say: qxlong ${"many words make a long answer ".repeat(3_000)}`)
    await stage.restart()
    await ask(id, "say: qxlater")
    await expect.poll(() => search("qxlater")).toHaveLength(1)
    expect(await found(...words)).toEqual(words)
    await erase(id)
    await isGone(id)
    expect((await admin.send("GET", `/api/v1/loops/${id}`)).outcome).toBe("404 loop_not_found")
    expect(await search("qxlater")).toEqual([])
    expect(await search("keepsake")).toMatchObject([{ id: kept }])
    // The title and the metadata are those of the loop that stays too.
    expect(await found(...words.slice(3), id.slice(5))).toEqual([])
    await stage.restart()
    await isGone(id)
    expect(await found(...words.slice(3), id.slice(5))).toEqual([])
    await erase(kept)
    expect(await found(...words, kept.slice(5))).toEqual([])
  })

  test("in mid-turn stops, and stays away", async () => {
    const id = await makeLoop()
    const events = await admin.open("POST", `/api/v1/loops/${id}/messages`, { json: { content: "qxhanging\nhang" } })
    await expect.poll(() => stage.model.activeCount).toBe(1)
    await erase(id)
    await events.rest()
    await expect.poll(() => stage.model.activeCount).toBe(0)
    await isGone(id)
    expect(await found("qxhanging", id.slice(5))).toEqual([])
  })

  test("of a chat leaves nothing, and the person may begin anew", async () => {
    const channel = await openChannel(stage)
    await channel.waitFor({ status: "connected" })
    const person = channel.meet()
    await person.talk("say: qxchat before")
    await expect.poll(() => search("qxchat")).toHaveLength(1)
    const [chat] = await search("qxchat")
    // The channel keeps which questions are open.
    await person.talk('tool ask_user {"questions":[{"id":"q","question":"qxcolour?"}]}')
    await erase(chat?.id ?? "")
    await isGone(chat?.id ?? "")
    expect(await found("qxchat", "qxcolour", chat?.id.slice(5) ?? "")).toEqual([])
    const [answer] = await person.talk("say: a new beginning")
    expect(answer?.text).toBe("a new beginning")
    await expect.poll(() => search("beginning")).toMatchObject([{ id: chat?.id }])
  })
})
