/** The rows that a turn's questions give the system of record. The same journal always gives the same rows. */
import type { ApprovalRow } from "../projection.ts"
import type { TurnEvent } from "../turn/event.ts"
import type { TurnPlace } from "../turn/project.ts"
import { argumentsDigest, maskArguments, renderArguments } from "./arguments.ts"

type EventOf<T extends TurnEvent["type"]> = Extract<TurnEvent, { type: T }>

/** Rows of the questions that were asked or became over at index `from` or later. @param events - the whole journal */
export function projectApprovals(place: TurnPlace, events: readonly TurnEvent[], from: number): ApprovalRow[] {
  const uses = new Map<string, { name: string; input: unknown }>()
  const rows: ApprovalRow[] = []
  for (const [index, event] of events.entries()) {
    if (event.type === "model_ended") {
      for (const block of event.answer.blocks) if (block.type === "tool_use") uses.set(block.id, block)
    }
    if (event.type !== "choice_requested") continue
    const end = endOf(event, events, index)
    if (index < from && (end === undefined || end.index < from)) continue
    const use = uses.get(event.toolUseId) ?? { name: "", input: null }
    rows.push({ ...rowOf(place, event, use), ...(end === undefined ? {} : overBy(end.event, event)) })
  }
  return rows
}

/** Its answer, or the turn's end before anyone answered. */
function endOf({ choiceId }: EventOf<"choice_requested">, events: readonly TurnEvent[], asked: number) {
  const index = events.findIndex(
    (event, at) =>
      at > asked && (event.type === "turn_ended" || (event.type === "choice_resolved" && event.choiceId === choiceId)),
  )
  const event = events[index]
  return event?.type === "turn_ended" || event?.type === "choice_resolved" ? { index, event } : undefined
}

function rowOf(
  { conversationId, turnId, groupId }: TurnPlace,
  asked: EventOf<"choice_requested">,
  { name, input }: { name: string; input: unknown },
): ApprovalRow {
  const { sizeBytes, isMasked } = renderArguments(input)
  return {
    id: asked.choiceId,
    conversationId,
    turnId,
    groupId,
    kind: asked.kind ?? "permission",
    status: "pending",
    tool: name,
    input: maskArguments(input),
    argumentsSha256: asked.argumentsSha256 ?? argumentsDigest(input),
    argumentsSizeBytes: sizeBytes,
    argumentsMasked: isMasked,
    risk: asked.risk ?? (asked.kind === "question" ? "low" : "high"),
    reason: asked.reason ?? "",
    marks: asked.marks ?? [],
    onTimeout: asked.onTimeout ?? "reject",
    condition: asked.always ?? null,
    source: null,
    resolvedById: null,
    resolvedByName: null,
    comment: null,
    answers: null,
    requestedAt: asked.at,
    expiresAt: asked.expiresAt,
    resolvedAt: null,
    version: 1,
  }
}

function overBy(
  event: EventOf<"turn_ended"> | EventOf<"choice_resolved">,
  asked: EventOf<"choice_requested">,
): Partial<ApprovalRow> {
  const over = { resolvedAt: event.at, version: 2 }
  if (event.type === "turn_ended") return { ...over, status: "canceled" }
  const { source, by, comment, answers } = event
  return {
    ...over,
    status: statusOf(event, asked),
    source,
    resolvedById: by?.id ?? null,
    resolvedByName: by?.name ?? null,
    comment: comment ?? null,
    answers: answers ?? null,
  }
}

function statusOf({ allow, source }: EventOf<"choice_resolved">, { kind }: EventOf<"choice_requested">) {
  if (kind === "question" && allow) return "answered"
  if (allow) return "approved"
  return source === "timeout" ? "expired" : "rejected"
}
