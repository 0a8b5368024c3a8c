/** A count of tokens as providers report it. Nonsense is taken as not said: whoever charges then takes the worst case. */
import * as z from "zod"

/** Above any model's window by far, and low enough that sums of them stay whole numbers. */
const mostTokens = 1_000_000_000

export const TokenCount = z.number().int().nonnegative().max(mostTokens).nullish().catch(null)
