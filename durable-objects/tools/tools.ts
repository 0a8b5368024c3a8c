/** The tools that every gateway has. */
import { currentTime } from "./current-time.ts"
import type { Tool } from "./tool.ts"

export const builtInTools: readonly Tool[] = [currentTime]
