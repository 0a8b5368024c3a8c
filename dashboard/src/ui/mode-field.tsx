/** Whether something is on, off, or as the gateway as a whole has it. */
import { Field } from "./field.tsx"

export const modes = ["default", "on", "off"] as const
export type Mode = (typeof modes)[number]

export function ModeField({
  label,
  value,
  onChange,
}: {
  readonly label: string
  readonly value: Mode
  readonly onChange: (mode: Mode) => void
}) {
  return (
    <Field label={label}>
      {(wiring) => (
        <select
          {...wiring}
          value={value}
          onChange={(event) => onChange(modes.find((one) => one === event.target.value) ?? value)}
        >
          <option value="default">As the gateway has it</option>
          <option value="on">On</option>
          <option value="off">Off</option>
        </select>
      )}
    </Field>
  )
}
