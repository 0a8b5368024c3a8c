/** The page on Cloudflare, end to end. Needs Chromium and sqld. */
import { pageSuite } from "./page.suite.ts"
import { wranglerHost } from "./wrangler-host.ts"

pageSuite(wranglerHost)
