/** Takes secrets out of text that is meant for a log. Knows the forms of what this gateway handles; guesses nothing else. */

const forms: readonly RegExp[] = [
  // Our API tokens, session tokens and their hashes, keys in hexadecimal.
  /la_[0-9a-f]{16,}/gi,
  /\b[0-9a-f]{48,}\b/gi,
  // Telegram bot tokens, alone, in an address (Bot API "Authorizing your bot"), or escaped inside one.
  /\d{5,20}(?::|%3a)[\w-]{20,}/gi,
  /(?<=\/bot)\d+(?::|%3a)[\w-]+/gi,
  // Keys of model providers.
  /\bsk-[\w-]{8,}/g,
  // Credentials in headers and cookies.
  /\b(?:bearer|basic)(?:\s+|%20)[\w.~+/=-]+/gi,
  /(?<=\b(?:proxy-)?authorization["']?\s*[=:]\s*["']?)[^\s"',;&}]+/gi,
  /(?<=\b(?:set-)?cookie["']?\s*:\s*["']?)[^"'\r\n}]+/gi,
  /\bloop_session(?:=|%3d)[^;\s]+/gi,
  // User name and password of an address.
  /(?<=:\/\/)[^\s/?#@]+@/g,
  // JSON web tokens, such as those of a libSQL server.
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  // What stands behind a telling name in JSON (escaped or not), a query or a form.
  /(?<=\b(?:x-)?(?:\w{1,20}[_-]?)?(?:password|passwd|passphrase|secret|api[_-]?key|auth[_-]?token|token|code)\\?["']?\s*[=:]\s*)(?:\\?"(?:[^"\\]|\\(?!"))*\\?"|'[^']*'|[^\s"',;&}]+)/gi,
]

/** The text with every secret that it recognises replaced by `[redacted]`. */
export function redact(text: string): string {
  return forms.reduce((left, form) => left.replace(form, "[redacted]"), text)
}

const secretName = /(?:password|passwd|passphrase|secret|api_?key|token|cookie|authorization)$/i

/** True for names of fields whose text must never be shown, whatever its form. */
export function isSecretName(name: string): boolean {
  return secretName.test(name)
}
