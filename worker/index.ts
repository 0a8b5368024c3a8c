/** The Worker's main module (wrangler.toml): its handler, and its objects' classes by the names of their bindings. */
import { waitUntil } from "cloudflare:workers"
import { createWorker } from "./cloudflare-worker.ts"

const worker = createWorker({ waitUntil })

export class Conversation extends worker.Conversation {}
export class Channel extends worker.Channel {}
export class Ledger extends worker.Ledger {}
export class LiveHub extends worker.LiveHub {}
export class RunnerHub extends worker.RunnerHub {}

export default worker.handler
