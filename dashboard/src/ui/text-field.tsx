/** A labelled line to type in, or more than one; what it may hold is said as of the browser's own. */
import type { ComponentProps, ReactNode } from "react"
import { Field } from "./field.tsx"

interface Typed {
  readonly label: string
  readonly hint?: ReactNode
  readonly value: string
  readonly onChange: (value: string) => void
}
type Rest<Tag extends "input" | "textarea"> = Omit<ComponentProps<Tag>, keyof Typed | "id" | "aria-describedby">

export function TextField({ label, hint, value, onChange, ...rest }: Typed & Rest<"input">) {
  return (
    <Field label={label} hint={hint}>
      {(wiring) => <input {...rest} {...wiring} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}

export function LongTextField({ label, hint, value, onChange, ...rest }: Typed & Rest<"textarea">) {
  return (
    <Field label={label} hint={hint}>
      {(wiring) => <textarea {...rest} {...wiring} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}
