/**
 * The gateway of `npm start` with the kit's tool `append_line` beside its own. Its line server's URL is in LINE_SERVER_URL. With
 * ECHO_WORKER its own runner has the kit's worker in place of Docker and Chromium.
 */
import { runGateway } from "../host/main.ts"
import { appendLineTool } from "./append-line-tool.ts"
import { createEchoWorker } from "./echo-worker.ts"

const url = process.env.LINE_SERVER_URL
if (url === undefined) throw new Error("LINE_SERVER_URL is not set")
const workers = process.env.ECHO_WORKER === "true" ? { workers: [createEchoWorker()] } : {}
const asksFirst = process.env.APPEND_LINE_ASKS_FIRST === "true"
await runGateway({ tools: [appendLineTool(url, { asksFirst })], ...workers })
