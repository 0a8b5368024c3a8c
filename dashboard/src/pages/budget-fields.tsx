/** The limits of a budget, in tokens and dollars: for all calls together and, unless told, for each conversation. */
import { TextField } from "../ui/text-field.tsx"
import { nameSetting } from "./setting-names.ts"

/** Of what is spent together. */
export const sharedFields = [
  "budgetMaxTokensDay",
  "budgetMaxTokensMonth",
  "budgetMaxUsdDay",
  "budgetMaxUsdMonth",
] as const
export const allFields = [
  ...sharedFields,
  "conversationMaxTokensDay",
  "conversationMaxTokensMonth",
  "conversationMaxUsdDay",
  "conversationMaxUsdMonth",
] as const
export type BudgetField = (typeof allFields)[number]

/** A millionth of a dollar is the smallest part that is counted. */
const least = "0.000001"
const mostUsd = 1_000_000_000

/** @param placeholders - what holds where a field is empty */
export function BudgetFields<F extends BudgetField>({
  fields,
  values,
  placeholders,
  onChange,
  isDisabled = () => false,
}: {
  readonly fields: readonly F[]
  readonly values: Readonly<Record<F, string>>
  readonly placeholders?: Readonly<Partial<Record<F, string>>>
  readonly onChange: (name: F, text: string) => void
  readonly isDisabled?: (name: F) => boolean
}) {
  return (
    <div className="pairs">
      {fields.map((name) => {
        const bounds = name.includes("Usd")
          ? { min: least, max: mostUsd, step: least }
          : { min: 1, max: Number.MAX_SAFE_INTEGER, step: 1 }
        return (
          <TextField
            key={name}
            label={nameSetting(name)}
            {...bounds}
            type="number"
            value={values[name]}
            placeholder={placeholders?.[name]}
            onChange={(text) => onChange(name, text)}
            disabled={isDisabled(name)}
          />
        )
      })}
    </div>
  )
}
