/** From tier to tier within one conversation. */
import { describe, expect, test } from "vitest"
import type { HotSwapConfig } from "./hot-swap.ts"
import { defaultTiers, effectiveHotSwap, routeModel } from "./route.ts"

const [haiku, sonnet, opus] = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"]
const config: HotSwapConfig = { enabled: true, tiers: [...defaultTiers], escalationThreshold: 40, deescalation: true }
const api = "Write a REST API with authentication, rate limiting, and tests"
const letter = "Write a polite email to my landlord asking him to repair the heating"
const after = (...texts: string[]) =>
  texts.flatMap((text) => [{ role: "user", text } as const, { role: "assistant", text: "Here it is." } as const])

describe("the conversation of the documentation", () => {
  const steps: [string, string[], string | null, string, string | null][] = [
    ["Hi", [], null, haiku, null],
    ["What is 2+2?", ["Hi"], haiku, haiku, null],
    [api, ["Hi", "What is 2+2?"], haiku, opus, "escalated"],
    ["Thanks!", ["Hi", "What is 2+2?", api], opus, haiku, "deescalated"],
  ]
  test.each(steps)("%s", (text, before, previous, model, changed) => {
    const route = routeModel(config, { text, history: after(...before) }, previous)
    expect(route).toMatchObject({ model, changed })
    expect(route.from).toBe(changed === null ? undefined : previous)
    expect(route.reasons.length).toBeGreaterThan(0)
  })
})

describe("a follow-up keeps the tier of the work that it goes on with", () => {
  test.each(["why?", "go on", "keep going", "weiter", "¿por qué?", "continue", "继续", "続けて"])("%s", (text) => {
    expect(routeModel(config, { text, history: after(api) }, opus)).toMatchObject({ model: opus, changed: null })
    expect(routeModel(config, { text, history: after(letter) }, sonnet)).toMatchObject({ model: sonnet, changed: null })
  })

  test.each(["and now in French", "y ahora en inglés", "shorter please"])("of a letter: %s", (text) => {
    expect(routeModel(config, { text, history: after(letter) }, sonnet)).toMatchObject({ model: sonnet, changed: null })
  })

  test("also when the work was long ago and only follow-ups came since", () => {
    const history = after(api, "go on", "go on", "go on", "go on")
    expect(routeModel(config, { text: "go on", history }, opus).model).toBe(opus)
  })

  test("however much the model said in between", () => {
    const steps = Array.from({ length: 40 }, () => ({ role: "assistant", text: "Next I run the tests." }) as const)
    expect(routeModel(config, { text: "go on", history: [...after(api), ...steps] }, null).model).toBe(opus)
  })

  test("and a yes to an offer is work, where a yes to nothing is none", () => {
    const offered = [...after(api).slice(0, 1), { role: "assistant", text: "Shall I write it in Go?" } as const]
    expect(routeModel(config, { text: "yes, please", history: offered }, opus).model).toBe(opus)
    expect(routeModel(config, { text: "yes, please", history: after(api) }, opus).model).toBe(haiku)
  })

  test("but a new question does not", () => {
    const text = "What's the capital of Mongolia?"
    expect(routeModel(config, { text, history: after(api) }, opus)).toMatchObject({
      model: haiku,
      changed: "deescalated",
    })
  })
})

describe("tiers", () => {
  test("are left for a dearer one at once, over the one between", () => {
    expect(routeModel(config, { text: api }, haiku)).toMatchObject({ model: opus, changed: "escalated", from: haiku })
  })

  test("are not left for a cheaper one where that is not allowed", () => {
    const stays = { ...config, deescalation: false }
    expect(routeModel(stays, { text: "Hi", history: after(api) }, opus)).toMatchObject({ model: opus, changed: null })
    expect(routeModel(stays, { text: api, history: after("Hi") }, haiku)).toMatchObject({ changed: "escalated" })
  })

  test("count from the message alone where the model before is of no tier", () => {
    expect(routeModel(config, { text: "Hi" }, "gpt-6-sol")).toMatchObject({ model: haiku, changed: null })
  })

  test("may be named in any order, and the dearest takes what is above all of them", () => {
    const tiers = [
      { model: "b", maxComplexity: 50, label: "B" },
      { model: "a", maxComplexity: 10, label: "A" },
    ]
    expect(routeModel({ ...config, tiers, escalationThreshold: 0 }, { text: api }, null).model).toBe("b")
    expect(routeModel({ ...config, tiers, escalationThreshold: 0 }, { text: "Hi" }, null).model).toBe("a")
  })

  test("that nobody named are the default ones", () => {
    expect(routeModel({ ...config, tiers: [] }, { text: api }, null).model).toBe(opus)
  })
})

describe("the escalation threshold", () => {
  const { score } = routeModel(config, { text: letter }, null)
  test.each([
    [score - 1, sonnet],
    [score, haiku],
    [100, haiku],
  ])("%d: a letter is answered by %s", (escalationThreshold, model) => {
    expect(routeModel({ ...config, escalationThreshold }, { text: letter }, null).model).toBe(model)
    expect(routeModel({ ...config, escalationThreshold }, { text: letter }, haiku).model).toBe(model)
    expect(routeModel({ ...config, escalationThreshold }, { text: letter }, sonnet).model).toBe(sonnet)
  })
})

describe("what holds for a conversation", () => {
  const environment = { HOT_SWAP_ENABLED: true, HOT_SWAP_DEESCALATION: false }

  test("is the environment's word where its group has none", () => {
    expect(effectiveHotSwap(null, environment)).toEqual({ ...config, deescalation: false })
    expect(effectiveHotSwap(null, { ...environment, HOT_SWAP_ENABLED: false }).enabled).toBe(false)
  })

  test("is its group's, also when that switches it off", () => {
    const group = { ...config, enabled: false, tiers: [] }
    expect(effectiveHotSwap(group, environment)).toEqual({ ...config, enabled: false })
  })
})
