/** Values that belong to this installation as a whole, such as the check value of its encryption key. */
import * as z from "zod"
import type { Libsql } from "./libsql.ts"
import { constant } from "./query.ts"

const insertOnce = constant("insert into instance (key, value) values (?, ?) on conflict (key) do nothing")
const select = constant("select value from instance where key = ?")
const Value = z.object({ value: z.string() })

export async function readInstanceValue(libsql: Libsql, key: string): Promise<string | undefined> {
  const [found] = await libsql.read([select(key)])
  return found?.rows[0] && Value.parse(found.rows[0]).value
}

/** Writes a value that is not there yet. Of two callers at once the first wins, and both are told what is stored. */
export async function claimInstanceValue(libsql: Libsql, key: string, value: string): Promise<string> {
  const [, stored] = await libsql.write([insertOnce(key, value), select(key)])
  return Value.parse(stored?.rows[0]).value
}
