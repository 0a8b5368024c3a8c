/** Makes or changes an agent group. Keys go in and never come out. */
import { useState } from "react"
import type { AgentGroupView } from "../../../core/api/agents.ts"
import { createAgentGroup, updateAgentGroup } from "../../../core/api/agents.ts"
import { call } from "../api/client.ts"
import { Field } from "../ui/field.tsx"
import { FormDialog } from "../ui/form-dialog.tsx"
import { FormPart } from "../ui/form-part.tsx"
import { ModelInput } from "../ui/model-input.tsx"
import { LongTextField, TextField } from "../ui/text-field.tsx"
import { allFields, BudgetFields } from "./budget-fields.tsx"
import { type GroupDraft, toChanges, toDraft } from "./group-draft.ts"
import { FallbackFields, HotSwapFields } from "./group-models.tsx"
import { KeyFields } from "./key-fields.tsx"

const numberFields = [
  { name: "historyMessages", label: "Messages of history", max: 1_000 },
  { name: "maxOutputTokens", label: "Longest answer, tokens", max: 1_000_000 },
] as const

/** @param group - null: a new one is made */
export function GroupForm({ group, onClose }: { readonly group: AgentGroupView | null; readonly onClose: () => void }) {
  const [draft, setDraft] = useState(() => toDraft(group))
  const change = (changes: Partial<GroupDraft>) => setDraft((before) => ({ ...before, ...changes }))
  const save = () => {
    const body = toChanges(draft)
    return group ? call(updateAgentGroup, { params: { groupId: group.id }, body }) : call(createAgentGroup, { body })
  }
  return (
    <FormDialog
      title={group ? `Edit ${group.name}` : "New agent group"}
      action={group ? "Save" : "Create"}
      save={save}
      onSaved={onClose}
      onClose={onClose}
    >
      <Agent draft={draft} change={change} />
      <KeyFields value={draft} isStored={group?.hasApiKey ?? false} onChange={change} />
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
    </FormDialog>
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
      <TextField label="Name" value={draft.name} onChange={(name) => change({ name })} maxLength={64} required />
      <TextField
        label="Description"
        value={draft.description}
        onChange={(description) => change({ description })}
        maxLength={2_000}
      />
      <LongTextField
        label="System prompt"
        hint="Who the agent is and how it should answer. Empty: the gateway's own prompt."
        value={draft.systemPrompt}
        onChange={(systemPrompt) => change({ systemPrompt })}
        rows={6}
        maxLength={100_000}
      />
      <Field label="Model" hint="As its provider names it. Empty: the gateway's default.">
        {(wiring) => <ModelInput wiring={wiring} value={draft.model} onChange={(model) => change({ model })} />}
      </Field>
    </>
  )
}

function Limits({ draft, change }: PartProps) {
  return (
    <FormPart summary="Limits">
      <p className="hint">Empty: the gateway's default.</p>
      <div className="pairs">
        {numberFields.map(({ name, label, max }) => (
          <TextField
            key={name}
            label={label}
            type="number"
            min={1}
            max={max}
            step={1}
            value={draft.numbers[name]}
            onChange={(text) => change({ numbers: { ...draft.numbers, [name]: text } })}
          />
        ))}
      </div>
    </FormPart>
  )
}

function Skills({ draft, change }: PartProps) {
  return (
    <FormPart summary="Skills">
      <LongTextField
        label="Enabled skills"
        hint="Their names, one a line."
        value={draft.skills}
        onChange={(skills) => change({ skills })}
        rows={3}
        autoCapitalize="none"
        spellCheck={false}
      />
    </FormPart>
  )
}
