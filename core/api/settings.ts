/** Contracts of the gateway's settings: what holds for all agents that say nothing else. */
import * as z from "zod"
import { FileReport, maxGatewayFileBytes } from "../gateway-file.ts"
import { SettingName, Settings, SettingsChanges } from "../settings.ts"
import { endpoint, Instant, nothing, page, pageLimit } from "./endpoint.ts"

export const SettingsView = z.object({
  /** Grows with every change; to be sent along with one. 0: nothing was ever set. */
  version: z.number().int(),
  /** What is set; null: not set. */
  settings: Settings,
  /** What is in force where an agent group says nothing else. */
  effective: z.object({
    defaultModel: z.string(),
    /** Null: the operator's system-prompt.md. */
    systemPrompt: z.string().nullable(),
    historyMessages: z.number().int(),
    maxOutputTokens: z.number().int(),
    concurrentTurns: z.number().int(),
    timeZone: z.string(),
  }),
  /** Set by the configuration file, and changed only there. */
  managed: z.array(SettingName),
  updatedAt: Instant.nullable(),
  updatedBy: z.string().nullable(),
})
export type SettingsView = z.infer<typeof SettingsView>

export const getSettings = endpoint({
  method: "get",
  path: "/api/settings",
  summary: "The gateway's settings: what is set, and what is in force",
  auth: "user",
  scope: "access:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: SettingsView,
  errors: [],
})

export const SettingsVersion = z.object({
  version: z.number().int(),
  /** All settings as they were from then on. */
  settings: Settings,
  /** What this version changed. */
  changed: z.array(SettingName),
  at: Instant,
  /** A person's name, or the configuration file's. */
  by: z.string(),
})
export type SettingsVersion = z.infer<typeof SettingsVersion>

export const listSettingsHistory = endpoint({
  method: "get",
  path: "/api/settings/history",
  summary: "All versions of the settings, the newest first: what each changed, when, and by whom",
  auth: "user",
  scope: "access:read",
  params: nothing,
  query: z.object({
    limit: pageLimit(20),
    /** The cursor of the page before. */
    after: z.string().max(20).optional(),
  }),
  body: nothing,
  status: 200,
  response: page(SettingsVersion),
  errors: ["invalid_cursor"],
})

export const updateSettings = endpoint({
  method: "put",
  path: "/api/settings",
  summary: "Change the named settings; null takes one back to the environment's value or the default",
  description: "A change acts on the next stretch of every turn, without a restart. All versions are kept.",
  auth: "user",
  scope: "access:write",
  audit: {
    action: "settings_changed",
    kind: "settings",
    details: ({ settings }) => ({ fields: Object.keys(settings).join(" ") }),
  },
  params: nothing,
  query: nothing,
  body: z.object({ version: z.number().int().nonnegative(), settings: SettingsChanges }),
  status: 200,
  response: SettingsView,
  errors: ["edit_conflict", "channel_not_found", "managed_by_file"],
  maxBodyBytes: 1_048_576,
})

export const applyFile = endpoint({
  method: "post",
  path: "/api/config-file/apply",
  summary: "Make agent groups, channels and settings what a loop-gateway.yaml says",
  description:
    "Idempotent. A file with a mistake changes nothing; the answer says where each one stands. What the file names belongs to it from then on, and what it names no more is reported, or deleted where it says `prune: true`.",
  auth: "user",
  scope: "access:write",
  params: nothing,
  query: nothing,
  body: z.object({
    text: z.string().max(maxGatewayFileBytes),
    /** Values of the variables that the file names. */
    secrets: z.record(z.string().max(100), z.string().max(1_000)).default({}),
  }),
  status: 200,
  response: FileReport,
  errors: ["managed_by_file", "edit_conflict"],
  maxBodyBytes: 4_194_304,
})
