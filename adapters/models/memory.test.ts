/** That a call of a model leaves nothing behind in memory. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { expect, test } from "vitest"
import { startScriptedModel } from "../../sandbox-runner/testkit/scripted-model.ts"
import { linkOf } from "../../core/turn/policy.ts"
import { admitted } from "./bench.suite.ts"
import { createModels } from "./models.ts"

setFlagsFromString("--expose-gc")
const gc: unknown = runInNewContext("gc")

test.each(["gpt-x", "claude-x"])("what the fetch of a call knew leaves memory with the call: %s", async (name) => {
  const server = await startScriptedModel()
  const endpoints = {
    anthropic: { baseUrl: server.url, apiKey: "sk-test" },
    openai: { baseUrl: server.openAiUrl, apiKey: "sk-test" },
    ollama: {},
  }
  const callOnce = async () => {
    const owner = { fetch: (request: Request) => fetch(request) }
    const leave = (request: Request) => owner.fetch(request)
    const models = createModels(endpoints, { operator: leave, agent: leave })
    const outcome = await models.run(
      {
        model: name,
        system: "",
        messages: [{ role: "user", blocks: [{ type: "text", text: "hi" }] }],
        tools: [],
        maxOutputTokens: 9,
      },
      admitted(linkOf(name)),
    )
    expect(outcome.status).toBe("answered")
    return new WeakRef(owner)
  }
  const owners = await Promise.all(Array.from({ length: 8 }, callOnce))
  await expect
    .poll(() => {
      if (typeof gc === "function") gc()
      return owners.filter((owner) => owner.deref() !== undefined).length
    })
    .toBe(0)
  await server.close()
})
