/** The gateway of `npm start` with a libSQL server in place of the embedded file, end to end. Needs sqld. */
import { gatewaySuite } from "./gateway.suite.ts"
import { nodeHost } from "./node-host.ts"

gatewaySuite(nodeHost("server"))
