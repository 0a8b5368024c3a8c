/** A person's own API tokens. */
import { apiTokenBytes } from "../../core/access/credential.ts"
import { roleAllows, Scope } from "../../core/access/scope.ts"
import { createToken, listTokens, revokeToken } from "../../core/api/tokens.ts"
import { LoopError } from "../../core/errors.ts"
import { after, toHex, TokenId, toRfc3339 } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import * as store from "../../adapters/store/access.ts"
import type { TokenRow } from "../../adapters/store/rows.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"
import { recheckRunners } from "./runners.ts"

export function bindTokens(binder: Binder, deps: EdgeDeps): void {
  bind(binder, createToken, async ({ body, caller, context }) => {
    const beyond = body.scopes.find((scope) => !roleAllows(caller.user.role, scope))
    if (beyond !== undefined) throw new LoopError("role_forbidden", { message: `Your role does not allow ${beyond}.` })
    const now = deps.now()
    const token = `la_${toHex(deps.random(apiTokenBytes))}`
    const row: TokenRow = {
      id: TokenId.parse(`tok_${toHex(deps.random(6))}`),
      userId: caller.user.id,
      label: body.label === "" ? "default" : body.label,
      tokenHash: sha256Hex(token),
      scopes: [...new Set(body.scopes)],
      createdAt: now,
      expiresAt: body.ttlSeconds === undefined ? null : after(now, body.ttlSeconds * 1_000),
      lastUsedAt: null,
      revokedAt: null,
    }
    await store.createToken(deps.libsql, row)
    const details = { label: row.label, scopes: row.scopes.join(" ") }
    binder.audit.record(context, { action: "token_created", target: ["token", row.id], details })
    return { ...toView(row), token }
  })

  bind(binder, listTokens, async ({ caller }) => ({
    tokens: (await store.listTokens(deps.libsql, caller.user.id)).map(toView),
  }))

  bind(binder, revokeToken, async ({ params, caller, context }) => {
    const outcome = await store.revokeToken(deps.libsql, caller.user.id, params.tokenId, deps.now())
    if (outcome.status === "not_found") throw new LoopError("token_not_found")
    binder.identifier.forgetToken(params.tokenId)
    recheckRunners(deps)
    binder.audit.record(context, { action: "token_revoked", target: ["token", params.tokenId] })
    return {}
  })
}

function toView(row: TokenRow) {
  return {
    tokenId: row.id,
    label: row.label,
    scopes: row.scopes.flatMap((scope) => Scope.safeParse(scope).data ?? []),
    createdAt: toRfc3339(row.createdAt),
    expiresAt: row.expiresAt === null ? undefined : toRfc3339(row.expiresAt),
    lastUsedAt: row.lastUsedAt === null ? undefined : toRfc3339(row.lastUsedAt),
  }
}
