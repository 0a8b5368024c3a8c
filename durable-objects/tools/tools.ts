/** The tools of a gateway. */
import type { Config } from "../config.ts"
import { askUser } from "./ask-user.ts"
import { currentTime } from "./current-time.ts"
import { httpRequest } from "./http-request.ts"
import { runScript } from "./run-script.ts"
import type { Tool } from "./tool.ts"
import { webBrowse } from "./web-browse.ts"
import { createWebSearch } from "./web-search.ts"

/** Those that every gateway has; what runs on a runner is offered where one has the capability. */
export const builtInTools: readonly Tool[] = [currentTime, askUser, httpRequest, webBrowse, runScript]

/** Those, and what the environment configures. */
export function toolsOf(config: Config): readonly Tool[] {
  const webSearch = createWebSearch(config)
  return webSearch === undefined ? builtInTools : [...builtInTools, webSearch]
}
