/** Who did what, and whether the record of it is whole. For administrators. */
import { useCallback, useState } from "react"
import { AuditAction } from "../../../core/access/audit.ts"
import { type AuditEventView, listAuditEvents, verifyAudit } from "../../../core/api/audit.ts"
import { call } from "../api/client.ts"
import { useTitle } from "../router.ts"
import { Choice } from "../ui/choice.tsx"
import { Empty } from "../ui/empty.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { useAction } from "../ui/use-call.ts"
import { usePages } from "../ui/use-pages.ts"

const words = (action: string) => action.replaceAll("_", " ")
const actions: readonly (readonly ["" | AuditAction, string])[] = [
  ["", "Anything"],
  ...AuditAction.options.map((action) => [action, words(action)] as const),
]

export default function AuditPage() {
  useTitle("Audit")
  const [action, setAction] = useState<"" | AuditAction>("")
  const read = useCallback(
    (after: string | undefined) =>
      call(listAuditEvents, { query: { limit: 50, after, ...(action === "" ? {} : { action }) } }),
    [action],
  )
  const { items, isLoading, problem, more } = usePages(read)
  return (
    <div className="page page-wide">
      <PageHead title="Audit">
        <Verify />
      </PageHead>
      <div className="page-body">
        <div className="filters">
          <Choice label="What happened" value={action} options={actions} onChange={setAction} />
        </div>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        {items.length > 0 && (
          <section className="table-frame" aria-label="Events" tabIndex={0}>
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">What</th>
                  <th scope="col">Who</th>
                  <th scope="col">Of what</th>
                  <th scope="col">From</th>
                </tr>
              </thead>
              <tbody>
                {items.map((event) => (
                  <Event key={event.seq} event={event} />
                ))}
              </tbody>
            </table>
          </section>
        )}
        {!isLoading && items.length === 0 && problem === null && (
          <Empty icon="shield">Nothing of that kind was noted yet.</Empty>
        )}
        {more !== null && (
          <p className="more">
            <button type="button" className="button" onClick={more}>
              Show more
            </button>
          </p>
        )}
      </div>
    </div>
  )
}

const refused = (action: string) => action.endsWith("_refused")

function Event({ event }: { readonly event: AuditEventView }) {
  const { action, actorName, address, at, credential, details, targetId, targetKind } = event
  const told = Object.entries(details).map(([name, value]) => `${name}: ${value}`)
  return (
    <tr>
      <td className="number">
        <time dateTime={at}>{new Date(at).toLocaleString()}</time>
      </td>
      <th scope="row">
        <span className={refused(action) ? "badge badge-bad" : "badge"}>{words(action)}</span>
      </th>
      <td>
        {actorName === "" ? <span className="muted">nobody known</span> : actorName}
        {credential === "token" && <span className="hint"> by a token</span>}
      </td>
      <td className="audit-target">
        {targetKind !== null && (
          <>
            {targetKind} <code className="hint">{targetId}</code>
          </>
        )}
        {told.length > 0 && <p className="hint">{told.join(" · ")}</p>}
      </td>
      <td>
        <code className="hint">{address}</code>
      </td>
    </tr>
  )
}

const reasons = {
  changed: "was changed after it was written",
  missing: "is missing",
  cut_off: "and what followed it is missing",
  head_changed: "is not where the record should end",
} as const

/** Reads the whole record; it may take a while, so it is asked for. */
function Verify() {
  const { busy, problem, act } = useAction()
  const [verdict, setVerdict] = useState<{ tone: "good" | "bad"; text: string } | null>(null)
  const verify = () =>
    act(async () => {
      const found = await call(verifyAudit, {})
      if (found.status === "intact")
        setVerdict({ tone: "good", text: `${found.events} events, all as they were written` })
      else setVerdict({ tone: "bad", text: `Event ${found.seq} ${reasons[found.reason]}` })
    })
  const shown = problem === null ? verdict : { tone: "bad" as const, text: problem }
  return (
    <>
      {shown !== null && <output className={`badge badge-${shown.tone}`}>{shown.text}</output>}
      <button type="button" className="button" disabled={busy} onClick={() => void verify()}>
        {busy ? "Checking…" : "Check"}
      </button>
    </>
  )
}
