/** The scripted model as a program that answers at once and remembers nothing: `node model.ts <port>`. */
import { say, textScript } from "../testkit/model-script.ts"
import { startScriptedModel } from "../testkit/scripted-model.ts"

const script = textScript(() =>
  say("Good morning! All is well here, and the kettle is on. What shall we look at first?"),
)
await startScriptedModel({ port: Number(process.argv[2]), script, recordRequests: false })
