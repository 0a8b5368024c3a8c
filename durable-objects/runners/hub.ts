/** All runners behind one object: who is there, who has which command, and what came of it. */
import { LoopError } from "../../core/errors.ts"
import { Command, type CommandId } from "../../core/runner/command.ts"
import type { ConversationId } from "../../core/units.ts"
import type { HostedObject, ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import { methods, on, routeOf, type Routes, type SubmitAnswer } from "../peers.ts"

export class RunnerHub implements HostedObject {
  readonly #host: ObjectHost

  readonly #routes: Routes<"runners"> = {
    submit: on(methods.runners.submit, (command) => this.#submit(command)),
    cancel: on(methods.runners.cancel, ({ commandId }) => this.#cancel(commandId)),
    forget: on(methods.runners.forget, ({ conversationId }) => this.#forget(conversationId)),
    available: on(methods.runners.available, () => ({ capabilities: [] })),
    list: on(methods.runners.list, () => ({ runners: [] })),
    show: on(methods.runners.show, () => {
      throw new LoopError("command_not_found")
    }),
    order: on(methods.runners.order, () => {
      throw new LoopError("runner_not_found")
    }),
    revoke: on(methods.runners.revoke, () => {
      throw new LoopError("runner_not_found")
    }),
    recheck: on(methods.runners.recheck, () => ({})),
  }

  constructor(host: ObjectHost, _parts: Pick<GatewayParts, "liveInterest">) {
    this.#host = host
  }

  async call(name: string, input: unknown): Promise<unknown> {
    return routeOf(this.#routes, name)(input)
  }

  stream(name: string): ReadableStream<Uint8Array> {
    throw new LoopError("internal", { method: name })
  }

  async alarm(): Promise<void> {}

  #submit(command: Command): SubmitAnswer {
    this.#host.storage.put(`c/${command.id}`, command)
    return { status: "pending" }
  }

  #cancel(id: CommandId): Record<string, never> {
    this.#host.storage.delete(`c/${id}`)
    return {}
  }

  #forget(id: ConversationId): Record<string, never> {
    for (const [key, value] of this.#host.storage.list({ prefix: "c/" }))
      if (Command.parse(value).conversationId === id) this.#host.storage.delete(key)
    return {}
  }
}
