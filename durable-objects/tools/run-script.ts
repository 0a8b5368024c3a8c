/** Runs a program or a script in the conversation's container on a runner. Never on the host, and never with a network. */
import * as z from "zod"
import { Program } from "../../core/runner/command.ts"
import { readOutcome, type ResultOf } from "./outcome.ts"
import { defineRunnerTool, type FinishedCall } from "./tool.ts"

const timeoutMs = 120_000
/** Models cannot name a union at the top of their input: what does not fit together is told back. */
const Input = z
  .object({
    form: z.enum(["argv", "script"]),
    argv: z.array(z.string().max(100_000)).min(1).max(1_000).optional().describe("form argv: program and arguments"),
    language: z.enum(["bash", "python", "node"]).optional().describe("form script: what reads it"),
    script: z.string().min(1).max(200_000).optional().describe("form script: its text"),
    stdin: z.string().max(200_000).optional(),
  })
  .refine((input) => Program.safeParse(input).success, {
    message: "Give argv for the form argv, or language and script for the form script.",
  })

export const runScript = defineRunnerTool({
  name: "run_script",
  description:
    "Runs a program (form argv, without a shell) or a script in bash, Python or Node (form script), in a sandbox without network. Its working directory keeps the conversation's files between runs. Prefer argv: a person can allow it for good.",
  input: Input,
  risk: "high",
  repeatable: false,
  outward: "none",
  capability: "sandbox",
  timeoutMs,
  plan(input, { conversationId }) {
    const program = Program.parse(input)
    return { kind: "sandbox.run", workspace: conversationId, program, stdin: input.stdin ?? "", timeoutMs }
  },
  read: (outcome) =>
    readOutcome(outcome, "sandbox.run", {
      timedOut: `It did not end within ${timeoutMs / 1_000} s and was stopped.`,
      isFailureTainted: false,
      read: readRun,
    }),
})

/** A program that fails has run: its exit code is an answer. */
function readRun({ exitCode, stdout, stderr, stdoutCutBytes, stderrCutBytes }: ResultOf<"sandbox.run">): FinishedCall {
  const parts = [
    exitCode === null ? "Ended by a signal." : `Exit code ${exitCode}.`,
    ...section("stdout", stdout, stdoutCutBytes),
    ...section("stderr", stderr, stderrCutBytes),
  ]
  return { outcome: exitCode === 0 ? "ok" : "error", text: parts.join("\n\n"), tainted: true }
}

function section(name: string, text: string, cutBytes: number): string[] {
  if (text === "" && cutBytes === 0) return []
  const note = cutBytes === 0 ? "" : `\n[cut: ${cutBytes} more bytes]`
  return [`${name}:\n${text}${note}`]
}
