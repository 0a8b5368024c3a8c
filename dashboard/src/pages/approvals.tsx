/** Approvals: what waits for a yes or an answer, with the whole arguments, and what became of the rest. */
import { useCallback, useContext, useEffect, useState } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import { type ApprovalView, approveRequest, listApprovals, rejectRequest } from "../../../core/api/approvals.ts"
import { renderArguments, visible } from "../../../core/approval/arguments.ts"
import { describeCondition } from "../../../core/approval/condition.ts"
import { Questions } from "../../../core/approval/question.ts"
import { call } from "../api/client.ts"
import { QuestionForm } from "../chat/choice-card.tsx"
import { useLiveReload } from "../live/live.ts"
import { followLink, useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { Empty } from "../ui/empty.tsx"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { agoNow, duration } from "../ui/time.ts"
import { useAction, useLoaded } from "../ui/use-call.ts"
import { usePages } from "../ui/use-pages.ts"

const everyMs = 15_000
const tickMs = 1_000
const readWaiting = () => call(listApprovals, { query: { status: "pending", limit: 100 } })
const readAny = (after: string | undefined) => call(listApprovals, { query: { limit: 20, after } })

export default function ApprovalsPage() {
  useTitle("Approvals")
  const { user } = useContext(ShellContext)
  const [waiting, reload] = useLoaded(readWaiting, everyMs)
  useLiveReload(["approval:", "turn:ended"], reload)
  const mayAnswer = user !== null && roleAllows(user.role, "approvals:answer")
  const open = waiting.is === "ready" ? waiting.value.data : []
  return (
    <div className="page page-wide">
      <PageHead title="Approvals">
        <a className="button" href="/approval-rules" onClick={followLink}>
          <Icon name="sliders" /> Rules
        </a>
      </PageHead>
      <div className="page-body">
        {waiting.is === "failed" && <Notice tone="bad">{waiting.message}</Notice>}
        {waiting.is === "ready" && open.length === 0 && <Empty icon="check">Nothing waits for you.</Empty>}
        <div className="approvals">
          {open.map((approval) => (
            <Waiting key={approval.id} approval={approval} mayAnswer={mayAnswer} onDone={reload} />
          ))}
        </div>
        <History newest={open.map(({ id }) => id).join()} />
      </div>
    </div>
  )
}

function Waiting({
  approval,
  mayAnswer,
  onDone,
}: {
  readonly approval: ApprovalView
  readonly mayAnswer: boolean
  readonly onDone: () => Promise<void>
}) {
  const { id, always, argumentsSha256 } = approval
  const { busy, problem, act } = useAction()
  const [reason, setReason] = useState("")
  const asked = approval.kind === "question" ? Questions.safeParse(approval.input).data : undefined
  const said = reason.trim() === "" ? {} : { reason }
  const params = { approvalId: id }
  const settle = async (work: () => Promise<unknown>) => {
    await act(work)
    await onDone()
  }
  const approve = (more: { always?: boolean } = {}) =>
    settle(() => call(approveRequest, { params, body: { argumentsSha256, ...said, ...more } }))
  return (
    <section className="choice" aria-label={`Request of ${visible(approval.toolName)}`}>
      <Heading approval={approval} />
      {asked === undefined && <Arguments approval={approval} />}
      <p className="hint">
        <Countdown until={approval.expiresAt} /> Then it is{" "}
        {approval.timeoutAction === "approve" ? "approved" : "denied"}.{" "}
        <a href={`/c/${approval.conversationId}`} onClick={followLink}>
          Its conversation
        </a>
      </p>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {mayAnswer && asked !== undefined && (
        <QuestionForm
          questions={asked.questions}
          open
          busy={busy}
          onAnswer={(answer) =>
            void settle(() => call(approveRequest, { params, body: "answers" in answer ? answer : {} }))
          }
        />
      )}
      {mayAnswer && asked === undefined && (
        <>
          <label className="field">
            <span>Words for the agent, if you like</span>
            <input value={reason} onChange={(event) => setReason(event.target.value)} maxLength={2_000} />
          </label>
          <div className="actions">
            <button
              type="button"
              className="button"
              disabled={busy}
              onClick={() => void settle(() => call(rejectRequest, { params, body: said }))}
            >
              Deny
            </button>
            {always !== null && (
              <button
                type="button"
                className="button"
                disabled={busy}
                title={visible(describeCondition(always))}
                onClick={() => void approve({ always: true })}
              >
                Always for this
              </button>
            )}
            <button type="button" className="button button-main" disabled={busy} onClick={() => void approve()}>
              Approve
            </button>
          </div>
          {always !== null && <p className="hint">“Always” allows for good: {visible(describeCondition(always))}</p>}
        </>
      )}
    </section>
  )
}

function Heading({ approval }: { readonly approval: ApprovalView }) {
  const { riskLevel, reason, taint, kind } = approval
  const tone = riskLevel === "high" || riskLevel === "critical" ? "badge badge-bad" : "badge badge-warn"
  return (
    <>
      <p className="choice-title">
        {kind === "question" ? (
          "The agent asks"
        ) : (
          <>
            Allow <code>{visible(approval.toolName)}</code>? <span className={tone}>{riskLevel} risk</span>
          </>
        )}
      </p>
      {reason !== "" && <p className="choice-reason">{visible(reason)}</p>}
      {taint.length > 0 && (
        <p className="choice-reason">
          It has read: {taint.map((mark) => visible(mark)).join(", ")}{" "}
          <span className="badge badge-warn">from outside</span>
        </p>
      )}
    </>
  )
}

/** Rendered as everywhere: characters that show nothing are escapes. */
function Arguments({ approval }: { readonly approval: ApprovalView }) {
  const { argumentsSha256, argumentsSizeBytes, argumentsMasked } = approval
  return (
    <>
      <pre className="choice-input" tabIndex={0} aria-label="Arguments">
        {renderArguments(approval.input).text}
      </pre>
      <p className="hint">
        {argumentsSizeBytes.toLocaleString()} bytes, SHA-256 <code>{argumentsSha256.slice(0, 16)}…</code>
        {argumentsMasked && ", secrets masked"}
      </p>
    </>
  )
}

function Countdown({ until }: { readonly until: string }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [])
  const left = Date.parse(until) - now
  return <span>{left <= 0 ? "Its time is over." : `Open for ${duration(Math.max(left, 10_000))}.`}</span>
}

