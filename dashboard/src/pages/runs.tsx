/** Turns of all conversations: what ran, for how long, and why it failed. */
import { useCallback, useState } from "react"
import { listAgentGroups } from "../../../core/api/agents.ts"
import type { RunView } from "../../../core/api/runs.ts"
import { listRuns } from "../../../core/api/runs.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { followLink, useTitle } from "../router.ts"
import { Choice } from "../ui/choice.tsx"
import { Empty } from "../ui/empty.tsx"
import { ModelCalls } from "../ui/model-calls.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { duration } from "../ui/time.ts"
import { useLoaded } from "../ui/use-call.ts"
import { usePages } from "../ui/use-pages.ts"

const readGroups = () => readAll((query) => call(listAgentGroups, { query }))

const statuses = {
  running: { label: "running", tone: "badge badge-good" },
  waiting: { label: "waits for a person", tone: "badge badge-warn" },
  done: { label: "done", tone: "badge" },
  failed: { label: "failed", tone: "badge badge-bad" },
  interrupted: { label: "stopped", tone: "badge" },
} as const

export default function RunsPage() {
  useTitle("Runs")
  const [status, setStatus] = useState<"" | RunView["status"]>("")
  const [groupId, setGroupId] = useState("")
  const [groups] = useLoaded(readGroups)
  const read = useCallback(
    (after: string | undefined) =>
      call(listRuns, {
        query: { limit: 50, after, ...(status === "" ? {} : { status }), ...(groupId === "" ? {} : { groupId }) },
      }),
    [status, groupId],
  )
  const { items, isLoading, problem, more } = usePages(read)
  const names = new Map(groups.is === "ready" ? groups.value.map(({ id, name }) => [id, name]) : [])
  return (
    <div className="page page-wide">
      <PageHead title="Runs" />
      <div className="page-body">
        <div className="filters">
          <Choice
            label="State"
            value={status}
            options={[
              ["", "Any"],
              ["running", "Running"],
              ["waiting", "Waits for a person"],
              ["done", "Done"],
              ["failed", "Failed"],
              ["interrupted", "Stopped"],
            ]}
            onChange={setStatus}
          />
          {names.size > 0 && (
            <Choice
              label="Agent group"
              value={groupId}
              options={[["", "Any"] as const, ...[...names].map(([id, name]) => [id, name] as const)]}
              onChange={setGroupId}
            />
          )}
        </div>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        {items.length > 0 && (
          <section className="table-frame" aria-label="Runs" tabIndex={0}>
            <table className="table" aria-busy={isLoading}>
              <thead>
                <tr>
                  <th scope="col">Begun</th>
                  <th scope="col">State</th>
                  {names.size > 0 && <th scope="col">Agent group</th>}
                  <th scope="col" className="number">
                    Took
                  </th>
                  <th scope="col" className="number">
                    Model calls
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((run) => (
                  <Run
                    key={run.id}
                    run={run}
                    group={names.size === 0 ? null : run.groupId === null ? "" : (names.get(run.groupId) ?? "deleted")}
                  />
                ))}
              </tbody>
            </table>
          </section>
        )}
        {!isLoading && problem === null && items.length === 0 && (
          <Empty icon="steps">Nothing ran yet that is like that.</Empty>
        )}
        {more !== null && (
          <button type="button" className="button earlier" onClick={more}>
            Show more
          </button>
        )}
      </div>
    </div>
  )
}

/** @param group - null where there are no groups */
function Run({ run, group }: { readonly run: RunView; readonly group: string | null }) {
  const { label, tone } = statuses[run.status]
  return (
    <tr>
      <th scope="row" className="run-begun">
        <a href={`/c/${run.conversationId}`} onClick={followLink}>
          {new Date(run.startedAt).toLocaleString()}
        </a>
      </th>
      <td className="run-state">
        <span className={tone}>{label}</span>
        {run.error !== null && <p className="hint">{run.error.message}</p>}
      </td>
      {group !== null && <td>{group}</td>}
      <td className="number">{run.durationMs === null ? "" : duration(run.durationMs)}</td>
      <td className="number">
        {run.modelCalls === 0 ? 0 : <ModelCalls turnId={run.id} summary={`${run.modelCalls}`} />}
      </td>
    </tr>
  )
}
