/** A tool call that a runner does: handed over once, waited for without a parked promise, answered once. */
import { afterEach, beforeEach, expect, test } from "vitest"
import * as z from "zod"
import { CommandId, type CommandOutcome } from "../../core/runner/command.ts"
import { ConversationId } from "../../core/units.ts"
import { defineRunnerTool } from "../tools/tool.ts"
import { loopId, openHarness, owner, readEvents, shownText, type Harness } from "../testing/harness.ts"
import { openLoopDesk, spin } from "../testing/loop-desk.ts"

const script = defineRunnerTool({
  name: "script",
  description: "Runs a script.",
  input: z.object({ script: z.string().min(1) }),
  risk: "low",
  repeatable: false,
  outward: "none",
  capability: "sandbox",
  plan({ script }, { conversationId }) {
    const program = { form: "script" as const, language: "bash" as const, script }
    return { kind: "sandbox.run", workspace: conversationId, program, stdin: "", timeoutMs: 10_000 }
  },
  read(outcome) {
    if (outcome.status === "succeeded" && outcome.result.kind === "sandbox.run") {
      return { outcome: "ok", text: outcome.result.stdout, tainted: true }
    }
    return { outcome: "error", text: outcome.status, tainted: false }
  },
})

let harness: Harness
beforeEach(async () => {
  harness = await openHarness({ tools: [script], concurrentTurns: 1 })
})
afterEach(async () => harness.close())

const { conversation, createLoop, send, begin } = openLoopDesk(() => harness)
const commandId = CommandId.parse(`cmd_turn_${loopId}_1_1`)
const done: CommandOutcome = {
  status: "succeeded",
  result: {
    kind: "sandbox.run",
    exitCode: 0,
    stdout: "42",
    stderr: "",
    stdoutCutBytes: 0,
    stderrCutBytes: 0,
    durationMs: 5,
  },
}

async function ask(text: string) {
  await createLoop()
  return (await send(text, { externalId: "a" })).stream
}

/** As many turns of the event loop as it takes from the model's answer to the hub. */
async function handed(): Promise<void> {
  await harness.model.waitForRequest(1)
  await spin()
}

const question = 'tool script {"script": "echo 42"}\nthen say: it is done'

test("a call waits for its runner, and is answered once however often its end is told", async () => {
  const stream = await ask(question)
  await handed()
  await conversation().call("commandEnded", { commandId, outcome: done })
  await conversation().call("commandEnded", { commandId, outcome: { status: "timed_out" } })
  const events = await readEvents(stream)
  expect(shownText(events)).toBe("it is done")
  expect(events.filter(({ event }) => event === "tool_result")).toHaveLength(1)
  expect(JSON.stringify(harness.model.requests.at(-1)?.body)).toContain("42")
})

test("who waits for a runner holds no slot", async () => {
  await ask(question)
  await handed()
  const stream = await begin("say: me too", ConversationId.parse(loopId.replaceAll("4", "6")))
  expect(shownText(await readEvents(stream))).toBe("me too")
})

test("a restart changes nothing: the call is still at its runner, under the same id", async () => {
  await ask(question)
  await handed()
  await harness.restart()
  const stream = await conversation().stream("watch", { viewer: owner, externalId: "a" })
  await conversation().call("commandEnded", { commandId, outcome: done })
  expect(shownText(await readEvents(stream))).toBe("it is done")
})
