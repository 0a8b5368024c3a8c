/** Makes or changes an agent group. Keys go in and never come out. */
import type { FormEvent } from "react"
import { useState } from "react"
import type { AgentGroupView } from "../../../core/api/agents.ts"
import { createAgentGroup, updateAgentGroup } from "../../../core/api/agents.ts"
import { call } from "../api/client.ts"
import { Dialog } from "../ui/dialog.tsx"
import { Field } from "../ui/field.tsx"
import { FormPart } from "../ui/form-part.tsx"
import { ModelInput } from "../ui/model-input.tsx"
import { Notice } from "../ui/notice.tsx"
import { useAction } from "../ui/use-call.ts"
import { allFields, BudgetFields } from "./budget-fields.tsx"
import { type GroupDraft, toChanges, toDraft } from "./group-draft.ts"
import { FallbackFields, HotSwapFields } from "./group-models.tsx"

const numberFields = [
  { name: "historyMessages", label: "Messages of history", max: 1_000 },
  { name: "maxOutputTokens", label: "Longest answer, tokens", max: 1_000_000 },
] as const

/** @param group - null: a new one is made */
export function GroupForm({ group, onClose }: { readonly group: AgentGroupView | null; readonly onClose: () => void }) {
  const [draft, setDraft] = useState(() => toDraft(group))
  const change = (changes: Partial<GroupDraft>) => setDraft((before) => ({ ...before, ...changes }))
  const { busy, problem, act } = useAction()
  const save = () => {
    const body = toChanges(draft)
    return group ? call(updateAgentGroup, { params: { groupId: group.id }, body }) : call(createAgentGroup, { body })
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (await act(save)) onClose()
  }
  return (
    <Dialog title={group ? `Edit ${group.name}` : "New agent group"} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        <Agent draft={draft} change={change} />
        <OwnKey draft={draft} change={change} isStored={group?.hasApiKey ?? false} />
        <Limits draft={draft} change={change} />
        <FormPart summary="Budgets">
          <p className="hint">
            Tokens of all kinds, and US dollars. Empty: no limit for the group, the gateway's for a conversation.
          </p>
          <BudgetFields
            fields={allFields}
            values={draft.numbers}
            onChange={(name, text) => change({ numbers: { ...draft.numbers, [name]: text } })}
          />
        </FormPart>
        <HotSwapFields value={draft.hotSwap} onChange={(hotSwap) => change({ hotSwap })} />
        <FallbackFields value={draft.fallback} onChange={(fallback) => change({ fallback })} />
        <Skills draft={draft} change={change} />
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

interface PartProps {
  readonly draft: GroupDraft
  readonly change: (changes: Partial<GroupDraft>) => void
}

/** Who the agent is. */
function Agent({ draft, change }: PartProps) {
  return (
    <>
      <Field label="Name">
        {(wiring) => (
          <input
            {...wiring}
            value={draft.name}
            onChange={(event) => change({ name: event.target.value })}
            maxLength={64}
            required
          />
        )}
      </Field>
      <Field label="Description">
        {(wiring) => (
          <input
            {...wiring}
            value={draft.description}
            onChange={(event) => change({ description: event.target.value })}
            maxLength={2_000}
          />
        )}
      </Field>
      <Field label="System prompt" hint="Who the agent is and how it should answer. Empty: the gateway's own prompt.">
        {(wiring) => (
          <textarea
            {...wiring}
            value={draft.systemPrompt}
            onChange={(event) => change({ systemPrompt: event.target.value })}
            rows={6}
            maxLength={100_000}
          />
        )}
      </Field>
      <Field label="Model" hint="As its provider names it. Empty: the gateway's default.">
        {(wiring) => <ModelInput wiring={wiring} value={draft.model} onChange={(model) => change({ model })} />}
      </Field>
    </>
  )
}

function OwnKey({ draft, change, isStored }: PartProps & { readonly isStored: boolean }) {
  const hint = isStored
    ? "One is stored. Leave this empty to keep it."
    : "Empty: the gateway's key. Stored encrypted and never shown again."
  return (
    <>
      <Field label="API key" hint={hint}>
        {(wiring) => (
          <input
            {...wiring}
            type="password"
            value={draft.apiKey}
            onChange={(event) => change({ apiKey: event.target.value })}
            autoComplete="off"
            spellCheck={false}
            disabled={draft.forgetsKey}
          />
        )}
      </Field>
      {isStored && (
        <label className="check">
          <input
            type="checkbox"
            checked={draft.forgetsKey}
            onChange={(event) => change({ forgetsKey: event.target.checked })}
          />
          Forget the stored key
        </label>
      )}
    </>
  )
}

function Limits({ draft, change }: PartProps) {
  return (
    <FormPart summary="Limits">
      <p className="hint">Empty: the gateway's default.</p>
      <div className="pairs">
        {numberFields.map(({ name, label, max }) => (
          <Field key={name} label={label}>
            {(wiring) => (
              <input
                {...wiring}
                type="number"
                min={1}
                max={max}
                step={1}
                value={draft.numbers[name]}
                onChange={(event) => change({ numbers: { ...draft.numbers, [name]: event.target.value } })}
              />
            )}
          </Field>
        ))}
      </div>
    </FormPart>
  )
}

function Skills({ draft, change }: PartProps) {
  return (
    <FormPart summary="Skills">
      <Field label="Enabled skills" hint="Their names, one a line.">
        {(wiring) => (
          <textarea
            {...wiring}
            value={draft.skills}
            onChange={(event) => change({ skills: event.target.value })}
            rows={3}
            autoCapitalize="none"
            spellCheck={false}
          />
        )}
      </Field>
    </FormPart>
  )
}
