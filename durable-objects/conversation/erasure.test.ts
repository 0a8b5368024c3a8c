/** Erasing a conversation: what runs stops, nothing of it is left, nothing late brings it back; and archives that end. */
import { readdirSync, readFileSync } from "node:fs"
import { afterEach, describe, expect, test } from "vitest"
import { createChannel } from "../../adapters/store/channels.ts"
import { findConversation, listMessages } from "../../adapters/store/conversations.ts"
import { LoopError } from "../../core/errors.ts"
import { ChannelId } from "../../core/units.ts"
import { openHarness, type Harness } from "../testing/harness.ts"
import { apiMessage, channelId, chatId, chatMessage, loopId, owner, readEvents, shownText } from "../testing/harness.ts"
import { openLoopDesk } from "../testing/loop-desk.ts"

let harness: Harness
const open = async () => {
  harness = await openHarness()
}
afterEach(async () => harness.close())

const { conversation: loop, createLoop, ask, send: sendTo } = openLoopDesk(() => harness)
const chat = () => loop(chatId)

const send = async (text: string) => (await sendTo(text)).stream
const say = (text: string) => chat().call("accept", { viewer: null, message: chatMessage(text) })
const isGone = async () => {
  await expect(loop().call("view", { viewer: null })).rejects.toMatchObject({ code: "loop_not_found" })
  expect(await findConversation(harness.libsql, loopId)).toBeUndefined()
}
const addChannel = (id: ChannelId) => {
  const at = harness.time.now()
  const sealed = { secretSealed: "x", webhookSecretSealed: "x" }
  const channel = { id, kind: "telegram" as const, name: id, config: {}, enabled: true, createdAt: at, updatedAt: at }
  return createChannel(harness.libsql, { ...channel, ...sealed })
}
/** All files of the harness that hold the text. */
const filesWith = (text: string) =>
  readdirSync(harness.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(`${entry.parentPath}/${entry.name}`).includes(text))
    .map((entry) => entry.name)

describe("an erased conversation", () => {
  test("is unknown to everyone, and no byte of it is on the disk", async () => {
    await open()
    await createLoop()
    await ask(`say: wvxanswer ${"and more ".repeat(5_000)}`)
    await loop().call("flush", {})
    expect(filesWith("wvxanswer").length).toBeGreaterThan(0)
    await loop().call("erase", {})
    await isGone()
    await expect(loop().call("erase", {})).rejects.toMatchObject({ code: "loop_not_found" })
    expect(filesWith("wvxanswer")).toEqual([])
    expect(filesWith(loopId.slice(5))).toEqual([])
    await harness.restart()
    await isGone()
  })

  test("stops its turn, its queue and its readers, and gives its slot back", async () => {
    await open()
    await createLoop()
    const streams = [await send("hang"), await send("say: never")]
    const watching = await loop().stream("watch", { viewer: owner })
    await harness.model.waitForRequest(1)
    await loop().call("erase", {})
    for (const stream of [...streams, watching]) await readEvents(stream)
    await expect.poll(() => harness.model.activeCount).toBe(0)
    await isGone()
    harness.time.advance(10 * 60_000)
    await harness.restart()
    await isGone()
    expect(harness.model.requests).toHaveLength(1)
    expect(filesWith(loopId.slice(5))).toEqual([])
  })

  test("sends nothing more of what waited for its channel, and writes no outcome of what was on its way", async () => {
    await open()
    let answer = () => {}
    harness.onSend = () =>
      new Promise((resolve) => (answer = () => resolve({ status: "later", retryAfterMs: 1_000, reason: "busy" })))
    await say("say: on its way")
    await harness.until("the part", () => harness.sent[0])
    await chat().call("erase", {})
    answer()
    harness.time.advance(10 * 60_000)
    await harness.restart()
    expect(harness.sent).toHaveLength(1)
    expect(filesWith("on its way")).toEqual([])
    expect(filesWith(chatId.slice(5))).toEqual([])
  })

  test("of a chat begins anew when the person writes again, with nothing of what was", async () => {
    await open()
    await say("say: before")
    await harness.until("the reply", () => harness.sent[0])
    await chat().call("erase", {})
    await say("say: after")
    await harness.until("the second reply", () => harness.sent[1])
    await chat().call("flush", {})
    const { rows } = await listMessages(harness.libsql, chatId, { limit: 10 })
    expect(rows.map(({ text }) => text)).toEqual(["say: after", "after"])
    expect(JSON.stringify(harness.model.requests.at(-1)?.messages)).not.toContain("before")
    await harness.restart({ losingObjects: true })
    await say("say: and on")
    await harness.until("the third reply", () => harness.sent[2])
  })

  test("is erased all the same when the database is away for a while; until then nobody sees it", async () => {
    await open()
    await createLoop()
    await ask("say: wvxanswer")
    await loop().call("flush", {})
    harness.databaseIsAway = true
    await expect(loop().call("erase", {})).rejects.toMatchObject({ code: "database_unavailable" })
    await expect(loop().call("view", { viewer: owner })).rejects.toMatchObject({ code: "database_unavailable" })
    await expect(loop().stream("watch", { viewer: owner })).rejects.toMatchObject({ code: "loop_not_found" })
    await harness.restart()
    harness.databaseIsAway = false
    harness.time.advance(60_000)
    await expect.poll(async () => findConversation(harness.libsql, loopId)).toBeUndefined()
    await expect.poll(() => filesWith("wvxanswer")).toEqual([])
    await isGone()
  })

  test("is not brought back by an earlier life's write that comes late", async () => {
    await open()
    await createLoop()
    await ask("say: late")
    const held = harness.holdNextProjection()
    await ask("say: later")
    await harness.until("a projection under way", () => held.isUnderWay || undefined)
    await harness.objects.evict("conversation", loopId)
    await loop().call("erase", {})
    await held.release()
    await isGone()
    expect(await listMessages(harness.libsql, loopId, { limit: 10 })).toEqual({ rows: [], hasMore: false, turns: [] })
  })

  test("is forgotten by every channel, as any may have been the home chat, and by one that fails as soon as it can", async () => {
    await open()
    const channels = [channelId, ChannelId.parse(`chan_${"6".repeat(24)}`)]
    for (const id of channels) await addChannel(id)
    await createLoop()
    await ask("say: hello")
    const forgetting: string[] = []
    let isFailing = true
    harness.onForget = (channel, conversationId) => {
      if (isFailing && channel === channels[1]) throw new LoopError("peer_unavailable")
      forgetting.push(`${channel} ${conversationId}`)
    }
    await expect(loop().call("erase", {})).rejects.toMatchObject({ code: "peer_unavailable" })
    isFailing = false
    await harness.restart()
    harness.time.advance(60_000)
    await expect.poll(async () => findConversation(harness.libsql, loopId)).toBeUndefined()
    await expect.poll(() => filesWith(loopId.slice(5))).toEqual([])
    expect(new Set(forgetting)).toEqual(new Set(channels.map((id) => `${id} ${loopId}`)))
    await isGone()
  })

  test("whose object was lost is erased from the database", async () => {
    await open()
    await createLoop()
    await ask("say: hello")
    await loop().call("flush", {})
    await harness.restart({ losingObjects: true })
    await loop().call("erase", {})
    await isGone()
  })

  test("that never was is not found", async () => {
    await open()
    await expect(loop().call("erase", {})).rejects.toMatchObject({ code: "loop_not_found" })
  })
})

