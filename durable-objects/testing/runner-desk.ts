/** What tests make runners and conversations of the hub do again and again. */
import type { CommandId, CommandOutcome } from "../../core/runner/command.ts"
import { ConversationId } from "../../core/units.ts"
import { echo, echoed, type FakeRunner, hello, resultOf, type RunnerHarness, runnerId } from "./runner-harness.ts"

export const other = ConversationId.parse(`loop_${"d".repeat(32)}`)
export const third = ConversationId.parse(`loop_${"e".repeat(32)}`)
export const inOther = { conversationId: other, work: { ...echo, workspace: other } } as const
export const inThird = { conversationId: third, work: { ...echo, workspace: third } } as const

/** Takes the next command and begins it. */
export async function begin(runner: FakeRunner): Promise<CommandId> {
  const { command } = await runner.hear("command")
  runner.say({ type: "accepted", id: command.id })
  await runner.hear("start")
  runner.say({ type: "running", id: command.id })
  await beat(runner)
  return command.id
}

/** A sign of life; what was said before it has arrived too. */
export async function beat(runner: FakeRunner, isDraining = false): Promise<void> {
  runner.say({ type: "heartbeat", capabilities: hello().capabilities, isDraining })
  await runner.hear("heartbeat")
}

/** Its connection is lost, and the hub knows. */
export async function lose(harness: RunnerHarness, runner: FakeRunner, id = runnerId("a")): Promise<void> {
  runner.drop()
  await harness.until("it to be away", () => {
    const states = harness.live.flatMap((one) =>
      one.event === "runner:status" && one.data.runnerId === id ? one.data.state : [],
    )
    return states.at(-1) === "offline" ? true : undefined
  })
}

/** Says how it ended, and hears that the hub has it. */
export async function finish(runner: FakeRunner, id: CommandId, outcome: CommandOutcome = echoed): Promise<void> {
  runner.say(resultOf(id, outcome))
  await runner.hear("confirm")
}

/** Of a command that has ended: the code of its failure, or else its status. */
export async function failureOf(harness: RunnerHarness, id: CommandId): Promise<string> {
  const outcome = await harness.outcomeOf(id)
  return outcome.status === "failed" ? outcome.failure.code : outcome.status
}
