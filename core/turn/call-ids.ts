/** The names of a turn's next calls of models, made from its journal alone: after a crash a call that never began has its name again. */
import { CallId } from "../budget/reserve.ts"
import type { TurnId } from "../units.ts"
import type { TurnEvent } from "./event.ts"

export interface Journal {
  readonly id: TurnId
  readonly events: readonly TurnEvent[]
}

export function nextModelCall({ id, events }: Journal): CallId {
  return CallId.parse(`${id}.m${events.filter(({ type }) => type === "model_started").length + 1}`)
}

/** A call that sums up older turns. */
export function nextSummaryCall({ id, events }: Journal): CallId {
  return CallId.parse(`${id}.s${events.filter(({ type }) => type === "summary_started").length + 1}`)
}
