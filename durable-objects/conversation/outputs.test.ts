/** Long outputs of tools: kept whole, shown in part, read on by their ids, marked as what they are, and erased. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { listMessages } from "../../adapters/store/conversations.ts"
import type { Catalogue } from "../../core/catalogue/catalogue.ts"
import { ConversationId } from "../../core/units.ts"
import { callTool, say, type Reply, type ScriptedRequest } from "../../sandbox-runner/testkit/model-script.ts"
import { loopId, openHarness, readEvents, shownText, type Harness } from "../testing/harness.ts"
import { openLoopDesk } from "../testing/loop-desk.ts"
import { readOutput } from "../tools/read-output.ts"
import { defineTool } from "../tools/tool.ts"

let ran = 0
/** `<letter> * n`, with a needle before its end. */
const writeMuch = defineTool({
  name: "write_much",
  description: "Writes much.",
  input: z.object({ letter: z.string(), count: z.number(), url: z.string().optional() }),
  risk: "low",
  repeatable: true,
  outward: "none",
  async run({ letter, count, url }) {
    ran += 1
    return { text: `${letter.repeat(count)} the needle ${letter.repeat(200)}`, tainted: url !== undefined }
  },
})
const risky = defineTool({
  name: "risky",
  description: "Acts.",
  input: z.object({}),
  risk: "medium",
  repeatable: false,
  outward: "acts",
  run: async () => ({ text: "acted", tainted: false }),
})

let harness: Harness
afterEach(async () => harness.close())

async function open(script: (request: ScriptedRequest) => Reply, catalogue: Catalogue = []): Promise<void> {
  ran = 0
  harness = await openHarness({ tools: [writeMuch, risky, readOutput], catalogue })
  harness.model.setScript(script)
  await createLoop()
}
const { createLoop, send } = openLoopDesk(() => harness)
async function ask(text: string, id = loopId) {
  const { stream } = await send(text, {}, id)
  return readEvents(stream, (events) => events.some(({ event }) => event === "requires_choice"))
}
const offered = () => harness.model.requests.map(({ tools }) => tools.some(({ name }) => name === "read_output"))
const lastResult = () => harness.model.requests.at(-1)?.toolResults[0]
/** Plays the steps of a conversation in their order, whatever it is shown. */
const steps = (...replies: ((request: ScriptedRequest) => Reply)[]) => {
  let played = 0
  return (request: ScriptedRequest) => replies[played++]?.(request) ?? say("done")
}
const idIn = (request: ScriptedRequest) => /kept under (\w+): read_output/.exec(JSON.stringify(request.messages))?.[1]
const read = (wish: object) => (request: ScriptedRequest) => callTool("read_output", { call: idIn(request), ...wish })
const much = (input: object) => () => callTool("write_much", { letter: "w", count: 150_000, ...input })
const filesWith = (text: string) =>
  readdirSync(harness.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(`${entry.parentPath}/${entry.name}`).includes(text))
    .map((entry) => entry.name)

