/** The tools that every gateway has. */
import { askUser } from "./ask-user.ts"
import { currentTime } from "./current-time.ts"
import type { Tool } from "./tool.ts"

export const builtInTools: readonly Tool[] = [currentTime, askUser]
