/** Every failure that can cross a room's border, with its HTTP status and the sentence a person reads. */
import * as z from "zod"

export const ErrorType = z.enum([
  "invalid_request_error",
  "authentication_error",
  "permission_error",
  "not_found_error",
  "conflict_error",
  "rate_limit_error",
  "internal_error",
])
export type ErrorType = z.infer<typeof ErrorType>

interface ErrorRule {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 421 | 426 | 429 | 500 | 503
  readonly type: ErrorType
  readonly message: string
}

const rules = {
  invalid_json: { status: 400, type: "invalid_request_error", message: "The body is not valid JSON." },
  invalid_body: { status: 400, type: "invalid_request_error", message: "The body does not have the expected shape." },
  invalid_query: {
    status: 400,
    type: "invalid_request_error",
    message: "The query has a parameter that is not valid.",
  },
  invalid_header: { status: 400, type: "invalid_request_error", message: "A request header is not valid." },
  missing_content: { status: 400, type: "invalid_request_error", message: "The message has no content." },
  content_too_large: { status: 400, type: "invalid_request_error", message: "The message is larger than 1 MB." },
  loop_archived: { status: 400, type: "invalid_request_error", message: "This loop is archived." },
  unsupported_field: {
    status: 400,
    type: "invalid_request_error",
    message: "A field has a value that this gateway does not support.",
  },
  invalid_cursor: { status: 400, type: "invalid_request_error", message: "The cursor names nothing in this list." },
  unsupported_parameter: {
    status: 400,
    type: "invalid_request_error",
    message: "This gateway does not support a parameter of the request.",
  },
  image_refused: { status: 400, type: "invalid_request_error", message: "A picture cannot be taken." },
  model_refused_request: {
    status: 400,
    type: "invalid_request_error",
    message: "The model's provider refused the request.",
  },
  context_overflow: {
    status: 400,
    type: "invalid_request_error",
    message: "The conversation is too long for the model.",
  },
  images_unsupported: {
    status: 400,
    type: "invalid_request_error",
    message: "No model of this agent can read pictures.",
  },
  model_unknown: {
    status: 400,
    type: "invalid_request_error",
    message: "This gateway knows no such model: name one of its catalogue (models.json) or of the agent's own.",
  },
  choice_answer_invalid: {
    status: 400,
    type: "invalid_request_error",
    message: "The answer does not fit the question.",
  },
  wrong_password: { status: 400, type: "invalid_request_error", message: "The old password is wrong." },
  setup_password_weak: {
    status: 400,
    type: "invalid_request_error",
    message: "The password needs at least 10 characters.",
  },
  missing_credentials: {
    status: 401,
    type: "authentication_error",
    message: "Sign in, or send a token in the Authorization header.",
  },
  invalid_token: {
    status: 401,
    type: "authentication_error",
    message: "The token or session is unknown, expired or revoked.",
  },
  invalid_login: { status: 401, type: "authentication_error", message: "User name or password is wrong." },
  invalid_webhook_secret: {
    status: 401,
    type: "authentication_error",
    message: "The webhook secret is missing or wrong.",
  },
  invalid_setup_code: {
    status: 403,
    type: "permission_error",
    message: "The set-up code is wrong. Use the link that the start or the deployment printed.",
  },
  setup_unavailable: {
    status: 403,
    type: "permission_error",
    message: "No set-up code is configured. Run `npm run deploy` again, or set SETUP_CODE.",
  },
  scope_missing: { status: 403, type: "permission_error", message: "The token has no scope for this." },
  role_forbidden: { status: 403, type: "permission_error", message: "Your role does not allow this." },
  cookie_required: {
    status: 403,
    type: "permission_error",
    message: "This needs a signed-in browser session: a token cannot do it.",
  },
  token_required: { status: 403, type: "permission_error", message: "This takes an API token, and nothing else." },
  origin_forbidden: { status: 403, type: "permission_error", message: "The request comes from another origin." },
  not_loop_owner: { status: 403, type: "permission_error", message: "This loop belongs to someone else." },
  permission_mode_forbidden: {
    status: 403,
    type: "permission_error",
    message: "permission_mode may only tighten: use default or plan.",
  },
  egress_forbidden: {
    status: 403,
    type: "permission_error",
    message: "The address is not one that this gateway may reach.",
  },
  route_not_found: { status: 404, type: "not_found_error", message: "There is nothing at this address." },
  loop_not_found: { status: 404, type: "not_found_error", message: "There is no such loop." },
  output_not_found: { status: 404, type: "not_found_error", message: "No such output is on record." },
  conversation_not_found: { status: 404, type: "not_found_error", message: "There is no such conversation." },
  choice_not_found: {
    status: 404,
    type: "not_found_error",
    message: "There is no such open question: it is unknown or already answered.",
  },
  approval_not_found: { status: 404, type: "not_found_error", message: "There is no such approval." },
  approval_rule_not_found: {
    status: 404,
    type: "not_found_error",
    message: "There is no rule for this tool in this group.",
  },
  model_not_found: {
    status: 404,
    type: "not_found_error",
    message: "There is no such model: name an agent group, or default.",
  },
  user_not_found: { status: 404, type: "not_found_error", message: "There is no such person." },
  session_not_found: { status: 404, type: "not_found_error", message: "There is no such session, or it is over." },
  invitation_not_found: {
    status: 404,
    type: "not_found_error",
    message: "There is no such invitation: it is unknown, used, taken back or older than seven days.",
  },
  token_not_found: { status: 404, type: "not_found_error", message: "There is no such token." },
  group_not_found: { status: 404, type: "not_found_error", message: "There is no such agent group." },
  channel_not_found: { status: 404, type: "not_found_error", message: "There is no such channel." },
  runner_not_found: { status: 404, type: "not_found_error", message: "There is no such runner." },
  command_not_found: {
    status: 404,
    type: "not_found_error",
    message: "There is no such command, or it ended so long ago that only its row in the list is left.",
  },
  method_not_allowed: {
    status: 405,
    type: "invalid_request_error",
    message: "This address does not take that method.",
  },
  approval_closed: { status: 409, type: "conflict_error", message: "This is no longer open. Nothing was changed." },
  choice_changed: {
    status: 409,
    type: "conflict_error",
    message: "The question is about other arguments than these. Load it again.",
  },
  already_set_up: {
    status: 409,
    type: "conflict_error",
    message: "The gateway already has its administrator. Sign in instead.",
  },
  idempotency_key_reused: {
    status: 409,
    type: "conflict_error",
    message: "This Idempotency-Key was used with another body.",
  },
  conversation_archived: {
    status: 409,
    type: "conflict_error",
    message: "This conversation is archived. Take it out of the archive first.",
  },
  last_admin: {
    status: 409,
    type: "conflict_error",
    message: "The gateway needs an administrator: this is the last one.",
  },
  name_taken: { status: 409, type: "conflict_error", message: "That name is taken." },
  edit_conflict: {
    status: 409,
    type: "conflict_error",
    message: "Someone else changed this at the same time. Load it again.",
  },
  managed_by_file: {
    status: 409,
    type: "conflict_error",
    message: "The configuration file owns this. Change it there, or take it out of the file first.",
  },
  runner_away: { status: 409, type: "conflict_error", message: "The runner is not connected right now." },
  runner_built_in: {
    status: 409,
    type: "conflict_error",
    message: "This runner is the gateway's own process: restart or stop the gateway instead.",
  },
  group_in_use: {
    status: 409,
    type: "conflict_error",
    message: "The agent group is bound to a channel. Unbind it first.",
  },
  body_too_large: { status: 413, type: "invalid_request_error", message: "The body is too large." },
  unsupported_media_type: { status: 415, type: "invalid_request_error", message: "Send the body as application/json." },
  host_forbidden: {
    status: 421,
    type: "permission_error",
    message: "The Host header names no host of this gateway. Add it to ALLOWED_HOSTS.",
  },
  upgrade_required: {
    status: 426,
    type: "invalid_request_error",
    message: "This address speaks WebSocket only.",
  },
  too_many_requests: { status: 429, type: "rate_limit_error", message: "Too many requests. Wait, then try again." },
  too_many_logins: { status: 429, type: "rate_limit_error", message: "Too many failed logins. Wait, then try again." },
  queue_full: {
    status: 429,
    type: "rate_limit_error",
    message: "Too many messages wait in this conversation. Let it answer first.",
  },
  budget_exceeded: {
    status: 429,
    type: "rate_limit_error",
    message: "A budget does not allow this.",
  },
  internal: {
    status: 500,
    type: "internal_error",
    message: "Something broke on our side. Nothing that was accepted is lost.",
  },
  turn_failed: { status: 500, type: "internal_error", message: "The agent could not finish its answer." },
  secret_unreadable: {
    status: 500,
    type: "internal_error",
    message: "A stored secret cannot be read with this ENCRYPTION_KEY. Enter the secret again, or restore the key.",
  },
  storage_failed: {
    status: 503,
    type: "internal_error",
    message: "The gateway cannot write to its disk right now. Nothing was accepted: try again.",
  },
  storage_value_too_large: { status: 500, type: "internal_error", message: "A stored value exceeds 1 MB." },
  database_unavailable: {
    status: 503,
    type: "internal_error",
    message: "The database does not answer right now. Try again.",
  },
  encryption_key_wrong: {
    status: 503,
    type: "internal_error",
    message:
      "ENCRYPTION_KEY is not the key that this gateway's database was made with. Bring the old key back: nothing was changed.",
  },
  model_unavailable: { status: 503, type: "internal_error", message: "The model does not answer right now." },
  model_not_configured: { status: 503, type: "internal_error", message: "The model is not configured." },
  model_key_refused: { status: 503, type: "internal_error", message: "The model's provider refuses the key." },
  peer_unavailable: {
    status: 503,
    type: "internal_error",
    message: "A part of the gateway does not answer right now. Try again.",
  },
  shutting_down: { status: 503, type: "internal_error", message: "The gateway is restarting. Try again." },
} as const satisfies Record<string, ErrorRule>

