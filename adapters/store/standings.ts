/** Who stands behind credentials at this moment: for connections that stay open longer than a look at them holds. */
import * as z from "zod"
import { Role, Scope } from "../../core/access/scope.ts"
import type { EpochMs } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { constant } from "./query.ts"

/** A session or an API token, by the SHA-256 of its secret. */
export const CredentialKey = z.object({ kind: z.enum(["session", "token"]), hash: z.string().max(64) })
export type CredentialKey = z.infer<typeof CredentialKey>

export interface Standing {
  readonly role: Role
  /** Null: a session, which allows what the role does. */
  readonly scopes: readonly Scope[] | null
}

const ofSessions = constant(
  `select s.token_hash as hash, u.role as role, null as scopes from sessions s join users u on u.id = s.user_id
   where s.token_hash in (select value from json_each(?)) and s.expires_at > ? and u.disabled_at is null`,
)
const ofTokens = constant(
  `select t.token_hash as hash, u.role as role, t.scopes as scopes from tokens t join users u on u.id = t.user_id
   where t.token_hash in (select value from json_each(?)) and t.revoked_at is null
   and (t.expires_at is null or t.expires_at > ?) and u.disabled_at is null`,
)

const Found = z.object({ hash: z.string(), role: Role, scopes: z.string().nullable() })

/**
 * The credentials that are good at `now`, by hash. Unknown, expired and revoked ones, and those of disabled accounts, are left
 * out.
 */
export async function findStandings(
  libsql: Libsql,
  credentials: readonly CredentialKey[],
  now: EpochMs,
): Promise<Map<string, Standing>> {
  const hashes = (kind: CredentialKey["kind"]) =>
    JSON.stringify(credentials.flatMap((credential) => (credential.kind === kind ? credential.hash : [])))
  const answers = await libsql.read([ofSessions(hashes("session"), now), ofTokens(hashes("token"), now)])
  const found = z.array(Found).parse(answers.flatMap(({ rows }) => rows))
  return new Map(found.map(({ hash, role, scopes }) => [hash, { role, scopes: scopes === null ? null : read(scopes) }]))
}

/** A scope that this version does not know grants nothing. */
function read(scopes: string): Scope[] {
  return z
    .array(z.string())
    .parse(JSON.parse(scopes))
    .flatMap((scope) => Scope.safeParse(scope).data ?? [])
}
