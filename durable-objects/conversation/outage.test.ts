/** An outage as a crowd of conversations sees it: who is asked meanwhile, who tries whether it is over, who waits for that. */
import { afterEach, expect, test } from "vitest"
import { firstCoolDownMs } from "../../core/budget/breaker.ts"
import { ConversationId } from "../../core/units.ts"
import { say, type Reply } from "../../sandbox-runner/testkit/model-script.ts"
import { apiMessage, openHarness, owner, readEvents, shownText, type Harness } from "../testing/harness.ts"

let harness: Harness
let asked = 0
afterEach(async () => harness.close())

/** @param second - whether another provider stands ready */
async function open({ second }: { second: boolean }): Promise<void> {
  harness = await openHarness({
    environment: (model) => ({
      FALLBACK_ENABLED: String(second),
      FALLBACK_OPENAI_MODEL: "gpt-6-sol",
      OPENAI_API_KEY: "sk-other",
      OPENAI_BASE_URL: model.openAiUrl,
    }),
  })
  // Pauses between tries pass.
  harness.time.flow(250)
}

/** One message in a conversation of its own. */
async function ask(): Promise<string> {
  asked += 1
  const id = ConversationId.parse(`loop_${asked.toString(16).padStart(32, "0")}`)
  const peer = harness.objects.peers("conversation", id)
  await peer.call("create", { ownerId: owner, title: "", metadata: {}, profiles: [] })
  const message = apiMessage("hello")
  await peer.call("accept", { viewer: owner, message })
  const events = await readEvents(await peer.stream("watch", { viewer: owner, externalId: message.externalId }))
  return events.at(-1)?.event === "done" ? shownText(events) : `failed: ${JSON.stringify(events.at(-1)?.data)}`
}
const crowd = (size: number) => Promise.all(Array.from({ length: size }, () => ask()))

/** Anthropic answers by `first`, the other is well. */
const script = (first: () => Reply | Promise<Reply>) =>
  harness.model.setScript(({ provider }) => (provider === "anthropic" ? first() : say("second")))
const askedFirst = () => harness.model.requests.filter(({ provider }) => provider === "anthropic").length

test("what conversations find out of a provider spares the others the wait, also after a restart, and one tries it again", async () => {
  await open({ second: true })
  script(() => ({ kind: "error", status: 500 }))
  expect(await crowd(2)).toEqual(["second", "second"])
  harness.time.stop()
  const before = askedFirst()
  await harness.restart()
  expect(await crowd(5)).toEqual(Array(5).fill("second"))
  expect(askedFirst()).toBe(before)

  const probe = Promise.withResolvers<Reply>()
  script(() => probe.promise)
  harness.time.advance(2 * firstCoolDownMs)
  const waiting = crowd(20)
  await harness.model.waitForRequest(({ provider, n }) => provider === "anthropic" && n > before)
  await expect
    .poll(() => harness.model.requests.filter(({ provider }) => provider === "openai").length)
    .toBe(2 + 5 + 19)
  expect(askedFirst()).toBe(before + 1)
  probe.resolve(say("first"))
  expect((await waiting).toSorted()).toEqual(["first", ...Array(19).fill("second")])
  script(() => say("first"))
  expect(await crowd(3)).toEqual(Array(3).fill("first"))
})

test("the first words of the one that tries end the outage: nobody waits for its last", async () => {
  await open({ second: false })
  script(() => ({ kind: "error", status: 500 }))
  expect((await crowd(2)).join()).toContain("model_unavailable")
  const before = askedFirst()
  const long: Reply = { kind: "spoiled", by: "stall", afterChunks: 1, answer: { text: "a long one", chunkSize: 4 } }
  script(() => (askedFirst() === before + 1 ? long : say("first")))
  const probe = ask()
  await harness.model.waitForRequest(({ n }) => n > before)
  expect(await crowd(5)).toEqual(Array(5).fill("first"))
  await harness.model.close()
  await probe
})
