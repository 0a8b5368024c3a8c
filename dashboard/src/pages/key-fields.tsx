/** A provider's API key: typed here, never shown, kept where nothing is typed, and forgotten on request. */
import { TextField } from "../ui/text-field.tsx"

interface Key {
  readonly apiKey: string
  readonly forgetsKey: boolean
}

/** @param elseHint - what holds while none is stored */
export function KeyFields({
  value: { apiKey, forgetsKey },
  isStored,
  elseHint = "Empty: the gateway's key. Stored encrypted and never shown again.",
  onChange,
}: {
  readonly value: Key
  readonly isStored: boolean
  readonly elseHint?: string | undefined
  readonly onChange: (changes: Partial<Key>) => void
}) {
  return (
    <>
      <TextField
        label="API key"
        hint={isStored ? "One is stored. Leave this empty to keep it." : elseHint}
        type="password"
        value={apiKey}
        onChange={(typed) => onChange({ apiKey: typed })}
        autoComplete="off"
        spellCheck={false}
        disabled={forgetsKey}
      />
      {isStored && (
        <label className="check">
          <input
            type="checkbox"
            checked={forgetsKey}
            onChange={(event) => onChange({ forgetsKey: event.target.checked })}
          />
          Forget the stored key
        </label>
      )}
    </>
  )
}
