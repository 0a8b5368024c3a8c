/** A Telegram channel under test, as its administrator and the people who write to it see it. */
import { expect } from "vitest"
import * as z from "zod"
import { ChannelView } from "../../core/api/channels.ts"
import type { SentMessage } from "../testkit/telegram-messages.ts"
import { enter, type Client } from "./client.ts"
import type { Stage } from "./stage.ts"

/** Who is served. A person's private chat has their id; each test has a person of its own. */
export const people = Array.from({ length: 30 }, (_, n) => 4_200 + n)

export interface ChannelDesk {
  readonly admin: Client
  readonly path: string
  read(): Promise<ChannelView>
  change(fields: object): Promise<ChannelView>
  /** Until its status is so. Asking is what a person does who waits for it. */
  waitFor(status: Partial<ChannelView>): Promise<void>
  meet(): Person
}

/** Someone in a private chat with the bot. */
export interface Person {
  readonly id: number
  /** What they were sent, in order. */
  read(): SentMessage[]
  write(text: string): { updateId: number; messageId: number }
  /** Writes, and waits for so many messages that come after it. */
  talk(text: string, messages?: number): Promise<SentMessage[]>
}

/** Whom no test of the stage has met yet. */
const strangersOf = new WeakMap<Stage, number[]>()

function meet(stage: Stage): Person {
  const left = strangersOf.get(stage) ?? [...people]
  strangersOf.set(stage, left)
  const id = left.shift()
  if (id === undefined) throw new Error("nobody is left")
  const { telegram } = stage
  const read = () => telegram.sentTo(id)
  const write = (text: string) => telegram.pushText({ chatId: id, text })
  return {
    id,
    read,
    write,
    async talk(text, messages = 1) {
      const before = read().length
      write(text)
      await telegram.waitFor(`${messages} messages`, () => read().length >= before + messages)
      return read().slice(before)
    },
  }
}

/** Creates the channel, or finds the one that was made before. */
export async function openChannel(stage: Stage): Promise<ChannelDesk> {
  const { anyone, transcript, telegram } = stage
  const admin = await enter(anyone, "login", transcript)
  const { data } = (await admin.send("GET", "/api/channels")).read(z.object({ data: z.array(ChannelView) }))
  const config = { botToken: telegram.token, allowedUserIds: people }
  const made =
    data[0] ??
    (await admin.send("POST", "/api/channels", { json: { kind: "telegram", name: "Home", config } })).read(ChannelView)
  const path = `/api/channels/${made.id}`
  const read = async () => (await admin.send("GET", path)).read(ChannelView)
  return {
    admin,
    path,
    read,
    change: async (fields) => (await admin.send("PUT", path, { json: fields })).read(ChannelView),
    async waitFor(status) {
      await expect.poll(read, { timeout: 20_000 }).toMatchObject(status)
    },
    meet: () => meet(stage),
  }
}
