/** Tokens of runners: what each lets its runner do, and which runner it is of. The token itself is a row like any other's. */
import * as z from "zod"
import { Capability, RunnerId } from "../../core/runner/command.ts"
import type { EpochMs, TokenId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { constant } from "./query.ts"
import type { Statement } from "./statement.ts"

const insertGrant = constant(
  `insert into runner_tokens (token_id, capabilities, runner_id, created_at, bound_at) values (?, ?, null, ?, null)
   on conflict (token_id) do nothing`,
)
// Another token of the same runner must be over before a new one takes its place.
const bind = constant(
  `update runner_tokens set runner_id = ?2, bound_at = ?3 where token_id = ?1 and runner_id is null and not exists (
     select 1 from runner_tokens o join tokens t on t.id = o.token_id join users u on u.id = t.user_id
     where o.runner_id = ?2 and o.token_id <> ?1 and t.revoked_at is null and u.disabled_at is null
     and (t.expires_at is null or t.expires_at > ?3))`,
)
const selectGrant = constant("select runner_id, capabilities from runner_tokens where token_id = ?")
const revoke = constant(
  `update tokens set revoked_at = ?2 where revoked_at is null
   and id in (select token_id from runner_tokens where runner_id = ?1)`,
)

const Grant = z.object({ runner_id: RunnerId.nullable(), capabilities: z.string() })

/** What belongs to a runner's token besides its own row, as a statement for the batch that makes it. */
export function grantStatement(tokenId: TokenId, capabilities: readonly Capability[], now: EpochMs): Statement {
  return insertGrant(tokenId, JSON.stringify(capabilities), now)
}

/**
 * Binds a token to the runner that uses it, once and for all. A token that was made without a grant lets its runner do all.
 * `token_bound`: it belongs to another runner. `runner_taken`: that runner has another token that is still good.
 */
export async function bindRunner(
  libsql: Libsql,
  tokenId: TokenId,
  runnerId: RunnerId,
  now: EpochMs,
): Promise<{ status: "bound"; capabilities: Capability[] } | { status: "token_bound" | "runner_taken" }> {
  const [, , found] = await libsql.write([
    grantStatement(tokenId, Capability.options, now),
    bind(tokenId, runnerId, now),
    selectGrant(tokenId),
  ])
  const grant = Grant.parse(found?.rows[0])
  if (grant.runner_id === null) return { status: "runner_taken" }
  if (grant.runner_id !== runnerId) return { status: "token_bound" }
  return { status: "bound", capabilities: readCapabilities(grant.capabilities) }
}

/** Revokes every token of the runner. */
export async function revokeRunner(libsql: Libsql, runnerId: RunnerId, now: EpochMs): Promise<void> {
  await libsql.write([revoke(runnerId, now)])
}

/** A capability that this version does not know grants nothing. */
function readCapabilities(json: string): Capability[] {
  return z
    .array(z.string())
    .parse(JSON.parse(json))
    .flatMap((name) => Capability.safeParse(name).data ?? [])
}
