/** Answers from a chat on their way to the conversation that asked: by buttons, numbers, replies and plain words. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { conversationIdOf } from "../../adapters/conversation-id.ts"
import { lastAuditRow } from "../../adapters/store/audit.ts"
import { pressData, type Press } from "../../core/approval/button.ts"
import { LoopError } from "../../core/errors.ts"
import { ChoiceId } from "../../core/units.ts"
import { openChannelHarness, telegramChannel, textUpdate, type ChannelHarness } from "../testing/channel-harness.ts"

let harness: ChannelHarness
beforeEach(async () => {
  harness = await openChannelHarness({ TELEGRAM_MODE: "webhook", PUBLIC_URL: "https://gateway.example" })
  await harness.create()
  harness.fake.pushText({ chatId: 7, fromId: 7, text: "hello" })
})
afterEach(() => harness.close())

const own = conversationIdOf(telegramChannel, 7)
const other = `loop_${"e".repeat(32)}`
const choice = (of: string, number: number) => ChoiceId.parse(`choice_${of}_1_${number}`)
async function ask(choiceId: ChoiceId, question: number | null = null) {
  const buttons = [[{ text: "Approve", data: pressData(choiceId, { kind: "allow" }) }]]
  const part = {
    chatId: 7,
    text: "May I?",
    format: "plain" as const,
    buttons,
    choice: { choiceId, question, isOver: false },
  }
  harness.time.advance(3_000)
  const sent = await harness.channel.call("send", part)
  if (sent.status !== "sent") throw new Error(sent.status)
  return Number(sent.externalId)
}
const answers = () =>
  harness.notes.filter(({ method }) => method === "answerInChat").map(({ conversationId }) => conversationId)
let updateId = 100
const pressed = (choiceId: ChoiceId, press: Press, fromId = 7) => {
  const { callbackId } = harness.fake.pushCallback({
    chatId: 7,
    fromId,
    messageId: 1,
    data: pressData(choiceId, press),
  })
  const from = { id: fromId, is_bot: false, first_name: "Ada" }
  const message = { message_id: 1, date: 1, chat: { id: 7, type: "private" } }
  const data = pressData(choiceId, press)
  return { update_id: updateId++, callback_query: { id: callbackId, from, message, chat_instance: "1", data } }
}
const told = (text: string) =>
  harness.fake.waitFor(text, () => harness.fake.callbackAnswers.some((answer) => answer.text === text))
const replied = (text: string, messageId: number) => {
  const update = textUpdate(updateId++, text)
  const from = { id: Number(harness.fake.token.split(":")[0]), is_bot: true, first_name: "Loop" }
  const reply = { message_id: messageId, date: 1, chat: { id: 7, type: "private" }, from, text: "May I?" }
  return { ...update, message: { ...Object(update["message"]), reply_to_message: reply } }
}

test("an answer is on the audit trail, with who gave it and without the conversation's id", async () => {
  const choiceId = choice(other, 1)
  await ask(choiceId)
  await harness.post(pressed(choiceId, { kind: "deny" }))
  await expect.poll(() => lastAuditRow(harness.libsql)).toBeDefined()
  const row = await lastAuditRow(harness.libsql)
  expect(row).toMatchObject({
    action: "approval_answered",
    actorName: "Ada",
    targetKind: "conversation",
    details: { channel: telegramChannel, sender: "7", allow: false },
  })
  expect(JSON.stringify(row)).not.toContain(other)
})

test("a button reaches the conversation that asked, and who pressed it is told", async () => {
  const asked: unknown[] = []
  harness.onAnswer = (input) => {
    asked.push(input)
    return { text: "Approved.", status: "over" }
  }
  await ask(choice(other, 1))
  await harness.post(pressed(choice(other, 1), { kind: "always" }))
  await told("Approved.")
  expect(asked).toEqual([
    {
      choiceId: choice(other, 1),
      place: { channelId: telegramChannel, chatId: 7 },
      by: { id: "7", name: "Ada", isApprover: true },
      given: { kind: "always" },
      messageId: 1,
    },
  ])
  expect(answers()).toEqual([other])
})

test("a stranger's button reaches nobody, and the stranger is told", async () => {
  await ask(choice(own, 1))
  await harness.post(pressed(choice(own, 1), { kind: "allow" }, 99))
  await told("You may not answer this. Nothing was changed.")
  expect(answers()).toEqual([])
})

test("a button of a conversation that is gone says that it is closed", async () => {
  harness.onAnswer = () => {
    throw new LoopError("loop_not_found")
  }
  await harness.post(pressed(choice(other, 1), { kind: "allow" }))
  await told("This question is closed. Nothing was changed.")
})

describe("by number", () => {
  test("a question names its number, and keeps it when it is sent again", async () => {
    await ask(choice(own, 1))
    await ask(choice(other, 1))
    await ask(choice(own, 1))
    const numbers = harness.fake.sent.map(({ text }) => /\/approve (\d+)/.exec(text)?.[1])
    expect(numbers).toEqual(["1", "2", "1"])
  })

  test("/approve answers the only one, or the one that is named, also after a restart", async () => {
    await ask(choice(own, 1))
    await harness.post(textUpdate(updateId++, "/approve"))
    await ask(choice(own, 2))
    await ask(choice(other, 1))
    await harness.restart()
    await harness.post(textUpdate(updateId++, "/deny 3"))
    expect(answers()).toEqual([own, other])
  })

  test.each([
    ["/approve", 2, /Several questions wait[\s\S]*1, 2/],
    ["/approve 9", 2, /no open question 9/],
    ["/deny", 0, /Nothing waits/],
  ])("%s with %i open answers nothing and says so", async (command, open, words) => {
    for (let n = 1; n <= open; n += 1) await ask(choice(own, n))
    await harness.post(textUpdate(updateId++, command))
    await harness.fake.waitForSent(({ text }) => words.test(text))
    expect(answers()).toEqual([])
  })

  test("repeated by Telegram, it does not answer what was asked since", async () => {
    await ask(choice(own, 1))
    const update = textUpdate(updateId++, "/approve")
    await harness.post(update)
    await ask(choice(own, 2))
    await harness.post(update)
    expect(answers()).toEqual([own])
  })
})

describe("in words", () => {
  test("a reply to a question is its answer, and no message", async () => {
    const messageId = await ask(choice(other, 1), 0)
    const update = replied("Large", messageId)
    await harness.post(update)
    await harness.post(update)
    expect(answers()).toEqual([other])
    expect(harness.texts).toEqual([])
  })

  test("any message answers the one question that the chat's own conversation waits with", async () => {
    await ask(choice(own, 1), 0)
    await harness.post(textUpdate(updateId++, "Large"))
    expect(answers()).toEqual([own])
    await harness.post(textUpdate(updateId++, "And now something else"))
    expect(harness.texts).toEqual(["And now something else"])
  })

  test.each([
    ["another conversation asks", other, 0],
    ["a call waits for a yes", own, null],
  ])("a message stays one while %s", async (_, of, question) => {
    await ask(choice(of, 1), question)
    await harness.post(textUpdate(updateId++, "yes, do it"))
    expect(answers()).toEqual([])
    expect(harness.texts).toEqual(["yes, do it"])
  })

  test("words that came too late are a message", async () => {
    harness.onAnswer = () => ({ text: "Its time is over.", status: "closed" })
    await ask(choice(own, 1), 0)
    await harness.post(textUpdate(updateId++, "Large"))
    expect(harness.texts).toEqual(["Large"])
  })
})

test("an erased conversation leaves nothing of its questions in any chat, and those of others stay open", async () => {
  await ask(choice(own, 1))
  await ask(choice(other, 1))
  await ask(choice(own, 2), 0)
  expect(JSON.stringify(harness.stored())).toContain(own)
  await harness.channel.call("forget", { conversationId: own })
  expect(JSON.stringify(harness.stored())).not.toContain(own.slice(5))
  await harness.restart()
  await harness.post(textUpdate(updateId++, "/approve 1"))
  await harness.fake.waitForSent(({ text }) => /no open question 1/.test(text))
  await harness.post(textUpdate(updateId++, "/approve 2"))
  expect(answers()).toEqual([other])
  await ask(choice(own, 1))
  expect(harness.fake.sent.at(-1)?.text).toContain("/approve 4")
})
