/** What a caller may do: scopes of tokens, roles of people, and the one table between them. Pure. */
import * as z from "zod"

/** `<area>:read|write` for the areas that contracts, routes, stores and pages share, and four for narrow uses. */
export const Scope = z.enum([
  "agents:read",
  "agents:write",
  "conversations:read",
  "conversations:write",
  /** Leaves no byte: nobody can take it back. */
  "conversations:erase",
  "automation:read",
  "automation:write",
  "access:read",
  "access:write",
  "operations:read",
  "operations:write",
  "chat",
  "approvals:answer",
  "runner",
])
export type Scope = z.infer<typeof Scope>

export const Role = z.enum(["admin", "operator", "viewer"])
export type Role = z.infer<typeof Role>

/** What a token may do when its maker names nothing. */
export const defaultTokenScopes: readonly Scope[] = ["chat"]

/**
 * An operator runs agents, conversations and channels; people, runners and what cannot be taken back belong to the admin. A viewer
 * changes nothing.
 */
const scopesOfRole: Readonly<Record<Role, ReadonlySet<Scope>>> = {
  admin: new Set(Scope.options),
  operator: new Set<Scope>([
    "agents:read",
    "agents:write",
    "conversations:read",
    "conversations:write",
    "automation:read",
    "automation:write",
    "operations:read",
    "operations:write",
    "chat",
    "approvals:answer",
  ]),
  viewer: new Set<Scope>(["agents:read", "conversations:read", "automation:read", "operations:read"]),
}

/** True when people of this role may do it. */
export function roleAllows(role: Role, scope: Scope): boolean {
  return scopesOfRole[role].has(scope)
}

/** The scopes of a role, in the order of {@link Scope}. */
export function scopesFor(role: Role): Scope[] {
  return Scope.options.filter((scope) => roleAllows(role, scope))
}

/** How a caller proved who they are; `scopes` of a token only narrow what its person's role allows. */
export type Credential = { kind: "cookie" } | { kind: "session" } | { kind: "token"; scopes: readonly Scope[] }

/**
 * Decides whether a caller may use what needs `scope`; null needs no more than being signed in.
 * Both must hold: the person's role today, and the token's scopes as they were given.
 */
export function permits(
  caller: { role: Role; credential: Credential },
  scope: Scope | null,
): { status: "allowed" } | { status: "role_forbidden" } | { status: "scope_missing"; scope: Scope } {
  if (scope === null) return { status: "allowed" }
  if (caller.credential.kind === "token" && !caller.credential.scopes.includes(scope))
    return { status: "scope_missing", scope }
  return roleAllows(caller.role, scope) ? { status: "allowed" } : { status: "role_forbidden" }
}
