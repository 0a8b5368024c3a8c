/** The scripted model as a program: `node demo-model.ts [port]`. Prints one line when it is up; ends on SIGTERM and SIGINT. */
import { demoScript } from "./model-script.ts"
import { startScriptedModel } from "./scripted-model.ts"

const port = Number(process.argv[2] ?? "0")
const model = await startScriptedModel({ port, script: demoScript(), recordRequests: false })
console.log(`demo model: ${model.url}`)
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void model.close())
