/** Runners, as the RunnerHub knows them, and their way in. */
import { apiTokenBytes } from "../../core/access/credential.ts"
import * as contracts from "../../core/api/runners.ts"
import { LoopError } from "../../core/errors.ts"
import type { RunnerId } from "../../core/runner/command.ts"
import type { RunnerOrder } from "../../core/runner/fleet.ts"
import { toHex, TokenId, toRfc3339 } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { createRunnerToken } from "../../adapters/store/access.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder, bindSocket } from "../http/bind.ts"

export function bindRunners(binder: Binder, deps: EdgeDeps): void {
  const hub = deps.peers("runners", "main")

  bind(binder, contracts.listRunners, async () => {
    const { runners } = await hub.call("list", {})
    return {
      data: runners.map((runner) => ({
        ...runner,
        firstSeenAt: toRfc3339(runner.firstSeenAt),
        lastSeenAt: toRfc3339(runner.lastSeenAt),
      })),
    }
  })

  bind(binder, contracts.createRunnerToken, async ({ body, caller, context }) => {
    const token = `la_${toHex(deps.random(apiTokenBytes))}`
    const row = {
      id: TokenId.parse(`tok_${toHex(deps.random(6))}`),
      userId: caller.user.id,
      label: body.label,
      tokenHash: sha256Hex(token),
      scopes: ["runner"],
      createdAt: deps.now(),
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
    }
    const capabilities = [...new Set(body.capabilities)]
    await createRunnerToken(deps.libsql, row, capabilities)
    const details = { label: row.label, scopes: "runner", capabilities: capabilities.join(" ") }
    binder.audit.record(context, { action: "token_created", target: ["token", row.id], details })
    return { tokenId: row.id, label: row.label, capabilities, token }
  })

  const order = async (runnerId: RunnerId, what: RunnerOrder) => hub.call("order", { runnerId, order: what })
  bind(binder, contracts.restartRunner, ({ params }) => order(params.runnerId, "restart"))
  bind(binder, contracts.shutDownRunner, ({ params }) => order(params.runnerId, "shutdown"))
  bind(binder, contracts.revokeRunner, ({ params }) => hub.call("revoke", params))

  bindSocket(binder, contracts.linkRunner, async ({ caller, context }) => {
    if (caller.tokenId === null) throw new LoopError("token_required")
    const credential = { kind: "token", hash: caller.hash } as const
    return deps.upgrade("runners", "main", context.req.raw, { via: "token", credential, tokenId: caller.tokenId })
  })
}

/** A credential has lost its use: a runner that is linked by it is to be looked at now. Nobody waits for it. */
export function recheckRunners(deps: Pick<EdgeDeps, "peers" | "background">): void {
  const recheck = async () => {
    await deps.peers("runners", "main").call("recheck", {})
  }
  // The hub looks by itself before each command it gives.
  deps.background(recheck().catch(() => {}))
}
