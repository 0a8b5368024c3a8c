/** An agent group in which nothing is set, as the page is shown it. */
import type { AgentGroupView } from "../../core/api/agents.ts"

export const plainGroup: Omit<AgentGroupView, "id" | "name" | "createdAt" | "updatedAt"> = {
  description: "",
  systemPrompt: "",
  model: null,
  skills: [],
  tools: null,
  budgetMaxTokensDay: null,
  budgetMaxTokensMonth: null,
  budgetMaxUsdDay: null,
  budgetMaxUsdMonth: null,
  conversationMaxTokensDay: null,
  conversationMaxTokensMonth: null,
  conversationMaxUsdDay: null,
  conversationMaxUsdMonth: null,
  historyMessages: null,
  maxOutputTokens: null,
  hotSwapConfig: null,
  hasApiKey: false,
  fallbackChainConfig: null,
  channelIds: [],
  managed: false,
}
