/** Agent groups: separate agents, each with its own prompt, model, key and limits. */
import type { FormEvent } from "react"
import { useContext, useState } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import type { AgentGroupChanges, AgentGroupView } from "../../../core/api/agents.ts"
import { createAgentGroup, deleteAgentGroup, listAgentGroups, updateAgentGroup } from "../../../core/api/agents.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { useLiveReload } from "../live/live.ts"
import { useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { ConfirmAction } from "../ui/confirm-action.tsx"
import { Dialog } from "../ui/dialog.tsx"
import { Field } from "../ui/field.tsx"
import { Icon } from "../ui/icon.tsx"
import { ManagedBadge } from "../ui/managed.tsx"
import { ModelInput } from "../ui/model-input.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { useAction, useLoaded } from "../ui/use-call.ts"

const read = () => readAll((query) => call(listAgentGroups, { query }))

type Open =
  | { readonly is: "nothing" }
  | { readonly is: "new" }
  | { readonly is: "edit"; readonly group: AgentGroupView }
  | { readonly is: "delete"; readonly group: AgentGroupView }

export default function GroupsPage() {
  useTitle("Agent groups")
  const { user } = useContext(ShellContext)
  const mayWrite = user !== null && roleAllows(user.role, "agents:write")
  const [loaded, reload] = useLoaded(read)
  useLiveReload(["group:", "settings:changed"], reload)
  const [open, setOpen] = useState<Open>({ is: "nothing" })
  const close = () => {
    setOpen({ is: "nothing" })
    void reload()
  }
  return (
    <div className="page">
      <PageHead title="Agent groups">
        {mayWrite && (
          <button type="button" className="button button-main" onClick={() => setOpen({ is: "new" })}>
            <Icon name="plus" /> New group
          </button>
        )}
      </PageHead>
      <div className="page-body">
        <p className="muted">
          Each group is an agent of its own. Choose one for a conversation, or bind a channel to it.
        </p>
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {loaded.is === "ready" && loaded.value.length === 0 && (
          <div className="empty">
            <Icon name="people" />
            <p>No group yet. Until there is one, the gateway's default agent answers everywhere.</p>
          </div>
        )}
        {loaded.is === "ready" && (
          <ul className="cards">
            {loaded.value.map((group) => (
              <li key={group.id} className="card">
                <div className="card-head">
                  <h2>{group.name}</h2>
                  {group.managed && <ManagedBadge />}
                  <span className="badge">{group.model ?? "default model"}</span>
                </div>
                {group.description !== "" && <p className="card-facts">{group.description}</p>}
                <p className="card-prompt">
                  {group.systemPrompt === "" ? "The gateway's own prompt." : group.systemPrompt}
                </p>
                <p className="card-facts">{factsOf(group)}</p>
                {mayWrite && !group.managed && (
                  <div className="actions actions-start">
                    <button type="button" className="button" onClick={() => setOpen({ is: "edit", group })}>
                      Edit<span className="off-screen"> {group.name}</span>
                    </button>
                    <button
                      type="button"
                      className="button button-quiet-bad"
                      onClick={() => setOpen({ is: "delete", group })}
                    >
                      Delete<span className="off-screen"> {group.name}</span>
                    </button>
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
      {(open.is === "new" || open.is === "edit") && (
        <GroupForm group={open.is === "edit" ? open.group : null} onClose={close} />
      )}
      {open.is === "delete" && <DeleteGroup group={open.group} onClose={close} />}
    </div>
  )
}

function factsOf(group: AgentGroupView): string {
  const channels = group.channelIds.length
  return [
    group.hasApiKey ? "own API key" : "the gateway's API key",
    channels === 0 ? "no channel" : channels === 1 ? "one channel" : `${channels} channels`,
    ...(group.budgetMaxTokensDay === null ? [] : [`${group.budgetMaxTokensDay.toLocaleString()} tokens a day`]),
    ...(group.budgetMaxTokensMonth === null ? [] : [`${group.budgetMaxTokensMonth.toLocaleString()} tokens a month`]),
  ].join(" · ")
}

const numberFields = [
  { name: "historyMessages", label: "Messages of history", max: 1_000 },
  { name: "maxOutputTokens", label: "Longest answer, tokens", max: 1_000_000 },
  { name: "budgetMaxTokensDay", label: "Tokens a day", max: Number.MAX_SAFE_INTEGER },
  { name: "budgetMaxTokensMonth", label: "Tokens a month", max: Number.MAX_SAFE_INTEGER },
] as const

type NumberField = (typeof numberFields)[number]["name"]

function GroupForm({ group, onClose }: { readonly group: AgentGroupView | null; readonly onClose: () => void }) {
  const [name, setName] = useState(group?.name ?? "")
  const [description, setDescription] = useState(group?.description ?? "")
  const [systemPrompt, setSystemPrompt] = useState(group?.systemPrompt ?? "")
  const [model, setModel] = useState(group?.model ?? "")
  const [apiKey, setApiKey] = useState("")
  const [forgetsKey, setForgetsKey] = useState(false)
  const [numbers, setNumbers] = useState<Readonly<Record<NumberField, string>>>({
    historyMessages: group?.historyMessages?.toString() ?? "",
    maxOutputTokens: group?.maxOutputTokens?.toString() ?? "",
    budgetMaxTokensDay: group?.budgetMaxTokensDay?.toString() ?? "",
    budgetMaxTokensMonth: group?.budgetMaxTokensMonth?.toString() ?? "",
  })
  const { busy, problem, act } = useAction()

  const numberOf = (field: NumberField) => (numbers[field].trim() === "" ? null : Number(numbers[field]))
  const save = () => {
    const body: AgentGroupChanges & { name: string } = {
      name,
      description,
      systemPrompt,
      model: model.trim() === "" ? null : model,
      historyMessages: numberOf("historyMessages"),
      maxOutputTokens: numberOf("maxOutputTokens"),
      budgetMaxTokensDay: numberOf("budgetMaxTokensDay"),
      budgetMaxTokensMonth: numberOf("budgetMaxTokensMonth"),
      ...(forgetsKey ? { apiKey: null } : apiKey === "" ? {} : { apiKey }),
    }
    return group ? call(updateAgentGroup, { params: { groupId: group.id }, body }) : call(createAgentGroup, { body })
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (await act(save)) onClose()
  }
  const keyHint = group?.hasApiKey
    ? "One is stored. Leave this empty to keep it."
    : "Empty: the gateway's key. Stored encrypted and never shown again."
  return (
    <Dialog title={group ? `Edit ${group.name}` : "New agent group"} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        <Field label="Name">
          {(wiring) => (
            <input {...wiring} value={name} onChange={(event) => setName(event.target.value)} maxLength={64} required />
          )}
        </Field>
        <Field label="Description">
          {(wiring) => (
            <input
              {...wiring}
              value={description}
              onChange={(event) => setDescription(event.target.value)}
              maxLength={2_000}
            />
          )}
        </Field>
        <Field label="System prompt" hint="Who the agent is and how it should answer. Empty: the gateway's own prompt.">
          {(wiring) => (
            <textarea
              {...wiring}
              value={systemPrompt}
              onChange={(event) => setSystemPrompt(event.target.value)}
              rows={6}
              maxLength={100_000}
            />
          )}
        </Field>
        <Field label="Model" hint="As its provider names it. Empty: the gateway's default.">
          {(wiring) => <ModelInput wiring={wiring} value={model} onChange={setModel} />}
        </Field>
        <Field label="API key" hint={keyHint}>
          {(wiring) => (
            <input
              {...wiring}
              type="password"
              value={apiKey}
              onChange={(event) => setApiKey(event.target.value)}
              autoComplete="off"
              spellCheck={false}
              disabled={forgetsKey}
            />
          )}
        </Field>
        {group?.hasApiKey && (
          <label className="check">
            <input type="checkbox" checked={forgetsKey} onChange={(event) => setForgetsKey(event.target.checked)} />
            Forget the stored key
          </label>
        )}
        <details className="more">
          <summary>Limits</summary>
          <p className="hint">Empty: the gateway's default for the first two, no limit for the others.</p>
          <div className="pairs">
            {numberFields.map(({ name: field, label, max }) => (
              <Field key={field} label={label}>
                {(wiring) => (
                  <input
                    {...wiring}
                    type="number"
                    min={1}
                    max={max}
                    step={1}
                    value={numbers[field]}
                    onChange={(event) => setNumbers({ ...numbers, [field]: event.target.value })}
                  />
                )}
              </Field>
            ))}
          </div>
        </details>
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-main" disabled={busy}>
            {group ? "Save" : "Create"}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function DeleteGroup({ group, onClose }: { readonly group: AgentGroupView; readonly onClose: () => void }) {
  return (
    <ConfirmAction
      title={`Delete ${group.name}?`}
      action="Delete"
      run={() => call(deleteAgentGroup, { params: { groupId: group.id } })}
      onClose={onClose}
    >
      Its prompt and key are forgotten. Conversations stay on record.
    </ConfirmAction>
  )
}
