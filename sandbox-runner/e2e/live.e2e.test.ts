/** The live feed on both hosts, end to end. Needs sqld. */
import { liveSuite } from "./live.suite.ts"
import { nodeHost } from "./node-host.ts"
import { wranglerHost } from "./wrangler-host.ts"

liveSuite(nodeHost("embedded"))
liveSuite(wranglerHost)
