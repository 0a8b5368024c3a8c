/** What `npm start` runs: the gateway of `main.ts`. In JavaScript for the reason that fast-load.js gives. */
import { loadFast } from "./fast-load.js"

loadFast()
const { runGateway } = await import("./main.ts")
await runGateway()
