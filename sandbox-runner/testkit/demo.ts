/**
 * `npm run demo`: the gateway of `npm start` with the scripted model in place of a real one, so that all of it can be seen
 * without a key. It has data of its own and takes no key, database or address from the environment or `.env`: nothing of it
 * leaves this machine.
 */
import { policyDefaults } from "../../core/turn/policy.ts"
import { runGateway } from "../host/main.ts"
import { demoScript } from "./model-script.ts"
import { startScriptedModel } from "./scripted-model.ts"

const model = await startScriptedModel({ script: demoScript(), recordRequests: false })
// What is set here, be it empty, wins over `.env`; empty counts as unset.
Object.assign(process.env, {
  DATA_DIR: process.env.DATA_DIR || "./data/demo",
  LIBSQL_URL: "",
  LIBSQL_AUTH_TOKEN: "",
  ENCRYPTION_KEY: "",
  PUBLIC_URL: "",
  DEFAULT_MODEL: policyDefaults.model,
  ANTHROPIC_BASE_URL: model.url,
  ANTHROPIC_API_KEY: "demo",
  OPENAI_BASE_URL: model.openAiUrl,
  OPENAI_API_KEY: "demo",
  OLLAMA_URL: model.openAiUrl,
})
await runGateway()
if (process.exitCode === undefined) {
  process.stdout.write("  This is a demo: a script answers, not an AI. What you write stays on this machine.\n\n")
} else {
  await model.close()
}
