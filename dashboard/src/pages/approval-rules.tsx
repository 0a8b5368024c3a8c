/** Rules for tools: when a person is asked, how long, and what runs without a question. */
import type { FormEvent } from "react"
import { useContext, useState } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import { listAgentGroups } from "../../../core/api/agents.ts"
import {
  type ApprovalRuleView,
  deleteApprovalRule,
  listApprovalRules,
  listTools,
  saveApprovalRule,
} from "../../../core/api/approvals.ts"
import { describeCondition } from "../../../core/approval/condition.ts"
import { visible } from "../../../core/approval/arguments.ts"
import { GroupId } from "../../../core/units.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { useLiveReload } from "../live/live.ts"
import { followLink, useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { Choice } from "../ui/choice.tsx"
import { ConfirmAction } from "../ui/confirm-action.tsx"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { TextField } from "../ui/text-field.tsx"
import { duration } from "../ui/time.ts"
import { useAction, useLoaded } from "../ui/use-call.ts"

const readRules = () => call(listApprovalRules, {})
const readTools = () => call(listTools, {})
const readGroups = () => readAll((query) => call(listAgentGroups, { query }))

export default function ApprovalRulesPage() {
  useTitle("Approval rules")
  const { user } = useContext(ShellContext)
  const [rules, reload] = useLoaded(readRules)
  const [tools] = useLoaded(readTools)
  const [groups] = useLoaded(readGroups)
  const [leaving, setLeaving] = useState<ApprovalRuleView | null>(null)
  useLiveReload(["settings:changed"], reload)
  const mayChange = user !== null && roleAllows(user.role, "agents:write")
  const names = new Map<string, string>(groups.is === "ready" ? groups.value.map(({ id, name }) => [id, name]) : [])
  const shown = rules.is === "ready" ? rules.value.data : []
  return (
    <div className="page page-wide">
      <PageHead title="Approval rules">
        <a className="button" href="/approvals" onClick={followLink}>
          <Icon name="check" /> Approvals
        </a>
      </PageHead>
      <div className="page-body">
        <p className="muted">
          Without a rule a person is asked before tools of high and critical risk. Whatever a rule says, a person is
          asked before a risky or outward call while the agent has content from outside in mind.
        </p>
        {rules.is === "failed" && <Notice tone="bad">{rules.message}</Notice>}
        {rules.is === "ready" && shown.length === 0 && <p className="hint">No rule yet.</p>}
        <ul className="cards">
          {shown.map((rule) => (
            <Rule
              key={`${rule.toolName} ${rule.groupId}`}
              rule={rule}
              group={rule.groupId === null ? null : (names.get(rule.groupId) ?? "a deleted group")}
              onDelete={mayChange ? () => setLeaving(rule) : undefined}
              onForget={mayChange ? reload : undefined}
            />
          ))}
        </ul>
        {mayChange && tools.is === "ready" && (
          <NewRule tools={tools.value.data.map(({ name }) => name)} groups={[...names]} onDone={reload} />
        )}
      </div>
      {leaving !== null && (
        <ConfirmAction
          title="Delete the rule?"
          action="Delete"
          run={async () => {
            const { toolName, groupId } = leaving
            await call(deleteApprovalRule, { params: { toolName }, query: groupId === null ? {} : { groupId } })
            await reload()
          }}
          onClose={() => setLeaving(null)}
        >
          Then {leaving.toolName} is asked for by its risk
          {leaving.groupId === null ? "" : ", or by the rule for all groups"}.
        </ConfirmAction>
      )}
    </div>
  )
}

function Rule({
  rule,
  group,
  onDelete,
  onForget,
}: {
  readonly rule: ApprovalRuleView
  readonly group: string | null
  readonly onDelete: (() => void) | undefined
  readonly onForget: (() => Promise<void>) | undefined
}) {
  const { toolName, requireApproval, riskLevel, timeoutSeconds, timeoutAction, autoApprove, updatedBy } = rule
  const { busy, problem, act } = useAction()
  const forget = async (place: number) => {
    const { updatedAt: _at, updatedBy: _by, ...body } = rule
    const left = autoApprove.filter((_, index) => index !== place)
    await act(() => call(saveApprovalRule, { body: { ...body, autoApprove: left } }))
    await onForget?.()
  }
  return (
    <li className="card">
      <h2>
        <code>{toolName}</code> <span className="badge">{group ?? "all groups"}</span>{" "}
        <span className={requireApproval ? "badge badge-warn" : "badge badge-good"}>
          {requireApproval ? "a person is asked" : "runs by itself"}
        </span>
      </h2>
      <p className="hint">
        {riskLevel === null ? "Its own risk." : `Risk: ${riskLevel}.`}{" "}
        {timeoutSeconds === null ? "The usual time to answer" : `${duration(timeoutSeconds * 1_000)} to answer`}, then{" "}
        {timeoutAction === "approve" ? "approved" : "denied"}. Changed by {updatedBy}.
      </p>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {autoApprove.length > 0 && (
        <>
          <p>Without a question:</p>
          <ul>
            {autoApprove.map((condition, index) => (
              <li key={JSON.stringify(condition)}>
                <code>{visible(describeCondition(condition))}</code>{" "}
                {onForget && (
                  <button
                    type="button"
                    className="icon-button"
                    disabled={busy}
                    aria-label={`Forget ${visible(describeCondition(condition))}`}
                    onClick={() => void forget(index)}
                  >
                    <Icon name="cross" />
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      {onDelete && (
        <div className="actions">
          <button type="button" className="button" onClick={onDelete}>
            Delete
          </button>
        </div>
      )}
    </li>
  )
}

function NewRule({
  tools,
  groups,
  onDone,
}: {
  readonly tools: readonly string[]
  readonly groups: readonly (readonly [string, string])[]
  readonly onDone: () => Promise<void>
}) {
  const { busy, problem, act } = useAction()
  const [toolName, setToolName] = useState(tools[0] ?? "")
  const [group, setGroup] = useState("")
  const [asks, setAsks] = useState<"yes" | "no">("yes")
  const [minutes, setMinutes] = useState("")
  const [onTimeout, setOnTimeout] = useState<"reject" | "approve">("reject")
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const groupId = group === "" ? null : GroupId.parse(group)
    const timeoutSeconds = minutes === "" ? null : Math.round(Number(minutes) * 60)
    const body = { toolName, groupId, requireApproval: asks === "yes", timeoutSeconds, timeoutAction: onTimeout }
    if (await act(() => call(saveApprovalRule, { body }))) await onDone()
  }
  return (
    <form className="card" onSubmit={(event) => void submit(event)} aria-label="New rule">
      <h2>New rule</h2>
      <p className="hint">It takes the place of the one that the tool has in that group.</p>
      <div className="filters">
        <Choice
          label="Tool"
          value={toolName}
          options={tools.map((name) => [name, name] as const)}
          onChange={setToolName}
        />
        <Choice label="Agent group" value={group} options={[["", "All"] as const, ...groups]} onChange={setGroup} />
        <Choice
          label="A person is asked"
          value={asks}
          options={[
            ["yes", "Yes"],
            ["no", "No"],
          ]}
          onChange={setAsks}
        />
        <TextField
          label="Minutes to answer"
          type="number"
          min="1"
          max="43200"
          placeholder="as usual"
          value={minutes}
          onChange={setMinutes}
        />
        <Choice
          label="Nobody answers"
          value={onTimeout}
          options={[
            ["reject", "Deny"],
            ["approve", "Approve"],
          ]}
          onChange={setOnTimeout}
        />
      </div>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      <div className="actions">
        <button className="button button-main" disabled={busy}>
          Save rule
        </button>
      </div>
    </form>
  )
}
