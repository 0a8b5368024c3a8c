/** What an administrator sets for the whole gateway. Null everywhere means: the environment's value, or the default. */
import * as z from "zod"
import type { BudgetLimits } from "./budget/limits.ts"
import { toMicroUsd } from "./budget/usd.ts"
import { HomeChat } from "./channel/home-chat.ts"
import { type EdgeEnvironment, effectiveLimits, within } from "./edge-mode.ts"

/** An IANA name that this host's calendar knows, such as Europe/Berlin. */
export const TimeZone = z.string().max(100).refine(isTimeZone, "must be a time zone such as Europe/Berlin")

/** Tokens of all kinds; null: no limit. */
export const BudgetTokens = z.number().int().positive().max(Number.MAX_SAFE_INTEGER).nullable()
/** A decimal number of US dollars; null: no limit. */
export const BudgetUsd = z
  .number()
  .positive()
  .max(1_000_000_000)
  .refine((usd) => toMicroUsd(usd) !== null, "must have at most six decimal places")
  .nullable()

const fields = {
  /** Of agents that name no model. */
  defaultModel: z.string().trim().min(1).max(200).nullable(),
  /** In place of the operator's system-prompt.md, for agents without a prompt of their own. */
  systemPrompt: z.string().max(100_000).nullable(),
  historyMessages: z.number().int().min(1).max(1_000).nullable(),
  maxOutputTokens: z.number().int().min(1).max(1_000_000).nullable(),
  /** Turns that run at the same moment; others wait their turn. */
  concurrentTurns: z.number().int().min(1).max(1_000).nullable(),
  timeZone: TimeZone.nullable(),
  home: HomeChat.nullable(),
  /** What all model calls together may use in a day and a month of `timeZone`: tokens of all kinds, and US dollars. */
  budgetMaxTokensDay: BudgetTokens,
  budgetMaxTokensMonth: BudgetTokens,
  budgetMaxUsdDay: BudgetUsd,
  budgetMaxUsdMonth: BudgetUsd,
  /** The same for each conversation, where its group says nothing else. */
  conversationMaxTokensDay: BudgetTokens,
  conversationMaxTokensMonth: BudgetTokens,
  conversationMaxUsdDay: BudgetUsd,
  conversationMaxUsdMonth: BudgetUsd,
}

export const SettingName = z.enum([
  "defaultModel",
  "systemPrompt",
  "historyMessages",
  "maxOutputTokens",
  "concurrentTurns",
  "timeZone",
  "home",
  "budgetMaxTokensDay",
  "budgetMaxTokensMonth",
  "budgetMaxUsdDay",
  "budgetMaxUsdMonth",
  "conversationMaxTokensDay",
  "conversationMaxTokensMonth",
  "conversationMaxUsdDay",
  "conversationMaxUsdMonth",
])
export type SettingName = z.infer<typeof SettingName>

export const Settings = z.object(fields)
export type Settings = z.infer<typeof Settings>

/** Fields that are left out stay as they are; null takes a setting back. Strict: a limit that is misspelt would be no limit. */
export const SettingsChanges = z.strictObject(fields).partial()
export type SettingsChanges = z.infer<typeof SettingsChanges>

export const noSettings: Settings = {
  defaultModel: null,
  systemPrompt: null,
  historyMessages: null,
  maxOutputTokens: null,
  concurrentTurns: null,
  timeZone: null,
  home: null,
  budgetMaxTokensDay: null,
  budgetMaxTokensMonth: null,
  budgetMaxUsdDay: null,
  budgetMaxUsdMonth: null,
  conversationMaxTokensDay: null,
  conversationMaxTokensMonth: null,
  conversationMaxUsdDay: null,
  conversationMaxUsdMonth: null,
}

/** As they were stored by any release: what it did not know yet is not set, and what is no setting any more is left out. */
export const StoredSettings = z
  .object(fields)
  .partial()
  .transform((stored): Settings => applySettings(noSettings, stored))

/** The settings with the named fields changed. */
export function applySettings(before: Settings, changes: SettingsChanges): Settings {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  return { ...before, ...Object.fromEntries(given) }
}

/** The limits of the whole gateway. */
export function budgetOf(settings: Settings): BudgetLimits {
  return {
    maxTokensDay: settings.budgetMaxTokensDay,
    maxTokensMonth: settings.budgetMaxTokensMonth,
    maxMicroUsdDay: microUsdOf(settings.budgetMaxUsdDay),
    maxMicroUsdMonth: microUsdOf(settings.budgetMaxUsdMonth),
  }
}

/** The limits of each conversation. */
export function conversationBudgetOf(settings: Settings): BudgetLimits {
  return {
    maxTokensDay: settings.conversationMaxTokensDay,
    maxTokensMonth: settings.conversationMaxTokensMonth,
    maxMicroUsdDay: microUsdOf(settings.conversationMaxUsdDay),
    maxMicroUsdMonth: microUsdOf(settings.conversationMaxUsdMonth),
  }
}

/** Whole millionths of the dollars of a limit; null: none. */
export function microUsdOf(usd: number | null): number | null {
  return usd === null ? null : toMicroUsd(usd)
}

/** The settings that are in force. */
export interface EffectiveSettings {
  readonly defaultModel: string
  /** Null: system-prompt.md. */
  readonly systemPrompt: string | null
  readonly historyMessages: number
  readonly maxOutputTokens: number
  readonly concurrentTurns: number
  readonly timeZone: string
}

/** @param environment - what the environment says where nothing is set */
export function effectiveSettings(
  settings: Settings,
  environment: { readonly DEFAULT_MODEL: string } & EdgeEnvironment,
): EffectiveSettings {
  const limits = effectiveLimits(environment)
  const prompt = settings.systemPrompt?.trim() ?? ""
  return {
    defaultModel: limits.onlyModel ?? settings.defaultModel ?? environment.DEFAULT_MODEL,
    systemPrompt: prompt === "" ? null : prompt,
    historyMessages: within(limits.historyMessages, settings.historyMessages),
    maxOutputTokens: within(limits.maxOutputTokens, settings.maxOutputTokens),
    concurrentTurns: within(limits.concurrentTurns, settings.concurrentTurns),
    timeZone: settings.timeZone ?? "UTC",
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== ""
  } catch {
    return false
  }
}
