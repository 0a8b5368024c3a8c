/** Contracts of commands: what runners were told to do, by agents or by a caller of this API. */
import * as z from "zod"
import { CommandId, CommandOutcome, RunnerId, RunnerWork, WorkFailure } from "../runner/command.ts"
import { CommandStatus, CommandView as Command } from "../runner/fleet.ts"
import { ConversationId } from "../units.ts"
import { endpoint, Instant, nothing, page, pageLimit } from "./endpoint.ts"

/** A row of the list: what it was made of and what it gave has only the command itself. */
export const CommandSummary = z.object({
  id: CommandId,
  kind: z.string(),
  status: CommandStatus,
  runnerId: RunnerId.nullable(),
  conversationId: ConversationId.nullable(),
  correlationId: z.string().nullable(),
  failureCode: WorkFailure.shape.code.nullable(),
  createdAt: Instant,
  expiresAt: Instant,
  acceptedAt: Instant.nullable(),
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
})
export type CommandSummary = z.infer<typeof CommandSummary>

export const CommandView = Command.extend({
  createdAt: Instant,
  expiresAt: Instant,
  acceptedAt: Instant.nullable(),
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  outcome: CommandOutcome.nullable(),
})
export type CommandView = z.infer<typeof CommandView>

const path = "/api/commands/{commandId}"
const params = z.object({ commandId: CommandId })

export const listCommands = endpoint({
  method: "get",
  path: "/api/commands",
  summary: "List commands, the newest first",
  description: "From the record, which is a second behind: the live feed tells of changes as `command.<status>`.",
  auth: "user",
  scope: "operations:read",
  params: nothing,
  query: z.object({
    limit: pageLimit(20),
    after: z.string().max(200).optional(),
    status: CommandStatus.optional(),
    runnerId: RunnerId.optional(),
    conversationId: ConversationId.optional(),
    correlationId: z.string().max(200).optional(),
  }),
  body: nothing,
  status: 200,
  response: page(CommandSummary),
  errors: ["invalid_cursor"],
})

export const createCommand = endpoint({
  method: "post",
  path: "/api/commands",
  summary: "Give a command to a runner",
  description: [
    "`workspace` or `profile` names the conversation whose files or browser it works on; any id of that form has its own, until",
    "`sandbox.erase` or `browser.erase`. Where nobody takes it within `ttlSeconds` it fails as `runner_away` and never begins.",
    "With an `Idempotency-Key` a repeated request answers how the command is, and gives no other.",
  ].join(" "),
  headers: { "Idempotency-Key": "Any text of up to 200 characters: a repeated request gives no second command." },
  auth: "user",
  scope: "operations:write",
  params: nothing,
  query: nothing,
  body: z.object({
    work: RunnerWork,
    correlationId: z.string().min(1).max(200).nullable().default(null),
    ttlSeconds: z.number().int().min(1).max(86_400).default(60),
  }),
  maxBodyBytes: 1_000_000,
  status: 202,
  response: z.object({ id: CommandId, status: CommandStatus }),
  errors: ["invalid_header"],
})

export const getCommand = endpoint({
  method: "get",
  path,
  summary: "Get a command with what it is made of, what it writes, and its outcome for a day after its end",
  auth: "user",
  scope: "operations:read",
  params,
  query: nothing,
  body: nothing,
  status: 200,
  response: CommandView,
  errors: ["command_not_found", "scope_missing"],
  unknownId: "command_not_found",
})

export const cancelCommand = endpoint({
  method: "delete",
  path,
  summary: "Call a command back; one that has begun ends as soon as its runner has ended it",
  auth: "user",
  scope: "operations:write",
  audit: { action: "command_canceled", kind: "command", id: "commandId" },
  params,
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["command_not_found"],
  unknownId: "command_not_found",
})
