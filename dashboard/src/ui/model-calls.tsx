/** The model calls of a turn, on demand: which model, why that one, what it used, and how it ended. */
import { useState } from "react"
import { listCalls, type CallView } from "../../../core/api/usage.ts"
import { StopReason } from "../../../core/model/call.ts"
import type { TurnId } from "../../../core/units.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { showMoney } from "./money.ts"
import { Notice } from "./notice.tsx"
import { duration } from "./time.ts"
import { useAction } from "./use-call.ts"

/** @param summary - what opens the list */
export function ModelCalls({
  turnId,
  summary,
  className,
}: {
  readonly turnId: TurnId
  readonly summary: string
  readonly className?: string
}) {
  const [calls, setCalls] = useState<readonly CallView[] | null>(null)
  const { busy, problem, act } = useAction()
  const load = () =>
    void act(async () => {
      const found = await readAll((query) => call(listCalls, { query: { ...query, turnId } }))
      setCalls(found.toReversed())
    })
  return (
    <details className={className} onToggle={(event) => event.currentTarget.open && !calls?.length && load()}>
      <summary>{summary}</summary>
      {busy && <p className="hint">Reading …</p>}
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {calls?.length === 0 && <p className="hint">No model call is on record.</p>}
      {calls !== null && calls.length > 1 && <p className="hint">{sumOf(calls)}</p>}
      <ol className="model-calls">
        {calls?.map((one) => (
          <Call key={one.id} one={one} />
        ))}
      </ol>
    </details>
  )
}

function Call({ one }: { readonly one: CallView }) {
  const used = `${one.tokens.total.toLocaleString()} tokens`
  const cost = one.costMicroUsd === null ? "price unknown" : showMoney(one.costMicroUsd)
  return (
    <li>
      {one.tier === null ? one.model : `${one.model}, ${one.tier}`}
      {one.reason !== null && <p className="hint">{one.reason}</p>}
      <p className="hint">{[endOf(one), used, cost, duration(one.durationMs)].join(" · ")}</p>
    </li>
  )
}

function sumOf(calls: readonly CallView[]): string {
  const tokens = calls.reduce((sum, one) => sum + one.tokens.total, 0)
  const known = calls.flatMap(({ costMicroUsd }) => costMicroUsd ?? [])
  const cost = showMoney(known.reduce((sum, one) => sum + one, 0))
  const unknown = calls.length - known.length
  const rest = unknown === 0 ? "" : `, and ${unknown === 1 ? "one call" : `${unknown} calls`} of unknown price`
  return `Together ${tokens.toLocaleString()} tokens, ${cost}${rest}.`
}

/** A call that did not end well took nothing, or nobody knows what and it is charged as much as it can have taken. */
function endOf({ outcome, tokens }: CallView): string {
  const answered = StopReason.safeParse(outcome).success || outcome === "summary"
  const end = ends[outcome] ?? outcome
  return answered || tokens.total === 0 ? end : `${end}, charged at its worst case`
}

const ends: Readonly<Record<string, string | undefined>> = {
  end: "answered",
  tool_use: "called tools",
  max_tokens: "cut off at its longest answer",
  refusal: "refused to answer",
  pause: "paused",
  context_overflow: "too long for the model",
  summary: "summed up the conversation",
  unknown: "end unknown",
  aborted: "stopped",
  not_configured: "no key for this provider",
  unable: "passed over: it cannot do this",
  network: "not reached",
  server: "the provider failed",
  rate_limited: "refused for coming too often",
  overloaded: "overloaded",
  first_byte_timeout: "no answer in time",
  stalled: "fell silent in the middle",
  auth: "key refused",
  invalid_request: "request refused",
  internal: "failed here",
}