const words = {
  pending: { label: "waits", tone: "badge badge-warn" },
  approved: { label: "approved", tone: "badge badge-good" },
  answered: { label: "answered", tone: "badge badge-good" },
  rejected: { label: "denied", tone: "badge badge-bad" },
  expired: { label: "expired", tone: "badge" },
  canceled: { label: "no longer needed", tone: "badge" },
} as const

/** @param newest - changes with what waits: then there is something new here too */
function History({ newest }: { readonly newest: string }) {
  // Another function reads anew.
  const read = useCallback((after: string | undefined) => (newest === "" ? readAny(after) : readAny(after)), [newest])
  const { items, isLoading, problem, more } = usePages(read)
  const over = items.filter(({ status }) => status !== "pending")
  return (
    <>
      <h2>Earlier</h2>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {!isLoading && over.length === 0 && problem === null && <p className="hint">Nothing was asked yet.</p>}
      {over.length > 0 && (
        <section className="table-frame" aria-label="Earlier approvals" tabIndex={0}>
          <table className="table" aria-busy={isLoading}>
            <thead>
              <tr>
                <th scope="col">Asked</th>
                <th scope="col">Tool</th>
                <th scope="col">Became</th>
                <th scope="col">By</th>
                <th scope="col">Arguments</th>
              </tr>
            </thead>
            <tbody>
              {over.map((approval) => (
                <Over key={approval.id} approval={approval} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {more !== null && (
        <button type="button" className="button earlier" onClick={more}>
          Show more
        </button>
      )}
    </>
  )
}

function Over({ approval }: { readonly approval: ApprovalView }) {
  const { label, tone } = words[approval.status]
  const { resolvedBy, source, comment } = approval
  return (
    <tr>
      <th scope="row">
        <a
          href={`/c/${approval.conversationId}`}
          onClick={followLink}
          title={new Date(approval.requestedAt).toLocaleString()}
        >
          {agoNow(approval.requestedAt)}
        </a>
      </th>
      <td>
        <code>{visible(approval.toolName)}</code>
      </td>
      <td>
        <span className={tone}>{label}</span>
      </td>
      <td>
        {visible(resolvedBy ?? "")}
        {source !== null && <span className="muted"> by {source}</span>}
        {comment !== null && <p className="hint">{visible(comment)}</p>}
      </td>
      <td>
        <details aria-label="Arguments">
          <summary>{approval.argumentsSizeBytes.toLocaleString()} bytes</summary>
          <pre className="choice-input" tabIndex={0} aria-label="Arguments">
            {renderArguments(approval.input).text}
          </pre>
        </details>
      </td>
    </tr>
  )
}
