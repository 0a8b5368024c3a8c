/** A field for the name of a model. It offers the known ones that can be called, and takes any other. */
import { useId } from "react"
import { listKnownModels, type ModelView } from "../../../core/api/models.ts"
import { call } from "../api/client.ts"
import { useLoaded } from "./use-call.ts"

const read = () => call(listKnownModels, {})

export function ModelInput({
  wiring,
  value,
  onChange,
  isDisabled = false,
  isRequired = false,
}: {
  readonly wiring: { readonly id: string; readonly "aria-describedby": string | undefined }
  readonly value: string
  readonly onChange: (model: string) => void
  readonly isDisabled?: boolean
  readonly isRequired?: boolean
}) {
  const listId = useId()
  // Where they cannot be read, the field is a plain one.
  const [loaded] = useLoaded(read)
  const known = loaded.is === "ready" ? loaded.value.data : []
  return (
    <>
      <input
        {...wiring}
        list={listId}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        disabled={isDisabled}
        required={isRequired}
      />
      <datalist id={listId}>
        {known.filter(isOffered).map((model) => (
          <option key={model.name} value={model.name}>
            {priceOf(model)}
          </option>
        ))}
      </datalist>
    </>
  )
}

function isOffered({ name, isConfigured }: ModelView): boolean {
  return isConfigured && !name.endsWith("*")
}

function priceOf({ prices }: ModelView): string {
  if (prices === null) return "price unknown"
  return `$${prices.input / 1_000_000} in, $${prices.output / 1_000_000} out per million tokens`
}
