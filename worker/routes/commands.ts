/** Commands: the list from the record, each one from the RunnerHub. */
import * as contracts from "../../core/api/commands.ts"
import { admitCommand } from "../../core/admission.ts"
import { permits } from "../../core/access/scope.ts"
import { LoopError } from "../../core/errors.ts"
import { CommandId } from "../../core/runner/command.ts"
import { after, type EpochMs, toHex, toRfc3339 } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import * as store from "../../adapters/store/commands.ts"
import { submitCommand } from "../../durable-objects/runners/submit.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"
import type { AppContext } from "../http/app-env.ts"

const maxKeyLength = 200

export function bindCommands(binder: Binder, deps: EdgeDeps): void {
  const hub = deps.peers("runners", "main")

  bind(binder, contracts.listCommands, async ({ query }) => {
    const from = query.after === undefined ? undefined : CommandId.safeParse(query.after)
    if (from?.success === false) throw new LoopError("invalid_cursor")
    const page = await store.listCommands(deps.libsql, { ...query, after: from?.data })
    return { data: page.rows.map(withInstants), nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null }
  })

  bind(binder, contracts.createCommand, async ({ body, caller, context }) => {
    const { work, correlationId, ttlSeconds } = body
    const id = newId(deps, context, caller.user.id)
    const createdAt = deps.now()
    const expiresAt = after(createdAt, ttlSeconds * 1_000)
    const command = { id, work, conversationId: null, correlationId, createdAt, expiresAt }
    const admission = admitCommand({ role: caller.user.role, credential: caller.credential }, id)
    const answer = await submitCommand(hub, command, { kind: "api", admission })
    binder.audit.record(context, { action: "command_given", target: ["command", id], details: { kind: work.kind } })
    return { id, status: answer.status === "ended" ? answer.outcome.status : answer.status }
  })

  bind(binder, contracts.getCommand, async ({ params, caller }) => {
    const view = await hub.call("show", params)
    // What an agent did says what is in its conversation.
    const asked = { role: caller.user.role, credential: caller.credential }
    if (view.conversationId !== null && permits(asked, "conversations:read").status !== "allowed")
      throw new LoopError("scope_missing", { message: "The token needs the scope conversations:read." })
    return withInstants(view)
  })

  bind(binder, contracts.cancelCommand, async ({ params, caller }) => {
    await hub.call("show", params)
    return hub.call("cancel", { ...params, reason: `${caller.user.username} called it back.` })
  })
}

/** The same for a repeated request of the same person. @throws LoopError `invalid_header` */
function newId(deps: EdgeDeps, context: AppContext, userId: string): CommandId {
  const key = context.req.header("idempotency-key")
  if (key === undefined) return CommandId.parse(`cmd_${toHex(deps.random(12))}`)
  if (key === "" || key.length > maxKeyLength) throw new LoopError("invalid_header", { field: "Idempotency-Key" })
  return CommandId.parse(`cmd_${sha256Hex(`command\n${userId}\n${key}`).slice(0, 24)}`)
}

interface Instants<T> {
  readonly createdAt: T
  readonly expiresAt: T
  readonly acceptedAt: T | null
  readonly startedAt: T | null
  readonly endedAt: T | null
}

function withInstants<V extends Instants<EpochMs>>(view: V): Omit<V, keyof Instants<EpochMs>> & Instants<string> {
  const { createdAt, expiresAt, acceptedAt, startedAt, endedAt } = view
  const shown = (at: EpochMs | null) => (at === null ? null : toRfc3339(at))
  return {
    ...view,
    createdAt: toRfc3339(createdAt),
    expiresAt: toRfc3339(expiresAt),
    acceptedAt: shown(acceptedAt),
    startedAt: shown(startedAt),
    endedAt: shown(endedAt),
  }
}
