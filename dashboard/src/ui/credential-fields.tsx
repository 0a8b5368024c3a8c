/** The fields by which a person signs in, or will: what browsers and password managers recognise. */
import { minPasswordLength } from "../../../core/access/credential.ts"
import { Field } from "./field.tsx"

interface Typed {
  readonly value: string
  readonly onChange: (value: string) => void
}

export function UserNameField({ value, onChange }: Typed) {
  return (
    <Field label="User name">
      {(wiring) => (
        <input
          {...wiring}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
      )}
    </Field>
  )
}

/** A password that is chosen now; one that is too short is marked as it is typed. */
export function NewPasswordField({ label, value, onChange }: Typed & { readonly label: string }) {
  const isShort = value !== "" && value.length < minPasswordLength
  return (
    <Field label={label} hint={`At least ${minPasswordLength} characters.`}>
      {(wiring) => (
        <input
          {...wiring}
          type="password"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          autoComplete="new-password"
          minLength={minPasswordLength}
          aria-invalid={isShort}
          required
        />
      )}
    </Field>
  )
}
