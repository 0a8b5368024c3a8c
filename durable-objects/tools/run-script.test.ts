/** run_script: what a runner is told, and what a model reads of every way that it can end. */
import { describe, expect, test } from "vitest"
import type { CommandOutcome } from "../../core/runner/command.ts"
import { ConversationId } from "../../core/units.ts"
import { runScript } from "./run-script.ts"
import { policyOf } from "./tool.ts"

const conversationId = ConversationId.parse(`loop_${"1".repeat(32)}`)
const plan = (input: unknown) => runScript.plan(input, { conversationId })
const run = {
  kind: "sandbox.run" as const,
  exitCode: 0,
  stdout: "",
  stderr: "",
  stdoutCutBytes: 0,
  stderrCutBytes: 0,
  durationMs: 5,
}
const succeeded = (fields: Partial<typeof run> | { exitCode: null }): CommandOutcome => ({
  status: "succeeded",
  result: { ...run, ...fields },
})

test("is risky, and never done twice", () => {
  expect(policyOf(runScript)).toMatchObject({ risk: "high", repeatable: false, outward: "none", runsIn: "runner" })
})

describe("a runner is told", () => {
  test("a program without a shell", () => {
    expect(plan({ form: "argv", argv: ["ls", "-l"] })).toMatchObject({
      status: "ok",
      work: {
        kind: "sandbox.run",
        workspace: conversationId,
        program: { form: "argv", argv: ["ls", "-l"] },
        stdin: "",
      },
    })
  })

  test("a script with its language and what it reads", () => {
    const input = { form: "script", language: "python", script: "print(input())", stdin: "42" }
    expect(plan(input)).toMatchObject({
      work: { program: { form: "script", language: "python", script: "print(input())" }, stdin: "42" },
    })
  })

  test.each([
    [{}],
    [{ form: "argv" }],
    [{ form: "argv", argv: [] }],
    [{ form: "script", script: "x" }],
    [{ form: "script", language: "perl", script: "x" }],
    [{ form: "argv", script: "x", language: "bash" }],
  ])("nothing for %o: the model is told what is wrong", (input) => {
    expect(plan(input)).toMatchObject({ status: "invalid_input", problem: expect.stringMatching(/\S/) })
  })
})

describe("the model reads", () => {
  test.each<[CommandOutcome, object]>([
    [succeeded({ stdout: "42\n" }), { outcome: "ok", text: "Exit code 0.\n\nstdout:\n42\n", tainted: true }],
    [
      succeeded({ exitCode: 3, stderr: "no", stderrCutBytes: 7 }),
      { outcome: "error", text: "Exit code 3.\n\nstderr:\nno\n[cut: 7 more bytes]", tainted: true },
    ],
    [succeeded({ exitCode: null }), { outcome: "error", text: "Ended by a signal." }],
    [
      { status: "failed", failure: { code: "interrupted", message: "The runner died." } },
      { outcome: "unknown", text: expect.stringContaining("outcome unknown") },
    ],
    [
      { status: "failed", failure: { code: "resource_limit", message: "Out of memory." } },
      { outcome: "error", text: "Out of memory." },
    ],
    [{ status: "timed_out" }, { outcome: "error", text: expect.stringContaining("120 s") }],
    [
      { status: "rejected", reason: "full" },
      { outcome: "error", text: expect.stringContaining("full") },
    ],
    [{ status: "canceled" }, { outcome: "error" }],
    [{ status: "succeeded", result: { kind: "sandbox.erase" } }, { outcome: "error" }],
  ])("of %o: %o", (outcome, read) => {
    expect(runScript.read(outcome)).toMatchObject(read)
  })
})