describe("an archived conversation", () => {
  test("of a person's loop takes messages again after it was taken out of the archive", async () => {
    await open()
    await createLoop()
    await loop().call("archive", { viewer: null })
    await loop().call("unarchive", { viewer: null })
    expect(shownText(await ask("say: back"))).toBe("back")
    expect((await findConversation(harness.libsql, loopId))?.archivedAt).toBeNull()
  })

  test("of a chat leaves the archive when the person writes", async () => {
    await open()
    await say("say: one")
    await harness.until("the reply", () => harness.sent[0])
    await chat().call("archive", { viewer: null })
    await say("say: two")
    await harness.until("the second reply", () => harness.sent[1])
    await chat().call("flush", {})
    expect((await findConversation(harness.libsql, chatId))?.archivedAt).toBeNull()
  })
})

describe("an operator's message", () => {
  const operator = (chatPlace: { channelId: typeof channelId; chatId: number } | null) =>
    ({ kind: "operator", userId: owner, senderName: "Ada", chat: chatPlace }) as const

  test("is answered in the chat, and the model is told whose it is", async () => {
    await open()
    await say("say: hello")
    await harness.until("the reply", () => harness.sent[0])
    const source = operator({ channelId, chatId: 77 })
    await chat().call("accept", { viewer: null, message: apiMessage("say: noted", { source, whileBusy: "join" }) })
    await harness.until("the second reply", () => harness.sent[1])
    expect(harness.sent[1]).toMatchObject({ chatId: 77, text: "noted" })
    const asked = JSON.stringify(harness.model.requests.at(-1)?.messages)
    expect(asked).toContain("[From Ada, who runs this gateway]")
    await chat().call("flush", {})
    const { rows } = await listMessages(harness.libsql, chatId, { limit: 10 })
    expect(rows[2]).toMatchObject({ text: "say: noted", source, tainted: false })
  })

  test("begins no conversation", async () => {
    await open()
    const message = apiMessage("hi", { source: operator({ channelId, chatId: 77 }) })
    await expect(chat().call("accept", { viewer: null, message })).rejects.toMatchObject({ code: "loop_not_found" })
  })
})
