/** Calls a tool as a turn does, through the guard of the Node host, with names that the test resolves. */
import type { LookupAddress } from "node:dns"
import { EpochMs } from "../../core/units.ts"
import { openEgress, type NodeEgress } from "../../sandbox-runner/host/egress.ts"
import { runTool } from "../tools/run.ts"
import type { FinishedCall, ObjectTool } from "../tools/tool.ts"
import { admitted } from "./admit.ts"

export interface ToolCalls {
  /** What names resolve to; one that is absent does not exist. */
  readonly names: Map<string, string[]>
  call(tool: ObjectTool, input: unknown, signal?: AbortSignal): Promise<FinishedCall>
  close(): Promise<void>
}

/** @param options - `allowed` are ports of 127.0.0.1 */
export function openToolCalls(options: { allowed: readonly number[]; ownOrigins?: readonly string[] }): ToolCalls {
  const names = new Map<string, string[]>()
  const egress: NodeEgress = openEgress({
    allowPrivate: options.allowed.map((port) => `127.0.0.1/32:${port}`),
    ownOrigins: options.ownOrigins ?? [],
    resolve(hostname, _, callback) {
      const found = names
        .get(hostname)
        ?.map((address): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 }))
      if (found === undefined) callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), [])
      else callback(null, found)
    },
  })
  return {
    names,
    call(tool, input, signal = new AbortController().signal) {
      const context = {
        now: () => EpochMs.parse(1_800_000_000_000),
        fetch: egress.fetch.agent,
        operatorFetch: egress.fetch.operator,
        outputOf: async () => ({ status: "unknown" as const }),
        signal,
      }
      return runTool(tool, input, context, admitted(tool, input))
    },
    close: () => egress.close(),
  }
}
