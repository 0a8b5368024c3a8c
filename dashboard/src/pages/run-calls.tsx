/** The model calls of a run, on demand: which model, why that one, what it used, and how it ended. */
import { useState } from "react"
import type { RunView } from "../../../core/api/runs.ts"
import { listCalls, type CallView } from "../../../core/api/usage.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { showMoney } from "../ui/money.ts"
import { Notice } from "../ui/notice.tsx"
import { duration } from "../ui/time.ts"
import { useAction } from "../ui/use-call.ts"

export function RunCalls({ run }: { readonly run: RunView }) {
  const [calls, setCalls] = useState<readonly CallView[] | null>(null)
  const { busy, problem, act } = useAction()
  if (run.modelCalls === 0) return <>0</>
  const load = () => {
    const to = run.endedAt === null ? {} : { to: new Date(Date.parse(run.endedAt) + 1).toISOString() }
    const of = { conversationId: run.conversationId, from: run.startedAt, ...to }
    void act(async () => {
      const found = await readAll((query) => call(listCalls, { query: { ...query, ...of } }))
      setCalls(found.filter(({ turnId }) => turnId === run.id).toReversed())
    })
  }
  return (
    <details onToggle={(event) => event.currentTarget.open && calls === null && load()}>
      <summary>{run.modelCalls}</summary>
      {busy && <p className="hint">Reading …</p>}
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {calls?.length === 0 && <p className="hint">None is on record yet.</p>}
      <ol className="run-calls">
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
      <p className="hint">{[one.outcome, used, cost, duration(one.durationMs)].join(" · ")}</p>
    </li>
  )
}
