import { describe, expect, test } from "vitest"
import {
  applySettings,
  effectiveSettings,
  noSettings,
  SettingName,
  Settings,
  SettingsChanges,
  StoredSettings,
} from "./settings.ts"

const environment = {
  DEFAULT_MODEL: "claude-env",
  EDGE_MODE: false,
  EDGE_HAIKU_ONLY: true,
  EDGE_DISABLE_SKILLS: true,
  EDGE_MAX_HISTORY: 8,
  EDGE_MAX_TOKENS: 4_096,
  EDGE_MAX_CONCURRENT: 2,
}

describe("settings", () => {
  test("that are not set leave the environment and the defaults in force", () => {
    expect(effectiveSettings(noSettings, environment)).toEqual({
      defaultModel: "claude-env",
      systemPrompt: null,
      historyMessages: 20,
      maxOutputTokens: 16_384,
      concurrentTurns: 10,
      timeZone: "UTC",
    })
  })

  test("on a small machine never exceed what it has room for", () => {
    const edge = { ...environment, EDGE_MODE: true }
    const asked = { ...noSettings, defaultModel: "claude-opus-5-5", historyMessages: 5, maxOutputTokens: 9_000 }
    expect(effectiveSettings(asked, edge)).toMatchObject({
      defaultModel: "claude-haiku-5-5",
      historyMessages: 5,
      maxOutputTokens: 4_096,
      concurrentTurns: 2,
    })
  })

  test("change by name, and null takes one back", () => {
    const set = applySettings(noSettings, { defaultModel: "gpt-5", historyMessages: 5 })
    expect(applySettings(set, { defaultModel: null })).toEqual({ ...noSettings, historyMessages: 5 })
    expect(applySettings(set, {})).toEqual(set)
  })

  test("of an older release read as not set where it did not know them", () => {
    expect(StoredSettings.parse({ timeZone: "Europe/Berlin" })).toEqual({ ...noSettings, timeZone: "Europe/Berlin" })
  })

  test("of an older release lose what is no setting any more", () => {
    const stored = { ...noSettings, historyMessages: 5, retentionDays: 30 }
    expect(StoredSettings.parse(stored)).toEqual({ ...noSettings, historyMessages: 5 })
  })

  test("have one list of names", () => {
    expect(SettingName.options).toEqual(Object.keys(Settings.shape))
    expect(Object.keys(noSettings)).toEqual(SettingName.options)
  })

  test.each([
    { timeZone: "Mars/Olympus" },
    { timeZone: "" },
    { defaultModel: " " },
    { historyMessages: 0 },
    { historyMessages: 1.5 },
    { maxOutputTokens: -1 },
    { concurrentTurns: 1_001 },
    { home: { channelId: "x", chatId: 1 } },
    { home: { channelId: `chan_${"a".repeat(24)}` } },
    { systemPrompt: "x".repeat(100_001) },
  ])("refuse %j", (changes) => {
    expect(SettingsChanges.safeParse(changes).success).toBe(false)
  })
})
