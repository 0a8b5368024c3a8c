/** The gateway of `npm start`, end to end. */
import { gatewaySuite } from "./gateway.suite.ts"
import { nodeHost } from "./node-host.ts"

gatewaySuite(nodeHost("embedded"))
