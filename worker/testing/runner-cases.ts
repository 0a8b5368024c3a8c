/** Cases of the API's operations on runners and commands. */
import { recordCommands } from "../../adapters/store/commands.ts"
import { CommandId, RunnerId } from "../../core/runner/command.ts"
import { after } from "../../core/units.ts"
import type { ApiCase, Prepare, World } from "./api-cases.ts"

const id = RunnerId.parse(`run_${"a".repeat(24)}`)
const unknownId = `run_${"b".repeat(24)}`

const withRunner =
  (isBuiltIn = false): Prepare =>
  ({ edge }) => {
    const at = edge.now()
    edge.objects.runners.push({
      id,
      hostname: "pi",
      platform: "linux arm64",
      version: "0.1.0",
      slots: 3,
      state: "online",
      isBuiltIn,
      capabilities: [{ name: "sandbox", status: "ok", problem: null }],
      running: 0,
      firstSeenAt: at,
      lastSeenAt: at,
    })
    return { params: { runnerId: id } }
  }

const order: ApiCase = {
  succeeds: withRunner(),
  fails: { 404: () => ({ params: { runnerId: unknownId } }), 409: withRunner(true) },
}

const work = {
  kind: "sandbox.run",
  workspace: `loop_${"a".repeat(32)}`,
  program: { form: "argv", argv: ["true"] },
  timeoutMs: 5_000,
}

const withCommand: Prepare = async ({ edge, admin }: World) => {
  const made = await edge.fetch("/api/commands", { body: { work }, cookie: admin })
  return { params: { commandId: String(Object(await made.json()).id) } }
}

const withRecord: Prepare = async ({ edge }) => {
  const at = edge.now()
  const never = { runnerId: null, conversationId: null, correlationId: null, failureCode: null }
  const instants = { createdAt: at, expiresAt: after(at, 60_000), acceptedAt: null, startedAt: null, endedAt: null }
  const row = { id: CommandId.parse("cmd_a"), kind: "sandbox.run", status: "pending" as const, version: 0 }
  await recordCommands(edge.libsql, [{ ...row, ...never, ...instants }])
  return { query: { limit: "5", status: "pending" } }
}

export const runnerCases: Readonly<Record<string, ApiCase>> = {
  "get /api/runners": {
    succeeds: async (world) => {
      await withRunner()(world)
      return {}
    },
  },
  "post /api/runners/tokens": { succeeds: () => ({ body: { label: "pi", capabilities: ["sandbox"] } }) },
  "post /api/runners/{runnerId}/restart": order,
  "post /api/runners/{runnerId}/shutdown": order,
  "post /api/runners/{runnerId}/revoke": order,
  "get /api/runners/link": {
    succeeds: async ({ edge }) => {
      const { id: userId } = await edge.addUser("operator of a runner", "admin")
      return { headers: { Upgrade: "websocket" }, bearer: (await edge.addToken(userId, ["runner"])).token }
    },
    fails: {
      426: async ({ edge }) => {
        const { id: userId } = await edge.addUser("operator of a runner", "admin")
        return { bearer: (await edge.addToken(userId, ["runner"])).token }
      },
    },
  },
  "get /api/commands": { succeeds: withRecord, fails: { 400: () => ({ query: { after: "nothing" } }) } },
  "post /api/commands": {
    succeeds: () => ({ headers: { "Idempotency-Key": "one" }, body: { work, correlationId: "job", ttlSeconds: 5 } }),
  },
  "get /api/commands/{commandId}": { succeeds: withCommand },
  "delete /api/commands/{commandId}": { succeeds: withCommand },
}
