/** Contracts of a person's own API tokens. A token cannot make tokens: these take the cookie only. */
import * as z from "zod"
import { ApiToken } from "../access/credential.ts"
import { defaultTokenScopes, Scope } from "../access/scope.ts"
import { TokenId } from "../units.ts"
import { endpoint, Instant, nothing } from "./endpoint.ts"

const fields = {
  tokenId: TokenId,
  label: z.string(),
  scopes: z.array(Scope),
  createdAt: Instant,
  /** Absent: the token does not expire. */
  expiresAt: Instant.optional(),
}
export const TokenView = z.object({ ...fields, lastUsedAt: Instant.optional() })
export type TokenView = z.infer<typeof TokenView>

/** A year; a token that lives longer is made without `ttlSeconds`, knowingly. */
const maxTtlSeconds = 366 * 24 * 60 * 60

export const createToken = endpoint({
  method: "post",
  path: "/api/v1/me/tokens",
  summary: "Create an API token; its value is shown this once",
  auth: "cookie",
  scope: null,
  params: nothing,
  query: nothing,
  body: z.object({
    label: z.string().trim().max(100).default("default"),
    scopes: z
      .array(Scope)
      .min(1)
      .max(Scope.options.length)
      .default(() => [...defaultTokenScopes]),
    ttlSeconds: z.number().int().min(1).max(maxTtlSeconds).optional(),
  }),
  status: 201,
  response: z.object({ ...fields, token: ApiToken }),
  errors: ["role_forbidden"],
})

export const listTokens = endpoint({
  method: "get",
  path: "/api/v1/me/tokens",
  summary: "List my API tokens, newest first, without their values",
  auth: "cookie",
  scope: null,
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ tokens: z.array(TokenView) }),
  errors: [],
})

export const revokeToken = endpoint({
  method: "delete",
  path: "/api/v1/me/tokens/{tokenId}",
  summary: "Revoke one of my API tokens",
  auth: "cookie",
  scope: null,
  params: z.object({ tokenId: TokenId }),
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["token_not_found"],
  unknownId: "token_not_found",
})
