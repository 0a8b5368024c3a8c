/** The parts of a group's form that say which model answers: by how hard a message is, and when one fails. */
import { Choice } from "../ui/choice.tsx"
import { Field } from "../ui/field.tsx"
import { FormPart } from "../ui/form-part.tsx"
import { ModeField } from "../ui/mode-field.tsx"
import { ModelInput } from "../ui/model-input.tsx"
import { TextField } from "../ui/text-field.tsx"
import {
  addProvider,
  addTier,
  changeRow,
  type GroupDraft,
  keepsKey,
  moveRowUp,
  type ProviderDraft,
  providerTypes,
  removeRow,
  type TierDraft,
} from "./group-draft.ts"
import { KeyFields } from "./key-fields.tsx"

type HotSwap = GroupDraft["hotSwap"]
type Fallback = GroupDraft["fallback"]

export function HotSwapFields({
  value,
  onChange,
}: {
  readonly value: HotSwap
  readonly onChange: (value: HotSwap) => void
}) {
  const { mode, tiers, escalationThreshold, deescalation } = value
  const setTiers = (changed: readonly TierDraft[]) => onChange({ ...value, tiers: changed })
  return (
    <FormPart summary="Model by difficulty">
      <ModeField
        label="Choose the model by how hard a message is"
        value={mode}
        onChange={(changed) => onChange({ ...value, mode: changed })}
      />
      {mode !== "default" && (
        <>
          <p className="hint">
            Each message is rated from 0 to 100 and goes to the first tier that reaches so far: cheap models first.
            Without a tier here, the gateway's own are used.
          </p>
          {tiers.map((tier, index) => (
            <Tier
              key={tier.key}
              number={index + 1}
              tier={tier}
              onChange={(changes) => setTiers(changeRow(tiers, tier.key, changes))}
              onRemove={() => setTiers(removeRow(tiers, tier.key))}
            />
          ))}
          {tiers.length < 10 && (
            <button type="button" className="button" onClick={() => setTiers(addTier(value))}>
              Add a tier
            </button>
          )}
          <TextField
            label="Escalation threshold"
            hint="Only a message rated above this goes to a dearer model than the one before it."
            type="number"
            min={0}
            max={100}
            step="any"
            value={escalationThreshold}
            onChange={(escalationThreshold) => onChange({ ...value, escalationThreshold })}
          />
          <label className="check">
            <input
              type="checkbox"
              checked={deescalation}
              onChange={(event) => onChange({ ...value, deescalation: event.target.checked })}
            />
            Go back to a cheaper model when messages become easier
          </label>
        </>
      )}
    </FormPart>
  )
}

function Tier({
  number,
  tier,
  onChange,
  onRemove,
}: {
  readonly number: number
  readonly tier: TierDraft
  readonly onChange: (changes: Partial<TierDraft>) => void
  readonly onRemove: () => void
}) {
  return (
    <fieldset className="form-row">
      <legend>Tier {number}</legend>
      <div className="pairs">
        <Field label="Model">
          {(wiring) => (
            <ModelInput wiring={wiring} value={tier.model} onChange={(model) => onChange({ model })} isRequired />
          )}
        </Field>
        <TextField
          label="Up to rating"
          type="number"
          min={0}
          max={100}
          step="any"
          value={tier.maxComplexity}
          onChange={(maxComplexity) => onChange({ maxComplexity })}
          required
        />
      </div>
      <TextField label="Label" value={tier.label} onChange={(label) => onChange({ label })} maxLength={100} />
      <button type="button" className="button button-quiet-bad" onClick={onRemove}>
        Remove<span className="off-screen"> tier {number}</span>
      </button>
    </fieldset>
  )
}

export function FallbackFields({
  value,
  onChange,
}: {
  readonly value: Fallback
  readonly onChange: (value: Fallback) => void
}) {
  const { mode, providers } = value
  const setProviders = (changed: readonly ProviderDraft[]) => onChange({ ...value, providers: changed })
  return (
    <FormPart summary="When the model fails">
      <ModeField
        label="Ask other models when one fails"
        value={mode}
        onChange={(changed) => onChange({ ...value, mode: changed })}
      />
      {mode !== "default" && (
        <>
          <p className="hint">They are asked in this order until one answers.</p>
          {providers.map((provider, index) => (
            <Provider
              key={provider.key}
              number={index + 1}
              provider={provider}
              onChange={(changes) => setProviders(changeRow(providers, provider.key, changes))}
              onRemove={() => setProviders(removeRow(providers, provider.key))}
              onMoveUp={index === 0 ? null : () => setProviders(moveRowUp(providers, provider.key))}
            />
          ))}
          {providers.length < 10 && (
            <button type="button" className="button" onClick={() => setProviders(addProvider(value))}>
              Add a model to ask
            </button>
          )}
        </>
      )}
    </FormPart>
  )
}

function Provider({
  number,
  provider,
  onChange,
  onRemove,
  onMoveUp,
}: {
  readonly number: number
  readonly provider: ProviderDraft
  readonly onChange: (changes: Partial<ProviderDraft>) => void
  readonly onRemove: () => void
  readonly onMoveUp: (() => void) | null
}) {
  const { label, type, model, baseUrl, maxRetries, timeoutSeconds } = provider
  const suffix = <span className="off-screen"> fallback {number}</span>
  return (
    <fieldset className="form-row">
      <legend>Fallback {number}</legend>
      <div className="pairs">
        <TextField label="Label" value={label} onChange={(label) => onChange({ label })} maxLength={100} required />
        <Choice label="Provider" value={type} options={providerTypes} onChange={(type) => onChange({ type })} />
        <TextField
          label="Model"
          value={model}
          onChange={(model) => onChange({ model })}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={200}
          required
        />
        <TextField
          label="Address"
          type="url"
          value={baseUrl}
          placeholder="the provider's own"
          onChange={(baseUrl) => onChange({ baseUrl })}
          maxLength={2_000}
        />
        <TextField
          label="Tries after the first"
          type="number"
          min={0}
          max={10}
          step={1}
          value={maxRetries}
          onChange={(maxRetries) => onChange({ maxRetries })}
        />
        <TextField
          label="Longest wait, seconds"
          type="number"
          min={1}
          max={600}
          step="any"
          value={timeoutSeconds}
          onChange={(timeoutSeconds) => onChange({ timeoutSeconds })}
        />
      </div>
      <KeyFields
        value={provider}
        isStored={keepsKey(provider)}
        elseHint={
          provider.keyOf === null
            ? undefined
            : "The stored key belongs to another label, provider or address, and is forgotten. Enter it again."
        }
        onChange={onChange}
      />
      <div className="actions actions-start">
        {onMoveUp !== null && (
          <button type="button" className="button" onClick={onMoveUp}>
            Earlier{suffix}
          </button>
        )}
        <button type="button" className="button button-quiet-bad" onClick={onRemove}>
          Remove{suffix}
        </button>
      </div>
    </fieldset>
  )
}
