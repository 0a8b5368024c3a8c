/** What an operator says of the models for messages of different weight. */
import * as z from "zod"

const ModelName = z.string().trim().min(1).max(200)
const Percent = z.number().min(0).max(100)

/** A message goes to the first tier whose `maxComplexity` is not below its own. */
export const HotSwapConfig = z.object({
  enabled: z.boolean(),
  tiers: z.array(z.object({ model: ModelName, maxComplexity: Percent, label: z.string().max(100) })).max(10),
  escalationThreshold: Percent.default(40),
  deescalation: z.boolean().default(true),
})
export type HotSwapConfig = z.infer<typeof HotSwapConfig>
