/** What the tokens of runners and the record of commands promise, over any database. */
import { describe, expect, test } from "vitest"
import { type Capability, CommandId, RunnerId } from "../../core/runner/command.ts"
import { createFirstAdmin, createRunnerToken, createToken, findToken, revokeToken } from "./access.ts"
import { type CommandRow, findCommand, forgetCommands, listCommands, recordCommands } from "./commands.ts"
import type { Libsql } from "./libsql.ts"
import { bindRunner, revokeRunner } from "./runners.ts"
import { at, loopId, token, tokenId, user, userId } from "./samples.ts"

const runner = (digit: string) => RunnerId.parse(`run_${digit.repeat(24)}`)

/** @param database - an empty database with the present schema */
export function runnerSuite(database: () => Libsql): void {
  const addToken = async (number: number, capabilities: readonly Capability[] = ["sandbox"]) => {
    await createFirstAdmin(database(), user(1))
    await createRunnerToken(database(), token(number, { scopes: ["runner"] }), capabilities)
  }
  const bind = (number: number, digit: string) => bindRunner(database(), tokenId(number), runner(digit), at(10))

  describe("a runner's token", () => {
    test("belongs to the runner that uses it first, with what it was made for", async () => {
      await addToken(1)
      const bound = { status: "bound", capabilities: ["sandbox"] }
      expect(await bind(1, "a")).toEqual(bound)
      expect(await bind(1, "b")).toEqual({ status: "token_bound" })
      expect(await bind(1, "a")).toEqual(bound)
    })

    test("is one runner's, of however many that use it at the same time", async () => {
      await addToken(1)
      const answers = await Promise.all(["a", "b", "c", "d"].map((digit) => bind(1, digit)))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([
        "bound",
        "token_bound",
        "token_bound",
        "token_bound",
      ])
    })

    test("takes no runner that has another which is good, and takes it when that one is over", async () => {
      await addToken(1)
      await addToken(2, ["browser"])
      await bind(1, "a")
      expect(await bind(2, "a")).toEqual({ status: "runner_taken" })
      await revokeToken(database(), userId(1), tokenId(1), at(20))
      expect(await bind(2, "a")).toEqual({ status: "bound", capabilities: ["browser"] })
    })

    test("that was made as any other allows all", async () => {
      await createFirstAdmin(database(), user(1))
      await createToken(database(), token(1, { scopes: ["runner"] }))
      expect(await bind(1, "a")).toEqual({ status: "bound", capabilities: ["sandbox", "browser"] })
    })

    test("is over when its runner is revoked, and no other", async () => {
      await addToken(1)
      await addToken(2)
      await bind(1, "a")
      await bind(2, "b")
      await revokeRunner(database(), runner("a"), at(20))
      expect(await findToken(database(), "hash-1", at(21))).toBeUndefined()
      expect(await findToken(database(), "hash-2", at(21))).toBeDefined()
    })
  })

  describe("the record of commands", () => {
    const commandId = (number: number) => CommandId.parse(`cmd_${String(number).padStart(24, "0")}`)
    const row = (number: number, changes: Partial<CommandRow> = {}): CommandRow => ({
      id: commandId(number),
      kind: "sandbox.run",
      status: "pending",
      runnerId: null,
      conversationId: null,
      correlationId: null,
      failureCode: null,
      createdAt: at(number),
      expiresAt: at(number + 100),
      acceptedAt: null,
      startedAt: null,
      endedAt: null,
      version: 0,
      ...changes,
    })
    const ids = async (options: Partial<Parameters<typeof listCommands>[1]> = {}) =>
      (await listCommands(database(), { limit: 10, ...options })).rows.map(({ id }) => id)

    test("takes the newest state, in whatever order states come, and the same again", async () => {
      const ended = row(1, { status: "failed", failureCode: "interrupted", endedAt: at(9), version: 3 })
      await recordCommands(database(), [ended])
      await recordCommands(database(), [row(1, { status: "running", version: 2 }), ended])
      expect(await findCommand(database(), commandId(1))).toEqual(ended)
    })

    test("keeps a text that no database holds as one that it does", async () => {
      await recordCommands(database(), [row(1, { correlationId: "a\0b\ud800" })])
      expect(await findCommand(database(), commandId(1))).toMatchObject({ correlationId: "a\u{FFFD}b\u{FFFD}" })
    })

    test("is listed by state, runner, conversation and correlation, the newest first, in stretches", async () => {
      await recordCommands(database(), [
        row(1, { runnerId: runner("a"), status: "running" }),
        row(2, { conversationId: loopId(1), correlationId: "job" }),
        row(3, { runnerId: runner("a"), conversationId: loopId(2) }),
        row(4, { createdAt: at(3) }),
      ])
      expect(await ids()).toEqual([4, 3, 2, 1].map(commandId))
      expect(await ids({ runnerId: runner("a") })).toEqual([3, 1].map(commandId))
      expect(await ids({ status: "running" })).toEqual([commandId(1)])
      expect(await ids({ conversationId: loopId(2) })).toEqual([commandId(3)])
      expect(await ids({ correlationId: "job" })).toEqual([commandId(2)])
      const first = await listCommands(database(), { limit: 3 })
      expect(first.hasMore).toBe(true)
      expect(await ids({ after: commandId(2) })).toEqual([commandId(1)])
      await expect(ids({ after: commandId(9) })).rejects.toMatchObject({ code: "invalid_cursor" })
    })

    test("forgets those of one conversation", async () => {
      await recordCommands(database(), [row(1, { conversationId: loopId(1) }), row(2, { conversationId: loopId(2) })])
      await forgetCommands(database(), loopId(1))
      expect(await ids()).toEqual([commandId(2)])
    })
  })
}
