/** The environment variables that both hosts understand (DESIGN 7), parsed once. A bad value stops the start with one clear line. */
import * as z from "zod"
import { edgeDefaults } from "../core/edge-mode.ts"
import { parseAllowance } from "../core/egress/address.ts"
import { LogLevel } from "../core/log.ts"
import { sayPlainly } from "../core/plain-words.ts"
import { policyDefaults } from "../core/turn/policy.ts"

const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback)
const flagOr = (fallback: "true" | "false") =>
  z
    .enum(["true", "false"])
    .default(fallback)
    .transform((value) => value === "true")
const flag = flagOr("false")
const httpUrl = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ""))
const list = z
  .string()
  .default("")
  .transform((value) =>
    value
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  )

export const Config = z.object({
  PUBLIC_URL: httpUrl.optional(),
  /** Host names, besides loopback and PUBLIC_URL's, that the Host header may carry. */
  ALLOWED_HOSTS: list,
  TRUST_PROXY: flag,
  LIBSQL_URL: z.string().min(1).optional(),
  LIBSQL_AUTH_TOKEN: z.string().min(1).optional(),
  /** 32 bytes in base64 or hex. */
  ENCRYPTION_KEY: z.string().min(1).optional(),
  SETUP_CODE: z.string().min(8).optional(),
  ANTHROPIC_API_KEY: z.string().min(1).optional(),
  ANTHROPIC_BASE_URL: httpUrl.default("https://api.anthropic.com"),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_BASE_URL: httpUrl.default("https://api.openai.com/v1"),
  /** OpenAI-compatible root of an Ollama server, for example http://localhost:11434/v1. */
  OLLAMA_URL: httpUrl.optional(),
  DEFAULT_MODEL: z.string().min(1).default(policyDefaults.model),
  /** A model for each message by its complexity, for agents that say nothing about it themselves. */
  HOT_SWAP_ENABLED: flag,
  /** Lets a conversation go back to a cheaper model. */
  HOT_SWAP_DEESCALATION: flagOr("true"),
  /** Other providers are asked when the first fails, for agents that say nothing about it themselves. */
  FALLBACK_ENABLED: flag,
  /** Asked where OPENAI_API_KEY is set. */
  FALLBACK_OPENAI_MODEL: z.string().trim().min(1).max(200).default("gpt-6-sol"),
  /** Asked where OLLAMA_URL is set, last. */
  FALLBACK_OLLAMA_MODEL: z.string().trim().min(1).max(200).default("llama3"),
  /** What a small machine has room for; the next five say nothing without it. */
  EDGE_MODE: flag,
  EDGE_HAIKU_ONLY: flagOr("true"),
  EDGE_DISABLE_SKILLS: flagOr("true"),
  EDGE_MAX_HISTORY: whole(edgeDefaults.maxHistory, 1, 1_000),
  EDGE_MAX_TOKENS: whole(edgeDefaults.maxTokens, 1, 1_000_000),
  EDGE_MAX_CONCURRENT: whole(edgeDefaults.maxConcurrent, 1, 1_000),
  /** `CIDR:port` list: private addresses that tools, skills and web hooks may reach all the same. */
  EGRESS_ALLOW_PRIVATE: list.refine((entries) => entries.every((entry) => parseAllowance(entry) !== undefined), {
    error: "Give a list of CIDR:port, such as 10.0.0.5/32:8080.",
  }),
  /** How the server behind WEB_SEARCH_URL speaks. */
  WEB_SEARCH_PROVIDER: z.enum(["searxng", "brave"]).default("searxng"),
  /** Agents search the web where this is set; for Brave's own server its key is enough. */
  WEB_SEARCH_URL: httpUrl.optional(),
  WEB_SEARCH_API_KEY: z.string().min(1).optional(),
  TELEGRAM_API_ROOT: httpUrl.default("https://api.telegram.org"),
  /** `auto`: web hook when PUBLIC_URL is https, else long polling. */
  TELEGRAM_MODE: z.enum(["auto", "webhook", "polling"]).default("auto"),
  RATE_LIMIT_PER_MINUTE: whole(120, 1, 1_000_000),
  TOKEN_RATE_LIMIT_PER_MINUTE: whole(600, 1, 1_000_000),
  /** What is less urgent is not logged. */
  LOG_LEVEL: LogLevel.default("info"),
})
export type Config = z.infer<typeof Config>

/**
 * Parses an environment. Empty values count as unset.
 * @returns the parsed values, or one line for each variable that is wrong, without the value itself
 */
export function parseEnvironment<T extends z.ZodType>(
  schema: T,
  environment: Readonly<Record<string, unknown>>,
): { status: "ok"; config: z.infer<T> } | { status: "invalid"; problems: string[] } {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => typeof value === "string" && value !== ""),
  )
  const parsed = schema.safeParse(set, { error: sayPlainly })
  if (parsed.success) return { status: "ok", config: parsed.data }
  return {
    status: "invalid",
    problems: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  }
}
