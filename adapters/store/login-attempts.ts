/** Attempts to log in, counted by what is throttled: a user name, an address, the two together. One round trip each. */
import * as z from "zod"
import type { EpochMs } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { constant } from "./query.ts"

const addAttempt = constant(
  `insert into login_attempts (key, failures, window_started_at) values (?1, 1, ?2)
   on conflict (key) do update set
     failures = case when window_started_at <= ?3 then 1 else failures + 1 end,
     window_started_at = case when window_started_at <= ?3 then ?2 else window_started_at end
   returning failures, window_started_at`,
)
const Counted = z
  .object({ failures: z.number().int(), window_started_at: z.number().int() })
  .transform(({ failures, window_started_at }) => ({ attempts: failures, windowStartedAt: window_started_at }))

/**
 * Counts an attempt as failed before it is judged, so that a hundred at once are a hundred and not none.
 * A key's window begins with its first failure and lasts `windowMs`.
 * @returns for each key, in their order, the attempts of its window, this one among them
 */
export async function countAttempt(
  libsql: Libsql,
  keys: readonly string[],
  now: EpochMs,
  windowMs: number,
): Promise<{ attempts: number; windowStartedAt: number }[]> {
  const answers = await libsql.write(keys.map((key) => addAttempt(key, now, now - windowMs)))
  return answers.map((answer) => Counted.parse(answer.rows[0]))
}

const forget = constant("delete from login_attempts where key = ?")
const takeBack = constant("update login_attempts set failures = failures - 1 where key = ? and failures > 0")

/** After an attempt that was right: `forgiven` keys start afresh, from `uncounted` ones this attempt alone is taken. */
export async function settleAttempt(
  libsql: Libsql,
  keys: { readonly forgiven: readonly string[]; readonly uncounted: readonly string[] },
): Promise<void> {
  await libsql.write([...keys.forgiven.map((key) => forget(key)), ...keys.uncounted.map((key) => takeBack(key))])
}
