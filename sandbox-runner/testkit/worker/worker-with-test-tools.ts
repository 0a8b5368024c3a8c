/** The Worker of wrangler.toml with the kit's tool `append_line` beside its own. Its line server's URL is in LINE_SERVER_URL. */
import { env, waitUntil } from "cloudflare:workers"
import * as z from "zod"
import { createWorker } from "../../../worker/cloudflare-worker.ts"
import { appendLineTool } from "../append-line-tool.ts"

const { LINE_SERVER_URL: url, APPEND_LINE_ASKS_FIRST: asks } = z
  .object({ LINE_SERVER_URL: z.string(), APPEND_LINE_ASKS_FIRST: z.string().optional() })
  .parse(env)
const worker = createWorker({ waitUntil, tools: [appendLineTool(url, { asksFirst: asks === "true" })] })

export class Conversation extends worker.Conversation {}
export class Channel extends worker.Channel {}
export class Ledger extends worker.Ledger {}
export class LiveHub extends worker.LiveHub {}
export class RunnerHub extends worker.RunnerHub {}

export default worker.handler
