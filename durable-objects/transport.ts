/** Carries peer calls: what every host does between the typed Peer and the object that answers. */
import * as z from "zod"
import { isLoopError, LoopError } from "../core/errors.ts"
import { methods, type ObjectKind, type Peer } from "./peers.ts"

/** Reaches one object with plain values. Both ends hold their own copies; every failure is a LoopError. */
export interface Transport {
  call(name: string, input: unknown): Promise<unknown>
  stream(name: string, input: unknown): Promise<ReadableStream<Uint8Array>>
}

/** The typed peer over a transport: answers are parsed by the table of methods, so that their types hold. */
export function openPeer<K extends ObjectKind>(kind: K, transport: Transport): Peer<K>
export function openPeer(kind: ObjectKind, transport: Transport) {
  return {
    async call(name: string, input: unknown): Promise<unknown> {
      const output = outputOf(kind, name)
      const parsed = output.safeParse(await transport.call(name, input))
      if (!parsed.success) throw new LoopError("internal", { kind, method: name }, { cause: parsed.error })
      return parsed.data
    },
    stream: (name: string, input: unknown) => transport.stream(name, input),
  }
}

/** What a caller gets to see of a failure: a LoopError's code and details, or `internal` with the failure as its cause. */
export function toPeerFailure(error: unknown): LoopError {
  return isLoopError(error)
    ? new LoopError(error.code, { ...error.details }, { cause: error })
    : new LoopError("internal", {}, { cause: error })
}

function outputOf(kind: ObjectKind, name: string): z.ZodType {
  const table: Readonly<Record<string, { output: z.ZodType }>> = methods[kind]
  const method = Object.hasOwn(table, name) ? table[name] : undefined
  if (method === undefined) throw new LoopError("internal", { kind, method: name })
  return method.output
}
