/** The gateway of `npm run dev`: as `npm start` has it, but the page beside it is built by `vite build --watch`. */
import { runGateway } from "../sandbox-runner/host/main.ts"

await runGateway({ buildsPage: false })
