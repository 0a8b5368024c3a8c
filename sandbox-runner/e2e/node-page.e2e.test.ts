/** The page of `npm start`, end to end. Needs Chromium. */
import { nodeHost } from "./node-host.ts"
import { pageSuite } from "./page.suite.ts"

pageSuite(nodeHost("embedded"))
