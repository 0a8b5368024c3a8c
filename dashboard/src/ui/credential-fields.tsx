/** The fields by which a person signs in, or will: what browsers and password managers recognise. */
import { minPasswordLength } from "../../../core/access/credential.ts"
import { TextField } from "./text-field.tsx"

interface Typed {
  readonly value: string
  readonly onChange: (value: string) => void
}

export function UserNameField(typed: Typed) {
  return (
    <TextField {...typed} label="User name" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
  )
}

/** A password that is chosen now; one that is too short is marked as it is typed. */
export function NewPasswordField(typed: Typed & { readonly label: string }) {
  return (
    <TextField
      {...typed}
      hint={`At least ${minPasswordLength} characters.`}
      type="password"
      autoComplete="new-password"
      minLength={minPasswordLength}
      aria-invalid={typed.value !== "" && typed.value.length < minPasswordLength}
      required
    />
  )
}
