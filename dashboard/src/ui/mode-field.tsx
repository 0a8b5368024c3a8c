/** Whether something is on, off, or as the gateway as a whole has it. */
import { Choice } from "./choice.tsx"

const modes = [
  ["default", "As the gateway has it"],
  ["on", "On"],
  ["off", "Off"],
] as const
export type Mode = (typeof modes)[number][0]

export function ModeField(props: {
  readonly label: string
  readonly value: Mode
  readonly onChange: (mode: Mode) => void
}) {
  return <Choice {...props} options={modes} />
}
