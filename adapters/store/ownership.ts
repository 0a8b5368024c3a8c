/** What the configuration file owns, as the database knows it. */
import { FileOwnership, ownsNothing } from "../../core/gateway-file.ts"
import type { Libsql } from "./libsql.ts"
import { readSettings } from "./settings.ts"

/** One round trip. */
export async function readOwnership(libsql: Libsql): Promise<FileOwnership> {
  const row = await readSettings(libsql, "file")
  return row === undefined ? ownsNothing : FileOwnership.parse(row.value)
}

/** True when the thing of this id is among those that the file owns. */
export function isOwned(owned: readonly { readonly id: string }[], id: string): boolean {
  return owned.some((one) => one.id === id)
}
