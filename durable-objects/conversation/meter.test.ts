import { afterEach, beforeEach, expect, test } from "vitest"
import { parseExposition } from "../../core/metrics/parse-exposition.ts"
import { type Harness, loopId, openHarness, owner, readEvents } from "../testing/harness.ts"
import { openLoopDesk } from "../testing/loop-desk.ts"

let harness: Harness
beforeEach(async () => {
  harness = await openHarness()
})
afterEach(() => harness.close())

const { conversation, begin } = openLoopDesk(() => harness)
const runTurn = async (text: string) => readEvents(await begin(text))
const ends = () => harness.logs.filter(({ event }) => event === "turn_ended")
const samples = () => parseExposition(harness.metrics.registry.render()).flatMap((family) => family.samples)

test("a turn's end is one line with its numbers and without its words", async () => {
  await runTurn("the secret word is xyzzy")
  expect(ends()).toEqual([
    expect.objectContaining({
      level: "info",
      conversationId: loopId,
      turnId: `turn_${loopId}_1`,
      kind: "loop",
      status: "done",
      modelCalls: 1,
      toolCalls: 0,
    }),
  ])
  expect(Number(ends()[0]?.outputTokens)).toBeGreaterThan(0)
  expect(JSON.stringify(harness.logs)).not.toContain("xyzzy")
})

test("calls of models and their tokens are counted by provider, model and outcome", async () => {
  await runTurn("hello")
  const found = samples()
  const model = { provider: "anthropic", model: "claude-sonnet-5-5" }
  expect(found).toContainEqual({ name: "loop_turns_total", labels: { status: "done" }, value: 1 })
  expect(found).toContainEqual({ name: "loop_model_calls_total", labels: { ...model, outcome: "ok" }, value: 1 })
  const tokens = found.filter(({ name }) => name === "loop_model_tokens_total")
  expect(tokens.find(({ labels }) => labels.kind === "output")?.value).toBe(ends()[0]?.outputTokens)
})

test("a conversation that the database does not take is known as behind, until it does", async () => {
  await runTurn("hello")
  harness.databaseIsAway = true
  await expect(
    conversation()
      .call("archive", { viewer: owner })
      .then(() => conversation().call("flush", {})),
  ).rejects.toMatchObject({ code: "database_unavailable" })
  expect([...harness.metrics.behind]).toEqual([loopId])
  harness.databaseIsAway = false
  await conversation().call("flush", {})
  expect([...harness.metrics.behind]).toEqual([])
})
