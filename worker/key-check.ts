/**
 * Whether ENCRYPTION_KEY is the one that the database was made with, for a host that has no start to ask at. Nothing may be sealed
 * by another: it could never be opened beside what is there.
 */
import { claimInstanceValue, readInstanceValue } from "../adapters/store/instance.ts"
import { isLoopError } from "../core/errors.ts"
import type { EpochMs } from "../core/units.ts"
import type { EdgeDeps } from "./deps.ts"

/** `unknown`: the database does not answer, and nothing that needs it is done anyway. */
export type KeyState = "fits" | "wrong" | "unknown"

/** Good news are kept for good; other ones so long, for an operator who puts it right. */
const keptMs = 10_000

/** A database without a check value gets this key's. */
export function createKeyCheck(deps: Pick<EdgeDeps, "libsql" | "vault" | "now" | "log">): () => Promise<KeyState> {
  let last: { readonly at: EpochMs; readonly state: KeyState } | undefined
  return async () => {
    const now = deps.now()
    if (last !== undefined && (last.state === "fits" || now - last.at < keptMs)) return last.state
    // Each request asks by itself: on Cloudflare one that is canceled takes its own look-up with it, and nobody else's.
    const state = await ask(deps)
    last = { at: now, state }
    return state
  }
}

async function ask({ libsql, vault, log }: Pick<EdgeDeps, "libsql" | "vault" | "log">): Promise<KeyState> {
  try {
    const stored = await readInstanceValue(libsql, "encryption_check")
    const checkValue = stored ?? (await claimInstanceValue(libsql, "encryption_check", vault.checkValue()))
    if (vault.opens(checkValue)) return "fits"
    log({ level: "error", event: "encryption_key_wrong" })
    return "wrong"
  } catch (error) {
    if (isLoopError(error) && error.code === "database_unavailable") return "unknown"
    throw error
  }
}
