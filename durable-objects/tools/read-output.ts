/** Reads on in an output of this conversation that was cut. Nothing runs again, and what came from outside stays marked so. */
import { readOutput as readPart, ReadOutput, readOutputName } from "../../core/turn/output.ts"
import { defineTool } from "./tool.ts"

export const readOutput = defineTool({
  name: readOutputName,
  description:
    "Reads an earlier output of a tool in this conversation that was cut: any part of it by characters or lines, or where words stand in it. Nothing runs again.",
  input: ReadOutput,
  risk: "low",
  repeatable: true,
  outward: "none",
  async run(input, context) {
    const found = await context.outputOf(input.call)
    if (found.status === "unknown") {
      const text = `This conversation has no output of a call ${input.call}, or no longer. Give the id that stands where an output was cut, or call the tool itself again.`
      return { text, tainted: false, failed: true }
    }
    const { tool, text, isWhole, marks } = found
    const gone = isWhole
      ? ""
      : "\nThe whole of it is no longer kept. This is the part on record; for the rest, call the tool itself again."
    const head = `Output ${input.call}${tool === null ? "" : ` of ${tool}`}.${gone}`
    return { text: `${head}\n${readPart(text, input)}`, tainted: marks.length > 0, marks }
  },
})
