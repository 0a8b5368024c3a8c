/** Models and money with the gateway of `npm start`. */
import { modelSuite } from "./models.suite.ts"
import { nodeHost } from "./node-host.ts"

modelSuite(nodeHost("embedded"))
