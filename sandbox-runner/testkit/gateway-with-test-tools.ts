/** The gateway of `npm start` with the kit's tool `append_line` beside its own. Its line server's URL is in LINE_SERVER_URL. */
import { runGateway } from "../host/main.ts"
import { appendLineTool } from "./append-line-tool.ts"

const url = process.env.LINE_SERVER_URL
if (url === undefined) throw new Error("LINE_SERVER_URL is not set")
await runGateway({ tools: [appendLineTool(url, { asksFirst: process.env.APPEND_LINE_ASKS_FIRST === "true" })] })
