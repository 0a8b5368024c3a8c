/** Contracts of operations: is it well, what is missing, what may be asked. */
import * as z from "zod"
import { metricsContentType } from "../metrics/registry.ts"
import { FileMistake } from "../gateway-file.ts"
import { Capability } from "../runner/command.ts"
import { endpoint, Instant, nothing } from "./endpoint.ts"

/** Which models answer for agents whose group says nothing else. */
export const ModelChoice = z.object({
  defaultModel: z.string(),
  /** Whether each message goes to a tier by its difficulty. */
  hotSwap: z.boolean(),
  /** The models of the tiers, the cheapest first, also where `hotSwap` is false: for groups that name none of their own. */
  tiers: z.array(z.string()),
  /** Who stands in for a model that fails, in their order. */
  fallbacks: z.array(z.string()),
  /** Edge mode: answers in place of every other model; null: none does. */
  onlyModel: z.string().nullable(),
})
export type ModelChoice = z.infer<typeof ModelChoice>

export const PartHealth = z.object({
  /** `failing`: nothing can be accepted. */
  status: z.enum(["ok", "degraded", "not_configured", "failing"]),
  /** One sentence: what is wrong and what to set or do; null when nothing is. */
  hint: z.string().nullable(),
})
export type PartHealth = z.infer<typeof PartHealth>

/** Numbers of a part are for signed-in callers only, and then always there, or null where they are not known. */
export const Health = z.object({
  /**
   * `ok` when every part is; `failing`, with status 503, when nothing can be accepted. A gateway without a model key runs, and
   * is `degraded`.
   */
  status: z.enum(["ok", "degraded", "failing"]),
  /** For signed-in callers only. */
  uptimeSeconds: z.number().int().optional(),
  /** For signed-in callers only. */
  version: z.string().optional(),
  parts: z.object({
    database: PartHealth.extend({
      latencyMs: z.number().int().nullable().optional(),
      /** Conversations whose newest rows the database did not take yet, as far as this process or isolate knows. */
      behind: z.number().int().optional(),
    }),
    /** Where messages and turns are kept while they run. */
    objects: PartHealth.extend({ lastLostCommitAt: Instant.nullable().optional() }).optional(),
    /** On one machine only. */
    disk: PartHealth.extend({ freeBytes: z.number().int().optional() }).optional(),
    models: PartHealth.extend({
      /** Whether the environment has what each provider needs. */
      providers: z.object({ anthropic: z.boolean(), openai: z.boolean(), ollama: z.boolean() }).optional(),
      choice: ModelChoice.optional(),
      /** Providers that failed too often in a row and are left out; `half_open`: one call tries it. */
      down: z
        .array(
          z.object({
            provider: z.string(),
            status: z.enum(["open", "half_open"]),
            reason: z.string().nullable(),
            openUntil: Instant.nullable(),
          }),
        )
        .optional(),
    }),
    channels: PartHealth.extend({
      total: z.number().int().nullable().optional(),
      failing: z.number().int().nullable().optional(),
    }).optional(),
    /** What is `not_configured` here is missing for agents alone, and makes the gateway no worse. */
    runners: PartHealth.extend({
      total: z.number().int().nullable().optional(),
      online: z.number().int().nullable().optional(),
      /** That some runner can do now. */
      capabilities: z.array(Capability).optional(),
    }).optional(),
    /** Where the gateway follows a configuration file. */
    file: PartHealth.extend({ mistakes: z.array(FileMistake).optional() }).optional(),
  }),
})
export type Health = z.infer<typeof Health>

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
  badStatus: 503,
  response: Health,
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
