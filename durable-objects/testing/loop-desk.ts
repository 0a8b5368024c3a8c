/** Loops of one user as tests hold them: begun, told something, and read; and tools that append lines for their agents. */
import * as z from "zod"
import type { InboundMessage } from "../../core/channel/message.ts"
import type { ConversationId } from "../../core/units.ts"
import { defineTool, type ObjectTool } from "../tools/tool.ts"
import { apiMessage, loopId, owner, readEvents, type Harness } from "./harness.ts"

/** @param harness - the one of the test that runs */
export function openLoopDesk(harness: () => Harness) {
  const conversation = (id: ConversationId = loopId) => harness().objects.peers("conversation", id)

  async function createLoop(id: ConversationId = loopId, profiles: string[] = []): Promise<void> {
    await conversation(id).call("create", { ownerId: owner, title: "", metadata: {}, profiles })
  }

  /** To a loop that is there. */
  async function send(text: string, rest: Partial<InboundMessage> = {}, id: ConversationId = loopId) {
    const message = apiMessage(text, rest)
    const accepted = await conversation(id).call("accept", { viewer: owner, message })
    const stream = await conversation(id).stream("watch", { viewer: owner, externalId: message.externalId })
    return { accepted, stream, message }
  }

  return {
    conversation,
    createLoop,
    send,
    /** Sends, and reads what happens to the end. */
    ask: async (text: string, rest: Partial<InboundMessage> = {}, id: ConversationId = loopId) =>
      readEvents((await send(text, rest, id)).stream),
    /** Sends to a loop that may not be there yet. @returns the stream of what happens */
    begin: async (text: string, id: ConversationId = loopId, profiles: string[] = []) => {
      await createLoop(id, profiles)
      return (await send(text, {}, id)).stream
    },
  }
}

/** `append_line`: runs without a question, and must not run twice. */
export const appendLine = (append: (line: string) => unknown): ObjectTool =>
  defineTool({ ...lineTool(append), name: "append_line", description: "Appends a line.", risk: "low" })

/** `asked_line`: the same, once a person has agreed. */
export const askedLine = (append: (line: string) => unknown = () => {}): ObjectTool =>
  defineTool({
    ...lineTool(append),
    name: "asked_line",
    description: "Appends a line when a person agrees.",
    risk: "high",
  })

const lineTool = (append: (line: string) => unknown) => ({
  input: z.object({ line: z.string() }),
  repeatable: false,
  outward: "acts" as const,
  async run({ line }: { line: string }) {
    await append(line)
    return { text: `appended ${line}`, tainted: false }
  },
})

/** As many turns of the event loop as anything takes that nothing holds back. */
export async function spin(): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}
