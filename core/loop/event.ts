/** The events of the loop API's streams, and their form on the wire. */
import * as z from "zod"

const turn_id = z.string()

export const LoopEvent = z.discriminatedUnion("event", [
  z.object({ event: z.literal("queued"), data: z.object({ position: z.number().int().positive() }) }),
  z.object({ event: z.literal("started"), data: z.object({ turn_id, cold_start: z.boolean() }) }),
  z.object({
    event: z.literal("snapshot"),
    data: z.object({ turn_id, assistant_text_so_far: z.string(), pending_choice_id: z.string().nullable() }),
  }),
  z.object({ event: z.literal("assistant_delta"), data: z.object({ text: z.string() }) }),
  z.object({ event: z.literal("thinking_delta"), data: z.object({ text: z.string() }) }),
  z.object({
    event: z.literal("tool_call"),
    data: z.object({ tool_use_id: z.string(), tool: z.string(), input_summary: z.string().optional() }),
  }),
  z.object({ event: z.literal("tool_result"), data: z.object({ tool_use_id: z.string(), ok: z.boolean() }) }),
  z.object({
    event: z.literal("requires_choice"),
    data: z.object({
      choice_id: z.string(),
      kind: z.enum(["permission", "question"]),
      payload: z.record(z.string(), z.json()),
    }),
  }),
  z.object({ event: z.literal("choice_resolved"), data: z.object({ choice_id: z.string(), source: z.string() }) }),
  z.object({ event: z.literal("done"), data: z.object({ turn_id }) }),
  z.object({ event: z.literal("interrupted"), data: z.object({ turn_id }) }),
  z.object({
    event: z.literal("error"),
    data: z.object({ code: z.string(), message: z.string(), turn_id: turn_id.optional() }),
  }),
  z.object({ event: z.literal("ping"), data: z.object({}) }),
])
export type LoopEvent = z.infer<typeof LoopEvent>

/** True for the events after which a stream ends. */
export function endsStream(event: LoopEvent["event"]): boolean {
  return event === "done" || event === "interrupted" || event === "error"
}

/** Position of an event in its conversation: `<segment>.<n>`, ordered by segment, then n. */
export const EventId = z.string().regex(/^\d{1,10}\.\d{1,10}$/)
export type EventId = z.infer<typeof EventId>

/** One event as text/event-stream (WHATWG HTML 9.2). */
export function toSse(event: LoopEvent, id?: EventId): string {
  return `event: ${event.event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(event.data)}\n\n`
}
