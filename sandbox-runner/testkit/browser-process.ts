/** A process of its own with a runner's browser, to be killed: opens the page that its argument names, says so, and waits. */
import { setBrowserStage } from "./browser-stage.ts"

const [url = ""] = process.argv.slice(2)
const stage = setBrowserStage([Number(new URL(url).port)])
const { text } = await stage.act({ action: "open", url })
process.stdout.write(`opened: ${text}\n`)
setInterval(() => {}, 60_000)
