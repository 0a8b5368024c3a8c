/** Who gets a command, and what an instant does to one that somebody has. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { after, EpochMs } from "../units.ts"
import { Capability, RunnerId } from "./command.ts"
import {
  type Candidate,
  chooseRunner,
  type CommandState,
  deadAfterMs,
  dueOf,
  graceMs,
  lostAfterMs,
  overdueMs,
  stateOf,
} from "./fleet.ts"

const id = (digit: string) => RunnerId.parse(`run_${digit.repeat(24)}`)
const at = EpochMs.parse(1_790_000_000_000)
const sandbox = { name: "sandbox", status: "ok", problem: null } as const

const runner = (digit: string, changes: Partial<Candidate> = {}): Candidate => ({
  id: id(digit),
  presence: "here",
  isDraining: false,
  capabilities: [sandbox],
  slots: 4,
  running: 0,
  ...changes,
})
const need = { capability: "sandbox", home: null, isPinned: false } as const
const chosen = (digit: string) => ({ status: "chosen", runnerId: id(digit) })

describe("the choice", () => {
  test.each([
    ["nobody is there", [], need, { status: "none" }],
    [
      "the least share of slots is taken",
      [runner("a", { running: 2 }), runner("b", { slots: 8, running: 3 })],
      need,
      chosen("b"),
    ],
    ["all are alike", [runner("b"), runner("a")], need, chosen("a")],
    ["all are busy", [runner("a", { running: 4 })], need, { status: "wait" }],
    ["one drains", [runner("a", { isDraining: true }), runner("b", { running: 3 })], need, chosen("b")],
    ["the only one drains", [runner("a", { isDraining: true })], need, { status: "none" }],
    ["one was here a moment ago", [runner("a", { presence: "back_soon" })], need, { status: "wait" }],
    ["one is gone", [runner("a", { presence: "gone" })], need, { status: "none" }],
    [
      "it does not work there",
      [runner("a", { capabilities: [{ ...sandbox, status: "unavailable" }] })],
      need,
      { status: "none" },
    ],
    ["it is not offered there", [runner("a", { capabilities: [] })], need, { status: "none" }],
    ["one has the files", [runner("a"), runner("b", { running: 3 })], { ...need, home: id("b") }, chosen("b")],
    [
      "who has the files is busy",
      [runner("a"), runner("b", { running: 4 })],
      { ...need, home: id("b") },
      { status: "wait" },
    ],
    [
      "who has the files was here a moment ago",
      [runner("a"), runner("b", { presence: "back_soon" })],
      { ...need, home: id("b") },
      { status: "wait" },
    ],
    [
      "who has the files is gone",
      [runner("a"), runner("b", { presence: "gone" })],
      { ...need, home: id("b") },
      chosen("a"),
    ],
    [
      "who has the files drains",
      [runner("a"), runner("b", { isDraining: true })],
      { ...need, home: id("b") },
      chosen("a"),
    ],
    [
      "it is for one that is gone",
      [runner("a"), runner("b", { presence: "gone" })],
      { ...need, home: id("b"), isPinned: true },
      { status: "none" },
    ],
    [
      "it is for one that drains",
      [runner("a"), runner("b", { isDraining: true })],
      { ...need, home: id("b"), isPinned: true },
      { status: "wait" },
    ],
    ["it is for one that is unknown", [runner("a")], { ...need, home: id("b"), isPinned: true }, { status: "none" }],
  ])("when %s", (_, candidates, needed, expected) => {
    expect(chooseRunner(candidates, needed)).toEqual(expected)
  })

  test("never falls on one that is away, full, draining or unable", () => {
    const candidate = fc.record({
      id: fc.constantFrom("a", "b", "c").map(id),
      presence: fc.constantFrom("here", "back_soon", "gone"),
      isDraining: fc.boolean(),
      capabilities: fc.array(
        fc.record({
          name: fc.constantFrom(...Capability.options),
          status: fc.constantFrom("ok", "unavailable"),
          problem: fc.constant(null),
        }),
        { maxLength: 2 },
      ),
      slots: fc.integer({ min: 1, max: 3 }),
      running: fc.integer({ min: 0, max: 4 }),
    })
    const candidates = fc.uniqueArray(candidate, { selector: (one) => one.id })
    const needed = fc.record({
      capability: fc.constantFrom(...Capability.options),
      home: fc.option(fc.constantFrom("a", "b", "f").map(id)),
      isPinned: fc.boolean(),
    })
    fc.assert(
      fc.property(candidates, needed, (all, wish) => {
        const choice = chooseRunner(all, wish)
        if (choice.status !== "chosen") return
        const one = all.find((candidate) => candidate.id === choice.runnerId)
        expect(one).toMatchObject({ presence: "here", isDraining: false })
        expect(one?.running).toBeLessThan(one?.slots ?? 0)
        expect(one?.capabilities).toContainEqual({ name: wish.capability, status: "ok", problem: null })
        if (wish.isPinned) expect(choice.runnerId).toBe(wish.home)
      }),
    )
  })
})

describe("what an instant does", () => {
  const command = { expiresAt: after(at, 60_000), timeoutMs: 10_000 }
  const pending = (offeredTo: RunnerId | null): CommandState => ({ status: "pending", offeredTo })
  const accepted: CommandState = { status: "accepted", runnerId: id("a"), acceptedAt: at }
  const running: CommandState = { status: "running", runnerId: id("a"), acceptedAt: at, startedAt: at }
  const overdueAt = after(at, 10_000 + overdueMs)

  test.each<[string, CommandState, number | null, number, string]>([
    ["waits until it expires", pending(null), null, 59_999, "nothing"],
    ["expires on its instant", pending(null), null, 60_000, "expire"],
    ["expires though it was offered", pending(id("a")), null, 60_000, "expire"],
    ["is taken back after the grace of its runner", pending(id("a")), 1_000, 1_000 + graceMs, "take_back"],
    ["is left to its runner until then", pending(id("a")), 1_000, 999 + graceMs, "nothing"],
    ["is not taken back once it was accepted", accepted, 0, graceMs, "nothing"],
    ["is interrupted when its runner is away for too long", accepted, 0, lostAfterMs, "interrupt"],
    ["is interrupted while it runs, too", running, 5, lostAfterMs + 5, "interrupt"],
    ["does not expire once it was accepted", accepted, null, 61_000, "nothing"],
    ["is overdue long after its own time-out", running, null, 10_000 + overdueMs, "overdue"],
    ["is not overdue while its runner is away", running, 10_000, 10_000 + overdueMs, "nothing"],
  ])("a command %s", (_, state, awaySince, passedMs, expected) => {
    const since = awaySince === null ? null : after(at, awaySince)
    expect(dueOf(state, command, since, after(at, passedMs)).status).toBe(expected)
  })

  test("says when to look again", () => {
    expect(dueOf(pending(null), command, null, at)).toEqual({ status: "nothing", nextAt: command.expiresAt })
    expect(dueOf(pending(id("a")), command, at, at)).toEqual({ status: "nothing", nextAt: after(at, graceMs) })
    expect(dueOf(running, command, null, at)).toEqual({ status: "nothing", nextAt: overdueAt })
    expect(dueOf(running, command, at, at)).toEqual({ status: "nothing", nextAt: after(at, lostAfterMs) })
  })

  test("is nothing to what has ended", () => {
    const ended: CommandState = {
      status: "ended",
      how: "failed",
      runnerId: null,
      acceptedAt: null,
      startedAt: null,
      endedAt: at,
    }
    expect(dueOf(ended, command, null, after(at, 1e9))).toEqual({ status: "nothing", nextAt: null })
  })
})

test.each([
  [{ isRevoked: true, isConnected: true }, 0, "revoked"],
  [{ isConnected: false }, 0, "offline"],
  [{ isConnected: true }, deadAfterMs - 1, "online"],
  [{ isConnected: true }, deadAfterMs, "stale"],
  [{ isConnected: true, isDraining: true }, 0, "draining"],
])("a runner %j that was seen %i ms ago is %s", (changes, passedMs, expected) => {
  const shown = { isDraining: false, isRevoked: false, lastSeenAt: at, ...changes }
  expect(stateOf(shown, after(at, passedMs))).toBe(expected)
})
