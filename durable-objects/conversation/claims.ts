/**
 * Which turn a repeated request belongs to. A client that got no answer sends the same body again and says so; the claim of its
 * first try leads to the turn that already runs. A client that means the same words anew does not say so, and claims afresh.
 */
import * as z from "zod"
import { ConversationId, EpochMs } from "../../core/units.ts"
import type { OrderedStore } from "../host.ts"

const prefix = "cl/"
const Claim = z.object({ conversationId: ConversationId, externalId: z.string(), at: EpochMs })
type Claim = z.infer<typeof Claim>

/** Where a request's message goes, and under which id. */
export type Claimed = Omit<Claim, "at"> & { isAttached: boolean }

/**
 * @param fresh - what is claimed where nothing is found to attach to
 * @param oldest - claims from before it are over
 */
export function takeClaim(
  storage: OrderedStore,
  { bodyHash, isRetry, fresh }: { bodyHash: string; isRetry: boolean; fresh: Omit<Claim, "at"> },
  now: EpochMs,
  oldest: EpochMs,
): Claimed {
  const stored = storage.get(prefix + bodyHash)
  const known = stored === undefined ? undefined : Claim.parse(stored)
  if (isRetry && known !== undefined && known.at >= oldest) {
    return { conversationId: known.conversationId, externalId: known.externalId, isAttached: true }
  }
  storage.put(prefix + bodyHash, { ...fresh, at: now } satisfies Claim)
  return { ...fresh, isAttached: false }
}

/** Forgets claims from before `oldest`. @returns how many are left */
export function expireClaims(storage: OrderedStore, oldest: EpochMs): number {
  let left = 0
  for (const [key, value] of storage.list({ prefix })) {
    if (Claim.parse(value).at < oldest) storage.delete(key)
    else left += 1
  }
  return left
}
