/** The forms of what callers present: names, passwords, tokens. Rules only; hashing and storage live elsewhere. */
import * as z from "zod"

/** Shown in the dashboard and in a loop's `created_by`. Unique without regard to case. */
export const Username = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}._@+-]+$/u, "may hold letters, digits and . _ @ + - only")

/** Longer ones only cost time to hash. */
export const maxPasswordLength = 1_024
export const minPasswordLength = 10
/** Any text: its strength is judged where it is set, so that a login tells nothing. */
export const Password = z.string().max(maxPasswordLength)

/** Number of random bytes in a session token: 256 bits. */
export const sessionTokenBytes = 32
export const SessionToken = z.string().regex(/^[0-9a-f]{64}$/)

/** Number of random bytes in an API token. */
export const apiTokenBytes = 24
export const ApiToken = z.string().regex(/^la_[0-9a-f]{48}$/)

/** A session ends this long after its last use. */
export const sessionLifetimeMs = 30 * 24 * 60 * 60 * 1000
/** A session's last use is written at most this often. */
export const sessionTouchMs = 60 * 60 * 1000

/** Number of random bytes in the code of an invitation. */
export const invitationCodeBytes = 32
/** An invitation can be accepted this long. */
export const invitationLifetimeMs = 7 * 24 * 60 * 60 * 1000

export const sessionCookieName = "loop_session"
