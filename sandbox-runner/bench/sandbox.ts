/** What isolation costs: from the command to the first byte of a program in a container of its own. */
import * as z from "zod"
import type { Engine } from "../docker/engine.ts"
import { agentImage, argv, openSandboxes } from "../testkit/sandboxes.ts"
import { median } from "./measure.ts"
import type { Row } from "./table.ts"

const runs = 15
const mostTimesFloor = 2

/** Floor: the engine alone, until it has made and started a container of the same image that does nothing. */
export async function measureSandbox(): Promise<Row[]> {
  const measure = "sandbox, command to first byte of its program, p50 (to its end, with files in and out)"
  const sandboxes = await openSandboxes().catch(() => undefined)
  if (sandboxes === undefined) {
    const gateway = "no container engine with the agent image here"
    return [{ measure, gateway, floor: "", ratio: "", aim: "", met: null }]
  }
  try {
    const first: number[] = []
    const whole: number[] = []
    const bare: number[] = []
    // The first of each warms the engine's caches.
    for (let run = 0; run <= runs; run += 1) {
      const started = performance.now()
      let firstByteMs = 0
      await sandboxes.result(argv("echo", "x"), {
        async onOutput() {
          firstByteMs ||= performance.now() - started
        },
      })
      const wholeMs = performance.now() - started
      const bareMs = await timeBare(sandboxes.engine)
      if (run === 0) continue
      first.push(firstByteMs)
      whole.push(wholeMs)
      bare.push(bareMs)
    }
    const ratio = median(first) / median(bare)
    return [
      {
        measure,
        gateway: `${median(first).toFixed(0)} ms (${median(whole).toFixed(0)} ms)`,
        floor: `${median(bare).toFixed(0)} ms`,
        ratio: ratio.toFixed(2),
        aim: `≤ ${mostTimesFloor}× floor`,
        met: ratio <= mostTimesFloor,
      },
    ]
  } finally {
    await sandboxes.dispose()
  }
}

const Created = z.object({ Id: z.string() })

/** Its removal is waited for, so that it is no part of the next measurement. */
async function timeBare(engine: Engine): Promise<number> {
  const HostConfig = { NetworkMode: "none", AutoRemove: true, LogConfig: { Type: "none" } }
  const body = { Image: agentImage, Cmd: ["true"], NetworkDisabled: true, HostConfig }
  const started = performance.now()
  const { Id } = await engine.call(Created, { method: "POST", path: "/containers/create", body })
  const removed = engine.call(z.unknown(), {
    method: "POST",
    path: `/containers/${Id}/wait`,
    query: { condition: "removed" },
  })
  await engine.call(z.unknown(), { method: "POST", path: `/containers/${Id}/start` })
  const bareMs = performance.now() - started
  await removed
  return bareMs
}