export type ErrorCode = keyof typeof rules
const codes = new Set<string>(Object.keys(rules))
const isErrorCode = (code: unknown): code is ErrorCode => typeof code === "string" && codes.has(code)

/** What may be told about a failure. Values are shown to callers: never a secret. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>

/** A broken promise, told by code. `details` are public; `cause` stays in the log. */
export class LoopError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails
  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(code, options)
    this.name = "LoopError"
    this.code = code
    this.details = details
  }
}

/** True for a LoopError of this process and for its copy that crossed a peer call. */
export function isLoopError(error: unknown): error is LoopError {
  return typeof error === "object" && error !== null && "code" in error && "details" in error && isErrorCode(error.code)
}

/** The rule of a code: status, type and public sentence. */
export function errorRule(code: ErrorCode): ErrorRule {
  return rules[code]
}

/** The one error shape of every HTTP answer and `error` event body. */
export const ErrorBody = z.object({ error: z.object({ type: ErrorType, code: z.string(), message: z.string() }) })
export type ErrorBody = z.infer<typeof ErrorBody>

/** Renders a code for a caller; a `message` detail takes the place of the general sentence, a `field` detail is named. */
export function toErrorBody(code: ErrorCode, details: ErrorDetails = {}): ErrorBody {
  const rule = rules[code]
  const said = typeof details.message === "string" ? details.message : rule.message
  const field = typeof details.field === "string" ? ` (${details.field})` : ""
  return { error: { type: rule.type, code, message: said + field } }
}
