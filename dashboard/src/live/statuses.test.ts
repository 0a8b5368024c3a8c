import { describe, expect, test } from "vitest"
import { ChoiceId, ConversationId, TurnId } from "../../../core/units.ts"
import { createTurnStatuses } from "./statuses.ts"

const conversationId = ConversationId.parse(`loop_${"a".repeat(32)}`)
const frame = { seq: 1, at: "2026-11-21T12:00:00.000Z" }
const data = { conversationId, turnId: TurnId.parse(`turn_${conversationId}_1`) }

describe("a conversation", () => {
  test("answers from its turn's start, waits while a person is asked, and rests after its end", () => {
    const statuses = createTurnStatuses()
    const seen: (string | undefined)[] = []
    statuses.onChange(() => seen.push(statuses.read().get(conversationId)))
    const approvalId = ChoiceId.parse(`choice_${conversationId}_1_1`)
    statuses.hear({ ...frame, event: "turn:started", data })
    statuses.hear({ ...frame, event: "turn:waiting", data })
    statuses.hear({ ...frame, event: "approval:resolved", data: { ...data, approvalId, allow: true, source: "api" } })
    statuses.hear({ ...frame, event: "turn:ended", data: { ...data, outcome: "done", errorCode: null } })
    statuses.hear({ ...frame, event: "conversation:updated", data: { conversationId } })
    expect(seen).toEqual(["running", "waiting", "running", undefined])
  })

  test("is not said to answer for ever when its end was missed", () => {
    const statuses = createTurnStatuses()
    statuses.hear({ ...frame, event: "turn:started", data })
    statuses.hear({ event: "gap" })
    expect(statuses.read().size).toBe(0)
  })
})
