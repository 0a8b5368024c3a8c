/** From the words of an environment to what they mean. */
import { expect, test } from "vitest"
import { effectiveLimits, within } from "../core/edge-mode.ts"
import { Config, parseEnvironment } from "./config.ts"

const limitsOf = (environment: Record<string, string>) => {
  const parsed = parseEnvironment(Config, environment)
  if (parsed.status === "invalid") return parsed.problems
  const { onlyModel, skills, containers, historyMessages, maxOutputTokens, concurrentTurns } = effectiveLimits(
    parsed.config,
  )
  const most = [historyMessages, maxOutputTokens, concurrentTurns].map((limit) => within(limit, 900))
  return [onlyModel, skills, containers, ...most]
}
const haiku = "claude-haiku-5-5"

test.each<[Record<string, string>, unknown[]]>([
  [{}, [null, true, true, 900, 900, 900]],
  [{ EDGE_MODE: "false", EDGE_MAX_TOKENS: "1" }, [null, true, true, 900, 900, 900]],
  [{ EDGE_MODE: "true" }, [haiku, false, false, 8, 900, 2]],
  [{ EDGE_MODE: "true", EDGE_HAIKU_ONLY: "false" }, [null, false, false, 8, 900, 2]],
  [{ EDGE_MODE: "true", EDGE_DISABLE_SKILLS: "false" }, [haiku, true, false, 8, 900, 2]],
  [{ EDGE_MODE: "true", EDGE_MAX_HISTORY: "20" }, [haiku, false, false, 20, 900, 2]],
  [{ EDGE_MODE: "true", EDGE_MAX_TOKENS: "256" }, [haiku, false, false, 8, 256, 2]],
  [{ EDGE_MODE: "true", EDGE_MAX_CONCURRENT: "1" }, [haiku, false, false, 8, 900, 1]],
])("%j", (environment, limits) => {
  expect(limitsOf(environment)).toEqual(limits)
})

test.each(["EDGE_MODE", "EDGE_HAIKU_ONLY", "EDGE_MAX_HISTORY", "EDGE_MAX_CONCURRENT", "HOT_SWAP_ENABLED"])(
  "a bad %s stops the start by its name, without its value",
  (name) => {
    const [problem, ...others] = limitsOf({ [name]: "-nonsense" })
    expect(problem).toMatch(new RegExp(`^${name}: `))
    expect(problem).not.toContain("nonsense")
    expect(others).toEqual([])
  },
)
