/**
 * Counters, gauges and histograms of one process, and their text for Prometheus (exposition format 0.0.4). Every instrument
 * holds a bounded number of series: what comes beyond is counted under `other`, and nothing is lost.
 */

type LabelValues = readonly string[]

export interface Counter {
  /** @param by - not negative */
  add(labels: LabelValues, by?: number): void
}
export interface Gauge {
  add(labels: LabelValues, by: number): void
}
export interface Histogram {
  observe(labels: LabelValues, value: number): void
}

/** One number, or one for each set of label values. */
export type Collected = number | readonly (readonly [labels: LabelValues, value: number])[]

interface Described {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

export interface Registry {
  counter(described: Described): Counter
  gauge(described: Described): Gauge
  histogram(described: Described & { readonly buckets: readonly number[] }): Histogram
  /** An instrument that is read when it is asked for. */
  collect(type: "counter" | "gauge", described: Described, read: () => Collected): void
  /** All instruments in the order of their making; of each the series in the order of their first value. */
  render(): string
}

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8"

const maxSeries = 500

export function createRegistry(): Registry {
  const parts: (() => string)[] = []

  const scalar = (type: "counter" | "gauge", described: Described) => {
    const series = createSeries(described, () => ({ value: 0 }))
    parts.push(() =>
      family(type, described, series.entries(), ({ value }, labels) => [sample(described.name, labels, value)]),
    )
    return series
  }

  return {
    counter(described) {
      const series = scalar("counter", described)
      return {
        add(labels, by = 1) {
          if (by > 0) series.of(labels).value += by
        },
      }
    },
    gauge(described) {
      const series = scalar("gauge", described)
      return {
        add(labels, by) {
          series.of(labels).value += by
        },
      }
    },
    histogram(described) {
      const { buckets } = described
      const series = createSeries(described, () => ({ counts: buckets.map(() => 0), sum: 0, count: 0 }))
      parts.push(() =>
        family("histogram", described, series.entries(), ({ counts, sum, count }, labels) => {
          let below = 0
          const lines = buckets.map((bound, index) => {
            below += counts[index] ?? 0
            return sample(`${described.name}_bucket`, [...labels, ["le", String(bound)]], below)
          })
          lines.push(sample(`${described.name}_bucket`, [...labels, ["le", "+Inf"]], count))
          return [
            ...lines,
            sample(`${described.name}_sum`, labels, sum),
            sample(`${described.name}_count`, labels, count),
          ]
        }),
      )
      return {
        observe(labels, value) {
          const one = series.of(labels)
          const index = buckets.findIndex((bound) => value <= bound)
          if (index >= 0) one.counts[index] = (one.counts[index] ?? 0) + 1
          one.sum += value
          one.count += 1
        },
      }
    },
    collect(type, described, read) {
      const { labels: names = [], name } = described
      parts.push(() => {
        const collected = read()
        const all = typeof collected === "number" ? [[[], collected] as const] : collected.slice(0, maxSeries)
        return family(
          type,
          described,
          all.map(([labels, value]) => [pairsOf(names, labels), value] as const),
          (value, labels) => [sample(name, labels, value)],
        )
      })
    },
    render: () => parts.map((part) => part()).join(""),
  }
}

type Pairs = readonly (readonly [name: string, value: string])[]

function createSeries<T>({ labels: names = [] }: Described, make: () => T) {
  const all = new Map<string, { pairs: Pairs; state: T }>()
  return {
    of(labels: LabelValues): T {
      const key = labels.length === 1 ? (labels[0] ?? "") : labels.join("\u0000")
      const found = all.get(key)
      if (found !== undefined) return found.state
      if (all.size >= maxSeries && labels.some((label) => label !== "other")) return this.of(names.map(() => "other"))
      const made = { pairs: pairsOf(names, labels), state: make() }
      all.set(key, made)
      return made.state
    },
    entries: (): (readonly [Pairs, T])[] => [...all.values()].map(({ pairs, state }) => [pairs, state] as const),
  }
}

function pairsOf(names: readonly string[], values: LabelValues): Pairs {
  return names.map((name, index) => [name, values[index] ?? ""] as const)
}

function family<T>(
  type: "counter" | "gauge" | "histogram",
  { name, help }: Described,
  series: readonly (readonly [Pairs, T])[],
  lines: (state: T, labels: Pairs) => string[],
): string {
  const head = [`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`]
  return `${[...head, ...series.flatMap(([labels, state]) => lines(state, labels))].join("\n")}\n`
}

function sample(name: string, labels: Pairs, value: number): string {
  const inside = labels.map(([label, text]) => `${label}="${escapeLabel(text)}"`).join(",")
  return `${name}${inside === "" ? "" : `{${inside}}`} ${numberText(value)}`
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN"
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf"
}
