/** How long it takes to choose a model for a message: before each turn, on the thread that serves everybody. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as z from "zod"
import { defaultTiers, routeModel } from "../../core/routing/route.ts"
import type { ScoredInput } from "../../core/routing/score.ts"
import { median } from "./measure.ts"
import type { Row } from "./table.ts"

const aimMs = 1
const rounds = 20
const Messages = z.object({
  messages: z.array(
    z.object({
      text: z.string(),
      history: z.array(z.object({ role: z.enum(["user", "assistant"]), text: z.string() })).default([]),
    }),
  ),
})

export async function measureRouting(): Promise<Row[]> {
  const path = join(import.meta.dirname, "../../core/routing/labelled-messages.json")
  const { messages } = Messages.parse(JSON.parse(readFileSync(path, "utf8")))
  const config = { enabled: true, tiers: [...defaultTiers], escalationThreshold: 40, deescalation: true }
  const timeMs = (input: ScoredInput) => {
    const started = performance.now()
    routeModel(config, input, null)
    return performance.now() - started
  }
  // The first rounds are the compiler's.
  for (let round = 0; round < 3; round += 1) messages.forEach(timeMs)
  // Each message's own median, so that the slowest is one that is slow, and not one that something came in between.
  const times = messages.map((message) => median(Array.from({ length: rounds }, () => timeMs(message))))
  const large = Array.from({ length: rounds }, () => timeMs({ text: "lorem ipsum dolor ".repeat(55_556) }))
  const whole = { floor: "", ratio: "" }
  const [usual, worst] = [median(times), Math.max(...times)]
  return [
    {
      ...whole,
      measure: `routing a message, median and slowest of ${messages.length}`,
      gateway: `${usual.toFixed(3)} ms, ${worst.toFixed(3)} ms`,
      aim: `< ${aimMs} ms`,
      met: worst < aimMs,
    },
    {
      ...whole,
      measure: "routing a message of 1 MB, median",
      gateway: `${median(large).toFixed(2)} ms`,
      aim: "< 10 ms",
      met: median(large) < 10,
    },
  ]
}
