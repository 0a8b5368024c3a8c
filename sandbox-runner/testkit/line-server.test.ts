/** The line server and its tool: each run leaves one line, and a run done twice can be seen. */
import { expect, test } from "vitest"
import { EpochMs } from "../../core/units.ts"
import { admitted } from "../../durable-objects/testing/admit.ts"
import { appendLineTool } from "./append-line-tool.ts"
import { startLineServer } from "./line-server.ts"

const context = {
  now: () => EpochMs.parse(0),
  fetch: (request: Request) => fetch(request),
  operatorFetch: (request: Request) => fetch(request),
  outputOf: async () => ({ status: "unknown" as const }),
  signal: AbortSignal.any([]),
}

test("each run of the tool leaves one line; what ran twice is named", async () => {
  const order: string[] = []
  const server = await startLineServer({
    beforeAppend: (n) => void order.push(`before ${n}`),
    beforeAnswer: (n) => void order.push(`between ${n}`),
  })
  const tool = appendLineTool(server.url, { asksFirst: true })
  expect(tool).toMatchObject({ name: "append_line", repeatable: false, risk: "high" })
  const run = (line: string) => tool.start({ line }, context, admitted(tool, { line }))
  const waiting = server.waitForLine("b")
  for (const line of ["a", "b", "a"]) {
    expect(await run(line)).toEqual({ status: "ok", text: `appended ${line}`, tainted: false })
  }
  await waiting
  expect(server.lines).toEqual(["a", "b", "a"])
  expect(server.repeated()).toEqual(["a"])
  expect(order.slice(0, 2)).toEqual(["before 1", "between 1"])
  expect(await run("")).toMatchObject({ status: "invalid_input" })
  await server.close()
  await expect(run("c")).rejects.toThrow()
})
