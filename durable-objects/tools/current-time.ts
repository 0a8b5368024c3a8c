/** The clock, for a model that has none. */
import * as z from "zod"
import { toRfc3339 } from "../../core/units.ts"
import { defineTool } from "./tool.ts"

const TimeZone = z.string().refine(isTimeZone, "Unknown time zone: use an IANA name such as Europe/Berlin.")

export const currentTime = defineTool({
  name: "current_time",
  description: "Current date and time, in UTC and in the given IANA time zone.",
  input: z.object({ timezone: TimeZone.optional() }),
  risk: "low",
  repeatable: true,
  outward: "none",
  async run({ timezone }, context) {
    const at = context.now()
    if (timezone === undefined) return { text: toRfc3339(at), tainted: false }
    const local = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, dateStyle: "full", timeStyle: "long" })
    return { text: `${toRfc3339(at)}\n${local.format(at)}`, tainted: false }
  },
})

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: name })
    return true
  } catch {
    return false
  }
}
