/** Contracts of operations: is it well, what is missing, what may be asked. */
import * as z from "zod"
import { metricsContentType } from "../metrics/registry.ts"
import { endpoint, nothing } from "./endpoint.ts"

export const PartHealth = z.object({
  status: z.enum(["ok", "degraded", "not_configured"]),
  /** One sentence: what is wrong and what to set or do; null when nothing is. */
  hint: z.string().nullable(),
})
export type PartHealth = z.infer<typeof PartHealth>

export const getHealth = endpoint({
  method: "get",
  path: "/api/health",
  summary: "Whether the gateway is well, part by part, and what to set where something is missing",
  auth: "optional",
  scope: null,
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({
    /** `ok` when every part is. A gateway without a model key runs, and is `degraded`. */
    status: z.enum(["ok", "degraded"]),
    uptimeSeconds: z.number().int(),
    /** For signed-in callers only. */
    version: z.string().optional(),
    parts: z.object({ database: PartHealth, models: PartHealth }),
  }),
  errors: [],
})

export const getMetrics = endpoint({
  method: "get",
  path: "/metrics",
  summary: "The gateway's counters in Prometheus' text format 0.0.4",
  description:
    "Counted in memory since the start: of this process on one machine, of the isolate that answers on Cloudflare. `loop_outbox_parts` comes from the database and is of the whole gateway.",
  auth: "user",
  scope: "operations:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  textType: metricsContentType,
  response: z.string(),
  errors: [],
})

export const getOpenApi = endpoint({
  method: "get",
  path: "/api/openapi.json",
  summary: "This API as an OpenAPI 3.1 document",
  auth: "none",
  scope: null,
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.record(z.string(), z.json()),
  errors: [],
})
