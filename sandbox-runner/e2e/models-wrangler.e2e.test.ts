/** Models and money on Cloudflare, as far as `wrangler dev` is Cloudflare. Needs sqld. */
import { modelSuite } from "./models.suite.ts"
import { wranglerHost } from "./wrangler-host.ts"

modelSuite(wranglerHost)
