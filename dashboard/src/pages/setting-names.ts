/** What the page calls the gateway's settings. */
import type { SettingName } from "../../../core/settings.ts"

/** Where the name itself does not say it well. */
const names: Readonly<Partial<Record<SettingName, string>>> = {
  historyMessages: "Messages of history",
  maxOutputTokens: "Longest answer, tokens",
  concurrentTurns: "Turns at the same moment",
  budgetMaxTokensDay: "Tokens a day",
  budgetMaxTokensMonth: "Tokens a month",
  budgetMaxUsdDay: "Dollars a day",
  budgetMaxUsdMonth: "Dollars a month",
  conversationMaxTokensDay: "Tokens a day, each conversation",
  conversationMaxTokensMonth: "Tokens a month, each conversation",
  conversationMaxUsdDay: "Dollars a day, each conversation",
  conversationMaxUsdMonth: "Dollars a month, each conversation",
}

/** `timeZone` is read as “Time zone”. */
export function nameSetting(name: SettingName): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return names[name] ?? words.charAt(0).toUpperCase() + words.slice(1)
}
