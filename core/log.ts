/** What both hosts write to the log: one JSON object a line, flat, with every secret taken out. Refuses nothing, masks all. */
import * as z from "zod"
import { isLoopError } from "./errors.ts"
import { isSecretName, redact } from "./redact.ts"
import { ConversationId, type EpochMs, toRfc3339 } from "./units.ts"

/** From the least to the most urgent. */
export const LogLevel = z.enum(["debug", "info", "warn", "error"])
export type LogLevel = z.infer<typeof LogLevel>

export interface LogEntry {
  readonly level: LogLevel
  /** A fixed word, such as `request_failed`. */
  readonly event: string
  /** Of the HTTP request that the entry belongs to: what its answer's `x-request-id` says. */
  readonly requestId?: string
  /** Of the conversation and the turn that the entry belongs to. */
  readonly conversationId?: string
  readonly turnId?: string
  readonly [field: string]: string | number | boolean | undefined
}
export type Log = (entry: LogEntry) => void

export interface LogOptions {
  /** What is less urgent is not written. */
  readonly least: LogLevel
  readonly now: () => EpochMs
  readonly write: (level: LogLevel, line: string) => void
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** A log that writes lines. Every text of an entry is redacted here once more, whoever wrote it. */
export function createLog({ least, now, write }: LogOptions): Log {
  return (entry) => {
    if (ranks[entry.level] < ranks[least]) return
    write(entry.level, JSON.stringify({ time: toRfc3339(now()), ...masked(entry) }))
  }
}

function masked(entry: LogEntry): Record<string, string | number | boolean | undefined> {
  const fields = Object.entries(entry).map(([name, value]) => {
    if (typeof value !== "string") return [name, value]
    return [name, isSecretName(name) ? "[redacted]" : redact(value)]
  })
  return Object.fromEntries(fields)
}

/** The fields that name an object of ours; a conversation is named as such too. */
export function objectFields(object: string): { object: string; conversationId?: ConversationId } {
  const id = ConversationId.safeParse(/^conversation\/(\S+)/.exec(object)?.[1])
  return id.success ? { object, conversationId: id.data } : { object }
}

/** How many failures of a chain or bundle of causes are told. */
const maxCauses = 5

/** A failure as one redacted line: its name, message and causes. Stacks stay out: they repeat messages. */
export function describeFailure(error: unknown): string {
  const parts: string[] = []
  const open: unknown[] = [error]
  while (open.length > 0 && parts.length < maxCauses) {
    const current = open.shift()
    if (current === undefined || current === null) continue
    parts.push(describeOne(current))
    if (typeof current !== "object") continue
    if ("errors" in current && Array.isArray(current.errors)) open.push(...current.errors)
    if ("cause" in current) open.push(current.cause)
  }
  return redact(parts.join(" <- ")).slice(0, 2_000)
}

function describeOne(error: unknown): string {
  if (isLoopError(error)) return error.code
  if (error instanceof Error) return `${error.name}: ${error.message}`
  return typeof error === "string" ? error : typeof error
}
