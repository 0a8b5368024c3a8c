/** A companion runner on both hosts, end to end. Needs sqld. */
import { nodeHost } from "./node-host.ts"
import { runnerSuite } from "./runner.suite.ts"
import { wranglerHost } from "./wrangler-host.ts"

runnerSuite(nodeHost("embedded"))
runnerSuite(wranglerHost)