describe("an output that is too long", () => {
  test("is shown in part, and the rest is read and searched without running anything again", async () => {
    await open(
      steps(much({}), read({ search: "NEEDLE" }), (request) => {
        expect(request.toolResults[0]?.text).toContain("Offset 150005, line 1: …")
        return callTool("read_output", { call: idIn(request), offset: 150_001, length: 10 })
      }),
    )
    const events = await ask("go")
    expect(shownText(events)).toBe("done")
    expect(ran).toBe(1)
    const [, afterCall] = harness.model.requests
    expect(afterCall?.toolResults[0]?.text.length).toBeLessThan(100_000)
    expect(afterCall?.toolResults[0]?.text).toMatch(
      /w\n\[… \d+ characters are left out here, from offset 75000 on\..*\]\nw/,
    )
    expect(afterCall?.toolResults[0]?.text).toMatch(/the needle w{200}$/)
    expect(lastResult()?.text).toMatch(/of write_much\.\nCharacters 150001 to 150011 of 150212.*\n\nthe needle$/s)
    // Nobody pays for a tool that has nothing to read.
    expect(offered()).toEqual([false, true, true, true])
    expect(harness.model.refused).toEqual([])
  })

  test("is read by a restarted object, and by one that has lost all but the record and its blobs", async () => {
    await open(steps(much({})))
    await ask("go")
    await harness.objects.peers("conversation", loopId).call("flush", {})
    for (const losingObjects of [false, true]) {
      await harness.restart({ losingObjects })
      harness.model.setScript(steps(read({ offset: 150_001, length: 10 })))
      expect(shownText(await ask("read on"))).toBe("done")
      expect(lastResult()?.text).toMatch(/\n\nthe needle$/)
    }
  })

  test("is found on record when the object has let go of its turn", async () => {
    await open(steps(much({})))
    await ask("go")
    const id = idIn(harness.model.requests.at(-1) ?? fail())
    for (let turn = 0; turn < 12; turn += 1) await ask("and?")
    await harness.objects.peers("conversation", loopId).call("flush", {})
    await harness.restart()
    harness.model.setScript(steps(() => callTool("read_output", { call: id, offset: 150_001, length: 10 })))
    await ask("read on")
    expect(lastResult()?.text).toMatch(/^Output \w+\.\n.*\n\nthe needle$/s)
  })

  test("beyond what is kept says so, and an output of another conversation is unknown", async () => {
    await open(steps(much({ count: 2_500_000 }), read({ search: "not kept" })))
    await ask("go")
    expect(lastResult()?.text).toMatch(/\[cut: 500212 more bytes, which are not kept\]/)
    const id = idIn(harness.model.requests.at(-1) ?? fail())
    harness.model.setScript(steps(() => callTool("read_output", { call: id })))
    const another = ConversationId.parse(`loop_${"8".repeat(32)}`)
    await createLoop(another)
    await ask("whose is it?", another)
    expect(lastResult()).toMatchObject({ isError: true, text: expect.stringMatching(/has no output of a call/) })
  })

  test("gives way to newer ones, and what is on record of it stays", async () => {
    const kept = (letter: string) => much({ letter, count: 1_990_000 })
    await open(steps(...Array.from({ length: 11 }, (_, index) => kept(String.fromCharCode(97 + index)))))
    await ask("go")
    const [first, last] = [harness.model.requests[1], harness.model.requests[11]].map(
      (request) => request?.toolResults[0]?.toolUseId,
    )
    harness.model.setScript(
      steps(
        () => callTool("read_output", { call: last, offset: 1_990_001, length: 10 }),
        () => callTool("read_output", { call: first, length: 10 }),
      ),
    )
    await ask("read on")
    expect(harness.model.requests.at(-2)?.toolResults[0]?.text).toMatch(/\n\nthe needle$/)
    expect(lastResult()?.text).toMatch(/no longer kept\. This is the part on record.*\n\naaaaaaaaaa$/s)
    const blobs = () =>
      readdirSync(`${harness.directory}/blobs`, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      )
    await expect.poll(blobs).toHaveLength(10)
  })

  test("that cannot be kept costs no turn: its parts are shown, and the rest is said to be lost", async () => {
    await open(steps(much({})))
    writeFileSync(`${harness.directory}/blobs`, "in the way of the blobs")
    expect(shownText(await ask("go"))).toBe("done")
    expect(lastResult()?.text).toMatch(/\[… 55212 characters are left out here, and could not be kept …\]\nw/)
    expect(harness.logs).toContainEqual(expect.objectContaining({ event: "output_not_kept" }))
    expect(offered()).toEqual([false, false])
  })

  test("is given whole to who reads the record, of this conversation alone, and never once that is erased", async () => {
    await open(steps(much({ letter: "qx" })))
    await ask("go")
    expect(filesWith("the needle qx").length).toBeGreaterThan(1)
    const peer = harness.objects.peers("conversation", loopId)
    await peer.call("flush", {})
    const { rows } = await listMessages(harness.libsql, loopId, { limit: 100 })
    const block = rows.flatMap(({ blocks }) => blocks).find(({ type }) => type === "tool_result")
    const { sha256 = "" } = (block?.type === "tool_result" ? block.whole : undefined) ?? {}
    const kept = await peer.call("keptOutput", { sha256 })
    expect(kept.text).toBe(`${"qx".repeat(150_000)} the needle ${"qx".repeat(200)}`)
    const another = ConversationId.parse(`loop_${"8".repeat(32)}`)
    await createLoop(another)
    expect(await harness.objects.peers("conversation", another).call("keptOutput", { sha256 })).toEqual({ text: null })
    expect(await peer.call("keptOutput", { sha256: "0".repeat(64) })).toEqual({ text: null })
    await peer.call("erase", {})
    expect(filesWith("the needle qx")).toEqual([])
    await expect(peer.call("keptOutput", { sha256 })).rejects.toMatchObject({ code: "loop_not_found" })
  })

  test("from a page stays one: what is read of it asks a person before anything acts", async () => {
    await open(
      steps(much({ url: "https://shop.example/list" }), read({ search: "needle" }), () => callTool("risky", {})),
    )
    await ask("go")
    await harness.objects.peers("conversation", loopId).call("flush", {})
    const { rows } = await listMessages(harness.libsql, loopId, { limit: 100 })
    const results = rows.filter(({ blocks }) => blocks.some(({ type }) => type === "tool_result"))
    expect(results.map(({ tainted }) => tainted)).toEqual([true, true])
    expect(harness.listed.at(-1)).toMatchObject({ tool: "risky", marks: ["web page shop.example"] })
  })
})

describe("an output that a small model is shown in part", () => {
  const small: Catalogue = [
    {
      name: "claude-*",
      provider: "anthropic",
      contextWindow: 8_000,
      maxOutputTokens: 1_000,
      abilities: { tools: true, images: true, thinking: true, caching: true },
      prices: null,
      retiresAt: null,
    },
  ]
  test("is read on whole, though nothing of it was cut when it was stored", async () => {
    await open(steps(much({ count: 30_000 }), read({ offset: 30_001, length: 10 })), small)
    expect(shownText(await ask("go"))).toBe("done")
    expect(lastResult()?.text).toMatch(/\n\nthe needle$/)
  })

  test("keeps its id when the turns around it have become a summary", async () => {
    await open((request) => {
      if (request.system.startsWith("You sum up")) return say("much was written")
      if (request.toolResults.length > 0) return say(request.toolResults[0]?.text.slice(-10) ?? "")
      if (request.lastUserText === "write") return callTool("write_much", { letter: "w", count: 9_000 })
      const id = /(toolu_\w+): write_much/.exec(JSON.stringify(request.messages))?.[1]
      return request.lastUserText === "read"
        ? callTool("read_output", { call: id, offset: 9_001, length: 10 })
        : say("ok")
    }, small)
    await ask("write")
    for (const letter of ["a", "b", "c"]) await ask(letter.repeat(6_000))
    expect(shownText(await ask("read"))).toMatch(/the needle$/)
    expect(JSON.stringify(harness.model.requests.at(-1)?.messages)).toContain("much was written")
  })
})

function fail(): never {
  throw new Error("there is no such request")
}
