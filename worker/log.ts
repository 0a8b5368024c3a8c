/** The log as the edge sees it. */
export { describeFailure, type LogEntry } from "../core/log.ts"
