/** Who is served in Telegram, when the bot is meant, and what the agent reads. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ChannelId, EpochMs } from "../units.ts"
import { readTelegramUpdate, updateIdOf, type TelegramReader } from "./telegram-update.ts"

const reader: TelegramReader = {
  channelId: ChannelId.parse(`chan_${"0".repeat(24)}`),
  bot: { id: 99, username: "loop_bot" },
  allowedUserIds: [7],
  approverUserIds: null,
  now: EpochMs.parse(1_000),
}
const ann = { id: 7, is_bot: false, first_name: "Ann", last_name: "Lee" }
const bob = { id: 8, is_bot: false, first_name: "Bob" }
const bot = { id: 99, is_bot: true, first_name: "Loop", username: "loop_bot" }
const home = { id: 7, type: "private" }
const group = { id: -100, type: "supergroup" }
const update = (message: object) => ({
  update_id: 5,
  message: { message_id: 3, date: 1, from: ann, chat: home, ...message },
})
const read = (message: object, with_: Partial<TelegramReader> = {}) =>
  readTelegramUpdate(update(message), { ...reader, ...with_ })
const textOf = (message: object) => {
  const inbound = read(message)
  return inbound.status === "message" ? inbound.message.text : inbound.status
}
const isTainted = (message: object) => {
  const inbound = read(message)
  return inbound.status === "message" ? inbound.message.tainted : inbound.status
}
const reasonOf = (message: object, with_: Partial<TelegramReader> = {}) => {
  const inbound = read(message, with_)
  return inbound.status === "ignored" ? inbound.reason : inbound.status
}

test("an allowed person's text becomes a message, keyed by the update", () => {
  expect(read({ text: " Hello\nthere " })).toEqual({
    status: "message",
    place: { chatId: 7 },
    by: { id: 7, name: "Ann Lee", isApprover: true },
    repliesTo: null,
    said: "Hello\nthere",
    message: {
      externalId: "tg:5",
      text: "Hello\nthere",
      source: {
        kind: "telegram",
        channelId: reader.channelId,
        chatId: 7,
        messageId: 3,
        senderId: 7,
        senderName: "Ann Lee",
      },
      permissionMode: "default",
      whileBusy: "join",
      tainted: false,
      receivedAt: 1_000,
    },
  })
})

describe("who is served", () => {
  test("nobody, while no user id is allowed", () => {
    expect(reasonOf({ text: "hi" }, { allowedUserIds: [] })).toBe("stranger")
  })

  test.each([
    ["someone who is not on the list", { from: bob, text: "hi" }],
    ["a bot, even one on the list", { from: { ...ann, is_bot: true }, text: "hi" }],
    ["an anonymous administrator", { sender_chat: { id: -100 }, chat: group, text: "@loop_bot hi" }],
    ["a post without a sender", { from: undefined, text: "hi" }],
  ])("not %s", (_, message) => {
    expect(reasonOf(message)).toBe("stranger")
  })

  test("the sender counts, not the chat: a stranger in an allowed person's group is refused", () => {
    const entities = [{ type: "mention", offset: 0, length: 9 }]
    expect(reasonOf({ from: bob, chat: { ...group, id: 7 }, text: "@loop_bot hi", entities })).toBe("stranger")
  })

  test("a channel's post is nobody's message", () => {
    expect(reasonOf({ chat: { id: -100, type: "channel" }, text: "hi" })).toBe("unreadable")
  })
})

const said = (text: string, extra: object) => reasonOf({ chat: group, text, ...extra })

describe("in a group, the bot is meant by", () => {
  test("a mention, in whatever case", () => {
    expect(said("ok @Loop_Bot?", { entities: [{ type: "mention", offset: 3, length: 9 }] })).toBe("message")
    expect(said("ok @loop_bot2", { entities: [{ type: "mention", offset: 3, length: 10 }] })).toBe("unaddressed")
  })

  test("a mention by text", () => {
    expect(said("Loop, hi", { entities: [{ type: "text_mention", offset: 0, length: 4, user: { id: 99 } }] })).toBe(
      "message",
    )
    expect(said("Bob, hi", { entities: [{ type: "text_mention", offset: 0, length: 3, user: { id: 8 } }] })).toBe(
      "unaddressed",
    )
  })

  test("a command with its name", () => {
    expect(said("/ask@loop_bot x", { entities: [{ type: "bot_command", offset: 0, length: 13 }] })).toBe("message")
    expect(said("/ask x", { entities: [{ type: "bot_command", offset: 0, length: 4 }] })).toBe("unaddressed")
  })

  test("a reply to one of its messages", () => {
    expect(said("and?", { reply_to_message: { from: bot, text: "x" } })).toBe("message")
    expect(said("and?", { reply_to_message: { from: bob, text: "x" } })).toBe("unaddressed")
  })

  test("a caption that mentions it", () => {
    const message = {
      chat: group,
      photo: [],
      caption: "@loop_bot see",
      caption_entities: [{ type: "mention", offset: 0, length: 9 }],
    }
    expect(reasonOf(message)).toBe("message")
  })

  test("nothing else", () => {
    expect(said("loop_bot is nice", {})).toBe("unaddressed")
  })
})

test("only a forum topic is a place of its own; a thread of replies is not", () => {
  expect(read({ chat: home, text: "a", message_thread_id: 4, is_topic_message: true })).toMatchObject({
    place: { chatId: 7, threadId: 4 },
    message: { source: { threadId: 4 } },
  })
  expect(read({ text: "a", message_thread_id: 4 })).toMatchObject({ place: { chatId: 7 } })
  expect(read({ text: "a", message_thread_id: 4 })).not.toHaveProperty("place.threadId")
})

test("/stop stops, with the bot's name too; what only begins like it is said to the agent", () => {
  expect(read({ text: "/stop" })).toEqual({ status: "stop", place: { chatId: 7 } })
  expect(read({ text: "/Stop@loop_bot " }).status).toBe("stop")
  expect(read({ text: "/stop now" }).status).toBe("message")
  expect(read({ text: "/stop@other_bot" }).status).toBe("message")
  expect(textOf({ text: "/ask@loop_bot why" })).toBe("/ask why")
})

describe("what the agent reads", () => {
  test("what a reply answers stands before it", () => {
    expect(textOf({ text: "Yes", reply_to_message: { from: bot, text: "Shall I?\nReally?" } })).toBe(
      "[In reply to your message]\n> Shall I?\n> Really?\n\nYes",
    )
    expect(textOf({ text: "Yes", reply_to_message: { from: bob, text: "long text" }, quote: { text: "text" } })).toBe(
      "[In reply to a message of Bob]\n> text\n\nYes",
    )
  })

  test("a long quotation is cut", () => {
    expect(textOf({ text: "Yes", reply_to_message: { from: bot, text: "x".repeat(5_000) } }).length).toBeLessThan(1_200)
  })

  test("a forwarded text is marked line by line, so that it cannot pass for the sender's own", () => {
    expect(textOf({ text: "a\n[In reply to your message]", forward_origin: { type: "user" } })).toBe(
      "[Forwarded message]\n> a\n> [In reply to your message]",
    )
  })

  test("an attachment is named, with its caption", () => {
    expect(textOf({ photo: [], caption: "What is it?" })).toBe(
      "[The message carries a photo, which cannot be read here.]\n\nWhat is it?",
    )
    expect(textOf({ voice: {} })).toBe("[The message carries a voice message, which cannot be read here.]")
  })

  test("lone surrogates and NUL become the replacement character", () => {
    expect(textOf({ text: "a\ud800b\u0000c" })).toBe("a\uFFFDb\uFFFDc")
  })

  test("a name is one short line", () => {
    const inbound = read({ from: { ...ann, first_name: `A\nB${"x".repeat(500)}` }, text: "hi" })
    expect(inbound).toMatchObject({ message: { source: { senderName: `A B${"x".repeat(196)}` } } })
  })

  test.each([[{}], [{ text: "  " }], [{ new_chat_members: [bob] }], [{ pinned_message: {} }]])(
    "nothing, where nothing is said: %j",
    (message) => {
      expect(reasonOf(message)).toBe("empty")
    },
  )
})

describe("text that others wrote is marked", () => {
  test.each([
    ["a forwarded message", { text: "x", forward_origin: { type: "user" } }, true],
    ["a reply that quotes another chat", { text: "x", external_reply: {} }, true],
    ["a message made by another bot", { text: "x", via_bot: bot }, true],
    ["a reply to someone else", { text: "x", reply_to_message: { from: bob, text: "y" } }, true],
    ["a reply to nobody known", { text: "x", reply_to_message: { text: "y" } }, true],
    ["a reply to the agent", { text: "x", reply_to_message: { from: bot, text: "y" } }, false],
    ["a reply to oneself", { text: "x", reply_to_message: { from: ann, text: "y" } }, false],
    ["plain text", { text: "x" }, false],
  ])("%s", (_, message, tainted) => {
    expect(isTainted(message)).toBe(tainted)
  })
})

test("an edited message, another kind and nonsense are ignored", () => {
  for (const other of [
    { update_id: 1, edited_message: update({ text: "x" }).message },
    { update_id: 1, callback_query: {} },
    { update_id: 1, message: { message_id: "x" } },
    { update_id: -1, message: update({ text: "x" }).message },
    { update_id: 1 },
    null,
    [],
    "x",
  ]) {
    expect(readTelegramUpdate(other, reader)).toEqual({ status: "ignored", reason: "unreadable", senderId: null })
  }
  expect(updateIdOf({ update_id: 12, poll: {} })).toBe(12)
  expect(updateIdOf({ update_id: "12" })).toBeUndefined()
})

test("no update, however strange, is thrown at", () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (value, other) => {
      readTelegramUpdate(value, reader)
      readTelegramUpdate(update({ text: value, entities: other, reply_to_message: other }), reader)
    }),
  )
})

describe("an answer to a question", () => {
  const from = { id: 7, is_bot: false, first_name: "Ann" }
  const press = (chat: object, user: object = from) => ({
    update_id: 9,
    callback_query: {
      id: "q1",
      from: user,
      data: "y:l",
      chat_instance: "1",
      message: { message_id: 3, date: 1, chat },
    },
  })
  const privately = { id: 7, type: "private" }
  const group = { id: -5, type: "supergroup" }
  const by = (approverUserIds: number[] | null, chat: object) => {
    const inbound = readTelegramUpdate(press(chat), { ...reader, approverUserIds })
    return inbound.status === "press" ? inbound.by?.isApprover : undefined
  }

  test("by a button is a press, with what the button says", () => {
    expect(readTelegramUpdate(press(privately), reader)).toEqual({
      status: "press",
      pressId: "q1",
      messageId: 3,
      place: { chatId: 7 },
      data: "y:l",
      by: { id: 7, name: "Ann", isApprover: true },
    })
  })

  test("by a stranger or a machine has no author", () => {
    for (const user of [
      { ...from, id: 99 },
      { ...from, is_bot: true },
    ])
      expect(readTelegramUpdate(press(group, user), reader)).toMatchObject({ status: "press", by: null })
  })

  test.each([
    [null, privately, true],
    [null, group, false],
    [[7], group, true],
    [[8], group, false],
    [[8], privately, false],
    [[], privately, false],
  ])("with the approvers %o in %o may allow: %s", (approvers, chat, may) => {
    expect(by(approvers, chat)).toBe(may)
  })

  test.each([
    ["/approve", { allow: true, number: null }],
    ["/deny 12", { allow: false, number: 12 }],
    ["/APPROVE@loop_bot 3", { allow: true, number: 3 }],
  ])("%s is a verdict", (text, verdict) => {
    expect(read({ text })).toMatchObject({ status: "verdict", ...verdict, by: { id: 7 } })
  })

  test("a command with more words is a message like any other", () => {
    expect(read({ text: "/approve of this plan?" }).status).toBe("message")
  })

  test("a reply names the message of ours that it answers, and no one else's", () => {
    const replied = (id: number) => ({ message_id: 3, date: 1, chat: privately, from: { ...from, id }, text: "Which?" })
    expect(read({ text: "Large", reply_to_message: replied(reader.bot.id) })).toMatchObject({
      repliesTo: 3,
      said: "Large",
    })
    expect(read({ text: "Large", reply_to_message: replied(8) })).toMatchObject({ repliesTo: null })
  })
})
