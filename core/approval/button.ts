/** What a button under a question says when it is pressed: which question, and which answer. Fits the 64 bytes that Telegram allows. */
import { ChoiceId } from "../units.ts"

export type Press =
  | { readonly kind: "allow" | "always" | "deny" }
  /** Places of a question and of one of its options. */
  | { readonly kind: "option"; readonly question: number; readonly option: number }

const letters = { allow: "y", always: "a", deny: "n" } as const

/** At most 53 bytes: a turn's number has ten digits at most. */
export function pressData(choiceId: ChoiceId, press: Press): string {
  const [, kind = "", hex = "", turn = "", number = ""] =
    /^choice_(l|c)\w+?_([0-9a-f]{32})_(\d+)_(\d+)$/.exec(choiceId) ?? []
  const verdict = press.kind === "option" ? `o${press.question}.${press.option}` : letters[press.kind]
  return `${verdict}:${kind}${hex}:${turn}:${number}`
}

/** Undefined for what no button of ours says. */
export function readPress(data: string): { readonly choiceId: ChoiceId; readonly press: Press } | undefined {
  const [, verdict = "", kind, hex, turn, number] =
    /^(y|a|n|o\d\.\d):(l|c)([0-9a-f]{32}):(\d{1,10}):(\d{1,6})$/.exec(data) ?? []
  const name = kind === "l" ? "loop" : "conv"
  const choiceId = ChoiceId.safeParse(`choice_${name}_${hex}_${turn}_${number}`)
  if (!choiceId.success) return undefined
  return { choiceId: choiceId.data, press: pressOf(verdict) }
}

function pressOf(verdict: string): Press {
  switch (verdict) {
    case "y":
      return { kind: "allow" }
    case "a":
      return { kind: "always" }
    case "n":
      return { kind: "deny" }
    default:
      return { kind: "option", question: Number(verdict.charAt(1)), option: Number(verdict.charAt(3)) }
  }
}
