/** One of a few, chosen from a list. */
import { Field } from "./field.tsx"

export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string
  readonly value: T
  readonly options: readonly (readonly [value: T, label: string])[]
  readonly onChange: (value: T) => void
}) {
  const choose = (chosen: string) => {
    const option = options.find(([one]) => one === chosen)
    if (option !== undefined) onChange(option[0])
  }
  return (
    <Field label={label}>
      {(wiring) => (
        <select {...wiring} value={value} onChange={(event) => choose(event.target.value)}>
          {options.map(([one, name]) => (
            <option key={one} value={one}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
