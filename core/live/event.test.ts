import { describe, expect, test } from "vitest"
import { Role, Scope } from "../access/scope.ts"
import { LiveEvent, LiveFrame, liveScopes, readableLive, scopeOfLive } from "./event.ts"

const names = LiveEvent.options.flatMap(({ shape: { event } }) => ("options" in event ? event.options : [event.value]))
const conversationId = `loop_${"a".repeat(32)}`

describe("an event of the feed", () => {
  test.each(names)("%s is read by a scope to read", (name) => {
    expect(scopeOfLive(name)).toMatch(/:read$/)
  })

  test("has the names that dashboards know", () => {
    for (const name of ["model:hot-swap", "fallback:start", "fallback:success"]) expect(names).toContain(name)
  })

  test("carries nothing beside what its name allows: no title, no text", () => {
    const data = { conversationId, title: "a secret", text: "another" }
    expect(LiveEvent.parse({ event: "conversation:updated", data })).toEqual({
      event: "conversation:updated",
      data: { conversationId },
    })
  })

  test("of a newer gateway is told from a broken one by no reader: both are no frame", () => {
    const frame = { seq: 1, at: "2026-11-21T12:00:00.000Z", event: "confetti", data: {} }
    expect(LiveFrame.safeParse(frame).success).toBe(false)
    const known = { ...frame, event: "conversation:erased", data: { conversationId } }
    expect(LiveFrame.parse(known)).toEqual(known)
    expect(LiveFrame.safeParse({ ...known, seq: -1 }).success).toBe(false)
    expect(LiveFrame.safeParse({ ...known, seq: undefined }).success).toBe(false)
  })
})

describe("a caller reads", () => {
  test.each(Role.options)("as %s in a browser, all of the feed", (role) => {
    expect(readableLive({ role, credential: { kind: "cookie" } })).toEqual(liveScopes)
  })

  test("by a token, what both its scopes and its person's role allow", () => {
    const of = (...scopes: Scope[]) => readableLive({ role: "viewer", credential: { kind: "token", scopes } })
    expect(of("chat", "approvals:answer", "access:read", "conversations:write")).toEqual([])
    expect(of("conversations:read", "chat")).toEqual(["conversations:read"])
    expect(of(...Scope.options)).toEqual(liveScopes)
  })
})
