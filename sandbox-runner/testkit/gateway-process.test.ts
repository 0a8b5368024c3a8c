/** The real gateway as a program: it starts, dies and comes back, and the kit's tool reaches its line server through it. */
import { expect, test } from "vitest"
import * as z from "zod"
import { createGatewayProcess, startGatewayProcess } from "./gateway-process.ts"
import { startLineServer } from "./line-server.ts"
import { startScriptedModel } from "./scripted-model.ts"
import { setUpGateway } from "./sign-in.ts"

const Loop = z.object({ id: z.string() })

test("a gateway runs a whole turn with the kit's model and tool, dies and comes back with its data", async () => {
  const model = await startScriptedModel({ keys: ["the-key"] })
  const lines = await startLineServer()
  const gateway = await startGatewayProcess({
    lineServerUrl: lines.url,
    env: { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "the-key" },
  })
  const post = await setUpGateway(gateway.url, gateway.setupCode)
  const loop = Loop.parse(await (await post("/api/v1/loops", {})).json())
  const stream = await post(`/api/v1/loops/${loop.id}/messages`, { content: 'tool append_line {"line":"one"}' })
  const events = await stream.text()
  expect(events).toContain("event: done")
  expect(events).toContain("done: appended one")
  expect(lines.lines).toEqual(["one"])
  expect(model.refused).toEqual([])
  await gateway.kill9()
  expect(await gateway.exited()).toBeNull()
  await gateway.start()
  expect((await fetch(`${gateway.url}/api/health`)).status).toBe(200)
  expect(await gateway.stop()).toBe(0)
  await gateway.dispose()
  await Promise.all([model.close(), lines.close()])
}, 120_000)

test("a start that cannot be ends with 1 and says why", async () => {
  const gateway = await createGatewayProcess({ env: { RATE_LIMIT_PER_MINUTE: "many" } })
  const { code, output } = await gateway.runToEnd()
  expect(code).toBe(1)
  expect(output).toContain("RATE_LIMIT_PER_MINUTE")
  await gateway.dispose()
}, 120_000)
