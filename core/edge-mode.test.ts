/** The table of seeds, "What edge mode changes", and what each variable overrides. */
import { describe, expect, test } from "vitest"
import { type EdgeEnvironment, effectiveLimits, type EffectiveLimits, within } from "./edge-mode.ts"

const environment: EdgeEnvironment = {
  EDGE_MODE: true,
  EDGE_HAIKU_ONLY: true,
  EDGE_DISABLE_SKILLS: true,
  EDGE_MAX_HISTORY: 8,
  EDGE_MAX_TOKENS: 4_096,
  EDGE_MAX_CONCURRENT: 2,
}
const onEdge: EffectiveLimits = {
  isEdge: true,
  onlyModel: "claude-haiku-5-5",
  skills: false,
  containers: false,
  fileWatchers: false,
  historyMessages: { fallback: 8, ceiling: 8 },
  maxOutputTokens: { fallback: 4_096, ceiling: 4_096 },
  concurrentTurns: { fallback: 2, ceiling: 2 },
}

describe("edge mode", () => {
  const overrides: [Partial<EdgeEnvironment>, Partial<EffectiveLimits>][] = [
    [{}, {}],
    [{ EDGE_HAIKU_ONLY: false }, { onlyModel: null }],
    [{ EDGE_DISABLE_SKILLS: false }, { skills: true }],
    [{ EDGE_MAX_HISTORY: 3 }, { historyMessages: { fallback: 3, ceiling: 3 } }],
    [{ EDGE_MAX_TOKENS: 512 }, { maxOutputTokens: { fallback: 512, ceiling: 512 } }],
    [{ EDGE_MAX_CONCURRENT: 1 }, { concurrentTurns: { fallback: 1, ceiling: 1 } }],
  ]
  test.each(overrides)("with %j changes that and nothing else", (changed, expected) => {
    expect(effectiveLimits({ ...environment, ...changed })).toEqual({ ...onEdge, ...expected })
  })

  test.each(overrides)("that is off leaves the defaults in force, whatever %j says", (changed) => {
    const limits = effectiveLimits({ ...environment, ...changed, EDGE_MODE: false })
    expect(limits).toMatchObject({ isEdge: false, onlyModel: null, skills: true, containers: true, fileWatchers: true })
    const numbers = [limits.historyMessages, limits.maxOutputTokens, limits.concurrentTurns]
    expect(numbers.map((limit) => within(limit, null))).toEqual([20, 16_384, 10])
    expect(numbers.map((limit) => within(limit, 900))).toEqual([900, 900, 900])
  })

  test("gives less to whoever asks for less, and no more than its ceiling", () => {
    const { historyMessages } = effectiveLimits(environment)
    expect([null, undefined, 3, 8, 9].map((asked) => within(historyMessages, asked))).toEqual([8, 8, 3, 8, 8])
  })
})
