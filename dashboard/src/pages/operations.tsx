/** How the gateway is: each part, and what it counted since its start. */
import type { Health, PartHealth } from "../../../core/api/operations.ts"
import { getHealth, getMetrics } from "../../../core/api/operations.ts"
import { type Family, parseExposition } from "../../../core/metrics/parse-exposition.ts"
import { call } from "../api/client.ts"
import { useTitle } from "../router.ts"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { useLoaded } from "../ui/use-call.ts"

const everyMs = 15_000

async function read() {
  const [health, metrics] = await Promise.all([call(getHealth, {}), call(getMetrics, {})])
  return { health, families: parseExposition(metrics) }
}

export default function OperationsPage() {
  useTitle("Operations")
  const [loaded] = useLoaded(read, everyMs)
  const health = loaded.is === "ready" ? loaded.value.health : undefined
  return (
    <div className="page">
      <PageHead title="Operations" note={health?.status ?? null} />
      <div className="page-body">
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {loaded.is === "ready" && (
          <>
            <p className="muted">
              Version {loaded.value.health.version ?? "unknown"}, up{" "}
              {durationText(loaded.value.health.uptimeSeconds ?? 0)}.
            </p>
            <ul className="cards">
              {partsOf(loaded.value.health).map(({ name, part, facts }) => (
                <li key={name} className="card">
                  <div className="card-head">
                    <h2>{name}</h2>
                    <span
                      className={`badge ${part.status === "ok" ? "badge-good" : part.status === "failing" ? "badge-bad" : "badge-warn"}`}
                    >
                      {part.status.replace("_", " ")}
                    </span>
                  </div>
                  {facts !== "" && <p className="card-facts">{facts}</p>}
                  {part.hint !== null && <p>{part.hint}</p>}
                </li>
              ))}
              <li className="card">
                <div className="card-head">
                  <h2>Since the start</h2>
                </div>
                {countsOf(loaded.value.families).map((line) => (
                  <p key={line} className="card-facts">
                    {line}
                  </p>
                ))}
              </li>
            </ul>
            <FileMistakes health={loaded.value.health} />
          </>
        )}
      </div>
    </div>
  )
}

function FileMistakes({ health }: { readonly health: Health }) {
  const mistakes = health.parts.file?.mistakes ?? []
  if (mistakes.length === 0) return null
  return (
    <Notice tone="warn">
      {mistakes.map(({ line, column, path, message }) => (
        <p key={`${line}:${column}:${path}`}>
          Line {line}, column {column}: {path === "" ? "" : `${path}: `}
          {message}
        </p>
      ))}
    </Notice>
  )
}

function partsOf({ parts }: Health): { name: string; part: PartHealth; facts: string }[] {
  const { database, objects, disk, models, channels, runners, file } = parts
  const providers = Object.entries(models.providers ?? {}).flatMap(([name, isSet]) => (isSet ? [name] : []))
  const latency = database.latencyMs == null ? [] : [`answers in ${database.latencyMs} ms`]
  const lost = objects?.lastLostCommitAt ?? null
  return [
    {
      name: "Database",
      part: database,
      facts: [...latency, `${database.behind ?? 0} conversations behind`].join(" · "),
    },
    ...(objects
      ? [{ name: "Object store", part: objects, facts: lost === null ? "nothing lost" : `last lost write ${lost}` }]
      : []),
    ...(disk ? [{ name: "Disk", part: disk, facts: `${megabytes(disk.freeBytes ?? 0)} free` }] : []),
    {
      name: "Models",
      part: models,
      facts: [...(providers.length === 0 ? ["no provider"] : providers), ...choiceOf(models)].join(" · "),
    },
    ...(channels
      ? [{ name: "Channels", part: channels, facts: `${channels.failing ?? 0} of ${channels.total ?? 0} failing` }]
      : []),
    ...(runners
      ? [{ name: "Runners", part: runners, facts: `${runners.online ?? 0} of ${runners.total ?? 0} here` }]
      : []),
    ...(file ? [{ name: "Configuration file", part: file, facts: "" }] : []),
  ]
}

/** What the environment says, which no other page shows. */
function choiceOf({ choice }: Health["parts"]["models"]): string[] {
  if (choice === undefined) return []
  const { onlyModel, hotSwap, tiers, defaultModel, fallbacks } = choice
  const answers = hotSwap ? `by difficulty: ${tiers.join(", ")}` : `default ${defaultModel}`
  return [
    onlyModel === null ? answers : `edge mode: ${onlyModel} answers everything`,
    fallbacks.length === 0 ? "nobody stands in for one that fails" : `stand in: ${fallbacks.join(", ")}`,
  ]
}

function countsOf(families: readonly Family[]): string[] {
  const sum = (name: string, label?: string, value?: string) =>
    (families.find((family) => family.name === name)?.samples ?? [])
      .filter(({ labels }) => label === undefined || labels[label] === value)
      .reduce((total, sample) => total + sample.value, 0)
  const memory = sum("process_resident_memory_bytes")
  return [
    `${whole(sum("loop_turns_total"))} turns, ${whole(sum("loop_turns_total", "status", "failed"))} failed`,
    `${whole(sum("loop_model_calls_total"))} model calls, ${whole(sum("loop_model_tokens_total"))} tokens`,
    `${whole(sum("loop_http_requests_total"))} requests, ${whole(sum("loop_rate_limit_refusals_total"))} refused for coming too often`,
    `${whole(sum("loop_outbox_parts", "status", "pending"))} answers waiting to be sent, ${whole(sum("loop_outbox_parts", "status", "failed"))} given up`,
    `${whole(sum("loop_event_readers"))} open event streams${memory === 0 ? "" : `, ${megabytes(memory)} of memory`}`,
  ]
}

const whole = (value: number) => Math.round(value).toLocaleString()
const megabytes = (bytes: number) => `${whole(bytes / 1024 / 1024)} MB`

function durationText(seconds: number): string {
  const hours = Math.floor(seconds / 3_600)
  if (hours >= 48) return `${Math.floor(hours / 24)} days`
  return hours > 0 ? `${hours} h ${Math.floor((seconds % 3_600) / 60)} min` : `${Math.floor(seconds / 60)} min`
}
