/** A group's fallback chain as its row holds it: each provider's key is sealed inside. */
import * as z from "zod"
import type { GroupId } from "../../core/units.ts"
import type { SecretPlace } from "../vault.ts"

export const StoredFallbackChain = z.object({
  enabled: z.boolean(),
  /** Tried from first to last. */
  providers: z.array(
    z.object({
      type: z.enum(["anthropic", "openai", "ollama"]),
      model: z.string(),
      baseUrl: z.string().optional(),
      maxRetries: z.number().int(),
      timeoutMs: z.number().int(),
      label: z.string(),
      apiKeySealed: z.string().optional(),
    }),
  ),
})
export type StoredFallbackChain = z.infer<typeof StoredFallbackChain>

/** Where the keys of a group's chain are sealed for. */
export function fallbackKeyPlace(groupId: GroupId): SecretPlace {
  return { table: "agent_groups", row: groupId, column: "fallback_chain_config" }
}
