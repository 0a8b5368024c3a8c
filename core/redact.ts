/** Takes secrets out of text that is meant for a log. Knows the forms of what this gateway handles; guesses nothing else. */

const forms: readonly RegExp[] = [
  // Our API tokens, session tokens and their hashes, keys in hexadecimal.
  /la_[0-9a-f]{48}/gi,
  /\b[0-9a-f]{48,}\b/gi,
  // Telegram bot tokens, alone or in an address (Bot API "Authorizing your bot").
  /\d{5,20}:[\w-]{20,}/g,
  // Keys of model providers.
  /\bsk-[\w-]{8,}/g,
  // Credentials in headers and cookies.
  /\b(?:bearer|basic)\s+[\w.~+/=-]+/gi,
  /\bloop_session=[^;\s]+/gi,
  // User name and password of an address.
  /(?<=:\/\/)[^\s/?#@]+@/g,
  // JSON web tokens, such as those of a libSQL server.
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  // What stands behind a telling name in JSON, a query or a form.
  /(?<=["']?\b(?:password|passwd|secret|api_?key|auth_?token|token|code)["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s"',;&}]+)/gi,
]

/** The text with every secret that it recognises replaced by `[redacted]`. */
export function redact(text: string): string {
  return forms.reduce((left, form) => left.replace(form, "[redacted]"), text)
}
