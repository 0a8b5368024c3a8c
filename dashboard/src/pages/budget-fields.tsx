/** The eight limits of a budget, in tokens and dollars: for all calls together and for each conversation. */
import { Field } from "../ui/field.tsx"
import { nameSetting } from "./setting-names.ts"

const fields = [
  "budgetMaxTokensDay",
  "budgetMaxTokensMonth",
  "budgetMaxUsdDay",
  "budgetMaxUsdMonth",
  "conversationMaxTokensDay",
  "conversationMaxTokensMonth",
  "conversationMaxUsdDay",
  "conversationMaxUsdMonth",
] as const
export type BudgetField = (typeof fields)[number]

/** A millionth of a dollar is the smallest part that is counted. */
const least = "0.000001"
const mostUsd = 1_000_000_000

export function BudgetFields({
  values,
  onChange,
  isDisabled = () => false,
}: {
  readonly values: Readonly<Record<BudgetField, string>>
  readonly onChange: (name: BudgetField, text: string) => void
  readonly isDisabled?: (name: BudgetField) => boolean
}) {
  return (
    <div className="pairs">
      {fields.map((name) => {
        const bounds = name.includes("Usd")
          ? { min: least, max: mostUsd, step: least }
          : { min: 1, max: Number.MAX_SAFE_INTEGER, step: 1 }
        return (
          <Field key={name} label={nameSetting(name)}>
            {(wiring) => (
              <input
                {...wiring}
                {...bounds}
                type="number"
                value={values[name]}
                onChange={(event) => onChange(name, event.target.value)}
                disabled={isDisabled(name)}
              />
            )}
          </Field>
        )
      })}
    </div>
  )
}
