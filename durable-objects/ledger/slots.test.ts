import { afterEach, expect, test } from "vitest"
import { apiMessage, loopId, openHarness, owner, type Harness } from "../testing/harness.ts"
import { ConversationId, TurnId } from "../../core/units.ts"

let harness: Harness
afterEach(async () => harness.close())

const turn = (n: number) => ({
  turnId: TurnId.parse(`turn_${loopId}_${n}`),
  conversationId: ConversationId.parse(loopId),
})
const ledger = () => harness.objects.peers("ledger", "main")
const acquire = (n: number) => ledger().call("acquireSlot", turn(n))
const release = (n: number) => ledger().call("releaseSlot", { turnId: turn(n).turnId })

test("slots go to as many turns as there are, and asking again keeps one", async () => {
  harness = await openHarness({ concurrentTurns: 2 })
  expect([await acquire(1), await acquire(2), await acquire(3), await acquire(1)]).toEqual([
    { granted: true },
    { granted: true },
    { granted: false },
    { granted: true },
  ])
})

test("a higher limit lets those in who wait, a lower one takes nobody's slot, and both outlive a restart", async () => {
  harness = await openHarness({ concurrentTurns: 1 })
  await acquire(1)
  await acquire(2)
  await ledger().call("setLimit", { limit: 2, version: 1 })
  expect(await acquire(2)).toEqual({ granted: true })
  await ledger().call("setLimit", { limit: 1, version: 2 })
  expect([await acquire(1), await acquire(2)]).toEqual([{ granted: true }, { granted: true }])
  await harness.restart()
  await release(1)
  expect(await acquire(3)).toEqual({ granted: false })
  await ledger().call("setLimit", { limit: null, version: 3 })
  await release(2)
  expect(await acquire(3)).toEqual({ granted: true })
})

test("an older limit that arrives late changes nothing", async () => {
  harness = await openHarness({ concurrentTurns: 1 })
  await ledger().call("setLimit", { limit: 1, version: 2 })
  await ledger().call("setLimit", { limit: 5, version: 1 })
  expect([await acquire(1), await acquire(2)]).toEqual([{ granted: true }, { granted: false }])
})

test("slots outlive a restart", async () => {
  harness = await openHarness({ concurrentTurns: 1 })
  await acquire(1)
  await harness.restart()
  expect(await acquire(2)).toEqual({ granted: false })
})

test("a holder that says nothing for three minutes has lost its slot", async () => {
  harness = await openHarness({ concurrentTurns: 1 })
  await acquire(1)
  harness.time.advance(3 * 60_000)
  expect(await acquire(2)).toEqual({ granted: true })
})

test("a free slot goes to who asked first, not to who asks at that moment", async () => {
  harness = await openHarness({ concurrentTurns: 1 })
  await acquire(1)
  harness.time.advance(60_000)
  await acquire(2)
  harness.time.advance(2 * 60_000)
  expect(await acquire(3)).toEqual({ granted: false })
  expect(await acquire(2)).toEqual({ granted: true })
})

test("a slot given to a turn that is over comes back", async () => {
  harness = await openHarness({ concurrentTurns: 1 })
  await harness.objects
    .peers("conversation", loopId)
    .call("create", { ownerId: owner, title: "", metadata: {}, profiles: [] })
  await acquire(1)
  await acquire(2)
  // Turn 2 does not run in its conversation: the wake that gives it the slot gives it back.
  await release(1)
  await harness.objects.peers("conversation", loopId).call("accept", { viewer: owner, message: apiMessage("say: hi") })
  await expect.poll(() => harness.model.requestCount).toBe(1)
})

test("edge mode is a ceiling also for a limit that was set before", async () => {
  harness = await openHarness({ environment: () => ({ EDGE_MODE: "true", EDGE_MAX_CONCURRENT: "1" }) })
  await ledger().call("setLimit", { limit: 5, version: 1 })
  expect(await acquire(1)).toEqual({ granted: true })
  expect(await acquire(2)).toEqual({ granted: false })
})

test("an erased conversation has neither slot nor place in line, and its slot goes to the next", async () => {
  harness = await openHarness({ concurrentTurns: 1 })
  const erased = ConversationId.parse(`loop_${"9".repeat(32)}`)
  await ledger().call("acquireSlot", { turnId: TurnId.parse(`turn_${erased}_1`), conversationId: erased })
  await acquire(2)
  await ledger().call("forget", { conversationId: erased })
  expect(await acquire(2)).toEqual({ granted: true })
  await acquire(3)
  await ledger().call("forget", { conversationId: ConversationId.parse(loopId) })
  await harness.restart()
  expect(await acquire(4)).toEqual({ granted: true })
})
