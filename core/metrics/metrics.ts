/** What the gateway counts about itself: the one list of its instruments, handed from the host to all that count. */
import { type Counter, createRegistry, type Gauge, type Histogram, type Registry } from "./registry.ts"

export interface Metrics {
  /** [route, status]. */
  readonly requests: Counter
  /** Seconds; [route]. */
  readonly requestSeconds: Histogram
  /** [code]. */
  readonly refusals: Counter
  readonly eventReaders: Gauge
  /** [status]. */
  readonly turns: Counter
  /** Seconds; [status]. */
  readonly turnSeconds: Histogram
  /** [provider, model, outcome]. */
  readonly modelCalls: Counter
  /** [provider, model, kind]. */
  readonly tokens: Counter
  /** [outcome]. */
  readonly toolCalls: Counter
  /** Conversations whose newest rows libSQL did not take; in memory, so each host process or isolate knows its own. */
  readonly behind: Set<string>
  /** For what only a host knows, and for the text of all. */
  readonly registry: Registry
}

const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const turnBuckets = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 86_400]

/** @param scope - one sentence on what the numbers cover, at the end of every HELP */
export function createMetrics(scope: string): Metrics {
  const registry = createRegistry()
  const described = (name: string, help: string, labels: readonly string[] = []) => ({
    name: `loop_${name}`,
    help: `${help} ${scope}`,
    labels,
  })
  const behind = new Set<string>()
  const metrics: Metrics = {
    requests: registry.counter(described("http_requests_total", "Requests answered.", ["route", "status"])),
    requestSeconds: registry.histogram({
      ...described("http_request_duration_seconds", "Time to the answer's first byte.", ["route"]),
      buckets: requestBuckets,
    }),
    refusals: registry.counter(
      described("rate_limit_refusals_total", "Requests refused for coming too often.", ["code"]),
    ),
    eventReaders: registry.gauge(described("event_readers", "Open event streams.")),
    turns: registry.counter(described("turns_total", "Turns that ended.", ["status"])),
    turnSeconds: registry.histogram({
      ...described("turn_duration_seconds", "Time of a turn, waits for people included.", ["status"]),
      buckets: turnBuckets,
    }),
    modelCalls: registry.counter(
      described("model_calls_total", "Calls of models that ended.", ["provider", "model", "outcome"]),
    ),
    tokens: registry.counter(
      described("model_tokens_total", "Tokens that models counted.", ["provider", "model", "kind"]),
    ),
    toolCalls: registry.counter(described("tool_calls_total", "Calls of tools that ended.", ["outcome"])),
    behind,
    registry,
  }
  registry.collect(
    "gauge",
    described("conversations_behind", "Conversations whose newest rows the database did not take yet."),
    () => behind.size,
  )
  return metrics
}
