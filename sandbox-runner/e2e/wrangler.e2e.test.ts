/** The gateway on Cloudflare, end to end, as far as `wrangler dev` is Cloudflare. Needs sqld. */
import { gatewaySuite } from "./gateway.suite.ts"
import { wranglerHost } from "./wrangler-host.ts"

gatewaySuite(wranglerHost)
