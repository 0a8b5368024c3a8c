import { describe, expect, test } from "vitest"
import { createMetrics } from "./metrics.ts"
import { parseExposition } from "./parse-exposition.ts"
import { createRegistry } from "./registry.ts"

const values = (text: string) =>
  parseExposition(text).flatMap(({ samples }) => samples.map(({ name, labels, value }) => [name, labels, value]))

describe("the text", () => {
  test("holds counters and gauges by their labels", () => {
    const registry = createRegistry()
    const counter = registry.counter({ name: "a_total", help: "A.", labels: ["x", "y"] })
    const gauge = registry.gauge({ name: "b", help: "B." })
    counter.add(["1", "2"])
    counter.add(["1", "2"], 2.5)
    counter.add(["1", "3"], 0)
    gauge.add([], 2)
    gauge.add([], -3)
    expect(registry.render()).toBe(
      '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1",y="2"} 3.5\n# HELP b B.\n# TYPE b gauge\nb -1\n',
    )
  })

  test("holds a histogram's buckets, each with all below it", () => {
    const registry = createRegistry()
    const histogram = registry.histogram({ name: "h", help: "H.", labels: ["r"], buckets: [0.1, 1] })
    for (const value of [0.05, 0.1, 0.5, 5]) histogram.observe(["x"], value)
    expect(values(registry.render())).toEqual([
      ["h_bucket", { r: "x", le: "0.1" }, 2],
      ["h_bucket", { r: "x", le: "1" }, 3],
      ["h_bucket", { r: "x", le: "+Inf" }, 4],
      ["h_sum", { r: "x" }, 5.65],
      ["h_count", { r: "x" }, 4],
    ])
  })

  test("survives labels and help of any characters", () => {
    const registry = createRegistry()
    const label = 'a"b\\c\nd{}=,é'
    registry.counter({ name: "a_total", help: "back\\slash\nline", labels: ["x"] }).add([label])
    const [family] = parseExposition(registry.render())
    expect(family?.help).toBe("back\\slash\nline")
    expect(family?.samples[0]?.labels).toEqual({ x: label })
  })

  test("reads what is collected only when it is asked for", () => {
    const registry = createRegistry()
    let reads = 0
    registry.collect("gauge", { name: "c", help: "C.", labels: ["part"] }, () => [[["a"], (reads += 1)]])
    expect(reads).toBe(0)
    expect(values(registry.render())).toEqual([["c", { part: "a" }, 1]])
    expect(values(registry.render())).toEqual([["c", { part: "a" }, 2]])
  })
})

test("ten thousand label values make a bounded text that loses no count", () => {
  const registry = createRegistry()
  const counter = registry.counter({ name: "a_total", help: "A.", labels: ["x"] })
  for (let number = 0; number < 10_000; number += 1) counter.add([`v${number}`])
  const [family] = parseExposition(registry.render())
  expect(family?.samples.length).toBeLessThanOrEqual(501)
  expect(family?.samples.reduce((sum, { value }) => sum + value, 0)).toBe(10_000)
  expect(family?.samples.find(({ labels }) => labels.x === "other")?.value).toBe(9_500)
})

test("the gateway's instruments are valid before and after their first values", () => {
  const metrics = createMetrics("Of this process.")
  expect(parseExposition(metrics.registry.render()).every(({ help }) => help.endsWith("Of this process."))).toBe(true)
  metrics.requests.add(["/api/health", "200"])
  metrics.requestSeconds.observe(["/api/health"], 0.2)
  metrics.behind.add("a")
  expect(values(metrics.registry.render())).toContainEqual(["loop_conversations_behind", {}, 1])
})

test.each(["a 1\n", "# TYPE a counter\na 1", "# HELP a A.\n# TYPE a counter\na{x=1} 1\n", "# HELP a A.\n# TYPE a b\n"])(
  "the tests' parser refuses %j",
  (text) => {
    expect(() => parseExposition(text)).toThrow(/./)
  },
)
