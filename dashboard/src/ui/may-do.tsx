/** What a token lets its holder do, as a list of boxes to tick. */
import type { ReactNode } from "react"

/** @param show - how a choice reads */
export function MayDo<T extends string>({
  options,
  chosen,
  onChange,
  show,
}: {
  readonly options: readonly T[]
  readonly chosen: readonly T[]
  readonly onChange: (chosen: readonly T[]) => void
  readonly show: (option: T) => ReactNode
}) {
  return (
    <fieldset className="scope-choice">
      <legend>What it may do</legend>
      <div className="scope-list">
        {options.map((option) => (
          <label key={option} className="check">
            <input
              type="checkbox"
              checked={chosen.includes(option)}
              onChange={({ target }) =>
                onChange(target.checked ? [...chosen, option] : chosen.filter((one) => one !== option))
              }
            />
            {show(option)}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
