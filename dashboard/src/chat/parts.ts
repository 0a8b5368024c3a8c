/** How the parts of an answer grow: pure functions from parts to parts, the same array when nothing changes. */
import type { ChoicePart, ChoiceProgress, Part } from "./state.ts"
import { textOfParts } from "./state.ts"

/** Adds a piece of text or thinking to the last part, or begins a new one after a step. */
export function appendPiece(parts: readonly Part[], kind: "text" | "thinking", text: string): readonly Part[] {
  if (text === "") return parts
  const last = parts.at(-1)
  if (last?.kind === kind) return parts.with(parts.length - 1, { kind, text: last.text + text })
  return [...parts, { kind, text }]
}

/**
 * Makes the text of the parts be `whole`, keeping steps and as much of the order as is known.
 * @param cut - steps behind the last text may have happened after text that was missed
 */
export function applySnapshotText(parts: readonly Part[], whole: string, cut: boolean): readonly Part[] {
  const have = textOfParts(parts)
  if (have === whole) return parts
  if (!whole.startsWith(have))
    return appendPiece(
      parts.filter((part) => part.kind !== "text"),
      "text",
      whole,
    )
  const missing = whole.slice(have.length)
  const at = parts.findLastIndex((part) => part.kind === "text")
  const last = parts[at]
  if (!cut || last?.kind !== "text" || at === parts.length - 1) return appendPiece(parts, "text", missing)
  return appendPiece(parts.toSpliced(at, 1), "text", last.text + missing)
}

/** Shows a question, or fills in one of which only the id was known. */
export function putChoice(
  parts: readonly Part[],
  choiceId: string,
  request: NonNullable<ChoicePart["request"]>,
): readonly Part[] {
  const at = parts.findIndex((part) => part.kind === "choice" && part.choiceId === choiceId)
  const known = parts[at]
  if (known?.kind === "choice") return parts.with(at, { ...known, request })
  return [...parts, { kind: "choice", choiceId, request, progress: { is: "open" } }]
}

/** Moves a question on; a resolved one stays resolved, and keeps what the person answered here. */
export function setChoice(parts: readonly Part[], choiceId: string, progress: ChoiceProgress): readonly Part[] {
  const at = parts.findIndex((part) => part.kind === "choice" && part.choiceId === choiceId)
  const known = parts[at]
  if (known?.kind !== "choice") return parts
  if (known.progress.is !== "resolved") return parts.with(at, { ...known, progress })
  if (progress.is !== "resolved") return parts
  return parts.with(at, { ...known, progress: { ...known.progress, ...progress } })
}

/** Only `pending` is still open, as a snapshot says; it is added when it was not known. */
export function resolveChoice(parts: readonly Part[], pending: string | null): readonly Part[] {
  const settled = parts.map((part) =>
    part.kind === "choice" && part.choiceId !== pending && part.progress.is !== "resolved"
      ? { ...part, progress: { is: "resolved", source: null } as const }
      : part,
  )
  if (pending === null || settled.some((part) => part.kind === "choice" && part.choiceId === pending)) return settled
  return [...settled, { kind: "choice", choiceId: pending, request: null, progress: { is: "open" } }]
}

/** The turn is over: no step runs and no question is open any more. */
export function closeSteps(parts: readonly Part[]): readonly Part[] {
  return resolveChoice(parts, null).map((part) =>
    part.kind === "tool" && part.outcome === "running" ? { ...part, outcome: "unknown" } : part,
  )
}
