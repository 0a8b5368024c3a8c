/** `append_line`: the kit's tool that must not run twice. Its effect is a line on a line server, where it can be counted. */
import * as z from "zod"
import { defineTool, type ObjectTool } from "../../durable-objects/tools/tool.ts"

/**
 * @param lineServerUrl - a private address: the gateway needs it in EGRESS_ALLOW_PRIVATE
 */
export function appendLineTool(lineServerUrl: string, { asksFirst = false }: { asksFirst?: boolean } = {}): ObjectTool {
  return defineTool({
    name: "append_line",
    description: "Appends a line to the list.",
    input: z.object({ line: z.string().min(1) }),
    risk: asksFirst ? "high" : "low",
    repeatable: false,
    outward: "acts",
    async run({ line }, context) {
      const headers = { "content-type": "application/json" }
      const body = JSON.stringify({ line })
      const { signal } = context
      const request = new Request(`${lineServerUrl}/lines`, { method: "POST", headers, body, signal })
      const response = await context.fetch(request)
      if (!response.ok) throw new Error(`the line server answered ${response.status}`)
      return { text: `appended ${line}`, tainted: false }
    },
  })
}
