/** The tools of a gateway. */
import type { Config } from "../config.ts"
import { askUser } from "./ask-user.ts"
import { currentTime } from "./current-time.ts"
import { httpRequest } from "./http-request.ts"
import { readOutput } from "./read-output.ts"
import { runScript } from "./run-script.ts"
import type { Tool } from "./tool.ts"
import { webBrowse } from "./web-browse.ts"
import { createWebSearch } from "./web-search.ts"

/**
 * Those that every gateway has; what runs on a runner is offered where one has the capability, and `read_output` where an output
 * was cut.
 */
export const builtInTools: readonly Tool[] = [currentTime, askUser, httpRequest, webBrowse, runScript, readOutput]

/** Those, and what the environment configures. */
export function toolsOf(config: Config): readonly Tool[] {
  const webSearch = createWebSearch(config)
  return webSearch === undefined ? builtInTools : [...builtInTools, webSearch]
}
