/** Every contract of the gateway, in the order in which its description lists them. */
import * as access from "./access.ts"
import * as agents from "./agents.ts"
import * as approvals from "./approvals.ts"
import * as audit from "./audit.ts"
import * as budgets from "./budgets.ts"
import * as channels from "./channels.ts"
import * as chat from "./chat-completions.ts"
import * as commands from "./commands.ts"
import * as conversations from "./conversations.ts"
import type { Endpoint, SocketEndpoint, StreamEndpoint } from "./endpoint.ts"
import * as live from "./live.ts"
import * as loops from "./loops.ts"
import * as models from "./models.ts"
import * as operations from "./operations.ts"
import * as runners from "./runners.ts"
import * as runs from "./runs.ts"
import * as settings from "./settings.ts"
import * as tokens from "./tokens.ts"
import * as usage from "./usage.ts"
import * as users from "./users.ts"
import * as webhooks from "./webhooks.ts"

export const contracts: readonly (Endpoint | StreamEndpoint | SocketEndpoint)[] = [
  access.getAuthStatus,
  access.setUp,
  access.logIn,
  access.logOut,
  access.getMe,
  users.showInvitation,
  users.acceptInvitation,
  users.changePassword,
  users.listMySessions,
  users.endMySession,
  users.listUsers,
  users.getUser,
  users.updateUser,
  users.deleteUser,
  users.listSessions,
  users.endSession,
  users.listInvitations,
  users.createInvitation,
  users.revokeInvitation,
  users.listIssuedTokens,
  users.revokeIssuedToken,
  audit.listAuditEvents,
  audit.verifyAudit,
  tokens.createToken,
  tokens.listTokens,
  tokens.revokeToken,
  loops.createLoop,
  loops.listLoops,
  loops.getLoop,
  loops.archiveLoop,
  loops.sendMessage,
  loops.watchLoop,
  loops.answerChoice,
  loops.interruptLoop,
  conversations.listConversations,
  conversations.getConversation,
  conversations.listMessages,
  conversations.sendAsOperator,
  conversations.interruptConversation,
  conversations.chooseModel,
  conversations.exportConversation,
  conversations.getOutput,
  conversations.archiveConversation,
  conversations.unarchiveConversation,
  conversations.eraseConversation,
  runs.listRuns,
  approvals.listApprovals,
  approvals.getApprovalStats,
  approvals.getApproval,
  approvals.listRunApprovals,
  approvals.approveRequest,
  approvals.rejectRequest,
  approvals.listApprovalRules,
  approvals.saveApprovalRule,
  approvals.deleteApprovalRule,
  approvals.listTools,
  usage.getUsage,
  usage.getDailyUsage,
  usage.getModelUsage,
  usage.getUsageByGroup,
  usage.getUsageByConversation,
  usage.listCalls,
  usage.exportCalls,
  budgets.getBudgets,
  budgets.getConversationBudget,
  budgets.setConversationBudget,
  agents.listAgentGroups,
  agents.createAgentGroup,
  agents.getAgentGroup,
  agents.updateAgentGroup,
  agents.deleteAgentGroup,
  agents.assignChannel,
  agents.unassignChannel,
  usage.getGroupStats,
  channels.listChannels,
  channels.createChannel,
  channels.getChannel,
  channels.updateChannel,
  channels.deleteChannel,
  runners.listRunners,
  runners.createRunnerToken,
  runners.restartRunner,
  runners.shutDownRunner,
  runners.revokeRunner,
  runners.linkRunner,
  commands.listCommands,
  commands.createCommand,
  commands.getCommand,
  commands.cancelCommand,
  settings.getSettings,
  settings.listSettingsHistory,
  settings.updateSettings,
  settings.applyFile,
  models.listKnownModels,
  operations.getHealth,
  operations.getMetrics,
  operations.getOpenApi,
  live.watchLive,
  webhooks.telegramWebhook,
  chat.createChatCompletion,
  chat.listModels,
  chat.getModel,
]
