/** The runner of `npm run runner` with the kit's worker in place of Docker and Chromium. */
import { runCompanion } from "../companion/main.ts"
import { createEchoWorker } from "./echo-worker.ts"

await runCompanion({ workers: [createEchoWorker()] })
