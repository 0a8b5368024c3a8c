/**
 * The tables of libSQL, the system of record. Migrations are generated from here (`npm run migrations:generate`).
 *
 * There are no foreign keys. Projected rows arrive in any order, and enforcement is a setting of each connection, which a
 * remote server does not promise; what must hold between tables is a condition inside one statement instead.
 * Instants are whole epoch milliseconds given by the caller. No column has a default: a row is always written whole.
 */
import { sql } from "drizzle-orm"
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core"

const json = (name: string) => text(name, { mode: "json" })
const flag = (name: string) => integer(name, { mode: "boolean" })

export const users = sqliteTable(
  "users",
  {
    id: text("id").primaryKey(),
    username: text("username").notNull(),
    /** The name without case, so that Ada and ada are one account. */
    usernameKey: text("username_key").notNull(),
    passwordHash: text("password_hash").notNull(),
    role: text("role").notNull(),
    createdAt: integer("created_at").notNull(),
    passwordChangedAt: integer("password_changed_at").notNull(),
    /** Since when nobody gets in by this account; null: it is in use. */
    disabledAt: integer("disabled_at"),
  },
  (table) => [uniqueIndex("users_username_key").on(table.usernameKey)],
)

export const invitations = sqliteTable(
  "invitations",
  {
    id: text("id").primaryKey(),
    codeHash: text("code_hash").notNull(),
    role: text("role").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    /** The account that came of it; null while it is open. */
    acceptedBy: text("accepted_by"),
  },
  (table) => [
    uniqueIndex("invitations_code_hash").on(table.codeHash),
    index("invitations_created").on(table.createdAt, table.id),
  ],
)

export const sessions = sqliteTable(
  "sessions",
  {
    tokenHash: text("token_hash").primaryKey(),
    userId: text("user_id").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    lastUsedAt: integer("last_used_at").notNull(),
    userAgent: text("user_agent").notNull(),
  },
  (table) => [index("sessions_user").on(table.userId), index("sessions_expiry").on(table.expiresAt)],
)

export const tokens = sqliteTable(
  "tokens",
  {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    label: text("label").notNull(),
    tokenHash: text("token_hash").notNull(),
    scopes: json("scopes").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
    lastUsedAt: integer("last_used_at"),
    revokedAt: integer("revoked_at"),
  },
  (table) => [
    uniqueIndex("tokens_token_hash").on(table.tokenHash),
    index("tokens_user").on(table.userId, table.createdAt, table.id),
  ],
)

export const loginAttempts = sqliteTable(
  "login_attempts",
  {
    key: text("key").primaryKey(),
    failures: integer("failures").notNull(),
    windowStartedAt: integer("window_started_at").notNull(),
  },
  (table) => [index("login_attempts_window").on(table.windowStartedAt)],
)

export const agentGroups = sqliteTable(
  "agent_groups",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    description: text("description").notNull(),
    systemPrompt: text("system_prompt").notNull(),
    /** Null: the gateway's default model. */
    model: text("model"),
    apiKeySealed: text("api_key_sealed"),
    skills: json("skills").notNull(),
    budgetMaxTokensDay: integer("budget_max_tokens_day"),
    budgetMaxTokensMonth: integer("budget_max_tokens_month"),
    hotSwapConfig: json("hot_swap_config"),
    /** Its providers' keys are sealed inside. */
    fallbackChainConfig: json("fallback_chain_config"),
    historyMessages: integer("history_messages"),
    maxOutputTokens: integer("max_output_tokens"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    version: integer("version").notNull(),
    budgetMaxMicroUsdDay: integer("budget_max_micro_usd_day"),
    budgetMaxMicroUsdMonth: integer("budget_max_micro_usd_month"),
    /** Of each conversation of the group. */
    conversationMaxTokensDay: integer("conversation_max_tokens_day"),
    conversationMaxTokensMonth: integer("conversation_max_tokens_month"),
    conversationMaxMicroUsdDay: integer("conversation_max_micro_usd_day"),
    conversationMaxMicroUsdMonth: integer("conversation_max_micro_usd_month"),
    /** Names of the tools that its agent may call; null: all. */
    tools: json("tools"),
  },
  (table) => [uniqueIndex("agent_groups_name").on(table.name)],
)

export const channels = sqliteTable(
  "channels",
  {
    id: text("id").primaryKey(),
    kind: text("kind").notNull(),
    name: text("name").notNull(),
    /** The public part of the settings. */
    config: json("config").notNull(),
    secretSealed: text("secret_sealed").notNull(),
    webhookSecretSealed: text("webhook_secret_sealed").notNull(),
    groupId: text("group_id"),
    enabled: flag("enabled").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    version: integer("version").notNull(),
  },
  (table) => [index("channels_group").on(table.groupId)],
)

export const conversations = sqliteTable(
  "conversations",
  {
    id: text("id").primaryKey(),
    kind: text("kind").notNull(),
    ownerId: text("owner_id"),
    channelId: text("channel_id"),
    groupName: text("group_name"),
    title: text("title").notNull(),
    metadata: json("metadata").notNull(),
    profiles: json("profiles").notNull(),
    status: text("status").notNull(),
    turnCount: integer("turn_count").notNull(),
    createdAt: integer("created_at").notNull(),
    lastActivityAt: integer("last_activity_at").notNull(),
    archivedAt: integer("archived_at"),
    version: integer("version").notNull(),
  },
  (table) => [
    // A person's open loops and archived loops are two lists: each walks its own index from the newest on.
    index("conversations_open")
      .on(table.ownerId, table.lastActivityAt, table.id)
      .where(sql`archived_at is null`),
    index("conversations_archived")
      .on(table.ownerId, table.lastActivityAt, table.id)
      .where(sql`archived_at is not null`),
    index("conversations_activity").on(table.lastActivityAt, table.id),
    index("conversations_all_archived")
      .on(table.lastActivityAt, table.id)
      .where(sql`archived_at is not null`),
    index("conversations_channel").on(table.channelId, table.lastActivityAt, table.id),
    index("conversations_busy")
      .on(table.status, table.lastActivityAt, table.id)
      .where(sql`status <> 'idle'`),
  ],
)

/**
 * Transcript entries. A view, a full-text index over it and the triggers that keep it stand beside them, written by hand in
 * the migration `0001_search`: drizzle knows none of them, so a migration that rebuilds this table must make them again.
 */
export const messages = sqliteTable(
  "messages",
  {
    /** In the order in which the database learnt of them. Names the entry in the full-text index. */
    seq: integer("seq").primaryKey(),
    id: text("id").notNull(),
    conversationId: text("conversation_id").notNull(),
    turnId: text("turn_id").notNull(),
    position: integer("position").notNull(),
    role: text("role").notNull(),
    blocks: json("blocks").notNull(),
    text: text("text").notNull(),
    source: json("source"),
    tainted: flag("tainted").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("messages_id").on(table.id),
    index("messages_position").on(table.conversationId, table.position),
  ],
)

export const turns = sqliteTable(
  "turns",
  {
    id: text("id").primaryKey(),
    conversationId: text("conversation_id").notNull(),
    groupId: text("group_id"),
    status: text("status").notNull(),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    modelCalls: integer("model_calls").notNull(),
    startedAt: integer("started_at").notNull(),
    endedAt: integer("ended_at"),
    version: integer("version").notNull(),
  },
  (table) => [
    index("turns_conversation").on(table.conversationId, table.startedAt),
    index("turns_started").on(table.startedAt),
    index("turns_group").on(table.groupId, table.startedAt),
    index("turns_not_done")
      .on(table.status, table.startedAt)
      .where(sql`status <> 'done'`),
  ],
)

export const modelCalls = sqliteTable(
  "model_calls",
  {
    id: text("id").primaryKey(),
    conversationId: text("conversation_id").notNull(),
    turnId: text("turn_id").notNull(),
    groupId: text("group_id"),
    model: text("model").notNull(),
    outcome: text("outcome").notNull(),
    inputTokens: integer("input_tokens").notNull(),
    cacheReadTokens: integer("cache_read_tokens").notNull(),
    cacheWriteTokens: integer("cache_write_tokens").notNull(),
    outputTokens: integer("output_tokens").notNull(),
    firstDeltaMs: integer("first_delta_ms"),
    durationMs: integer("duration_ms").notNull(),
    startedAt: integer("started_at").notNull(),
    /** Null, as the next three: recorded by a version that did not know it. */
    provider: text("provider"),
    tier: text("tier"),
    /** Why this model. */
    reason: text("reason"),
    /** Rounded up; null also where the price was not known. */
    costMicroUsd: integer("cost_micro_usd"),
  },
  (table) => [
    index("model_calls_started").on(table.startedAt),
    index("model_calls_group").on(table.groupId, table.startedAt),
  ],
)

/**
 * What model calls used, summed by quarters of an hour: every time zone's day begins on one. A trigger on `model_calls` keeps
 * it, so that sums over a year read few rows and outlive the calls of an erased conversation.
 */
export const modelUsage = sqliteTable(
  "model_usage",
  {
    quarterStartsAt: integer("quarter_starts_at").notNull(),
    /** Empty for calls of no group. */
    groupId: text("group_id").notNull(),
    model: text("model").notNull(),
    calls: integer("calls").notNull(),
    inputTokens: integer("input_tokens").notNull(),
    cacheReadTokens: integer("cache_read_tokens").notNull(),
    cacheWriteTokens: integer("cache_write_tokens").notNull(),
    outputTokens: integer("output_tokens").notNull(),
    /** Of the calls whose cost is known. */
    costMicroUsd: integer("cost_micro_usd").notNull(),
    unpricedCalls: integer("unpriced_calls").notNull(),
  },
  (table) => [primaryKey({ columns: [table.quarterStartsAt, table.groupId, table.model] })],
)

/** Limits that a conversation has of its own, in place of those of its group or of the settings. */
export const conversationBudgets = sqliteTable("conversation_budgets", {
  conversationId: text("conversation_id").primaryKey(),
  maxTokensDay: integer("max_tokens_day"),
  maxTokensMonth: integer("max_tokens_month"),
  maxMicroUsdDay: integer("max_micro_usd_day"),
  maxMicroUsdMonth: integer("max_micro_usd_month"),
  updatedAt: integer("updated_at").notNull(),
  version: integer("version").notNull(),
})

/**
 * Conversations that were erased, by a digest of their id: what their objects still send is not written. A person who writes
 * again in an erased chat begins a new life of it, with higher numbers.
 */
export const erasedConversations = sqliteTable("erased_conversations", {
  idHash: text("id_hash").primaryKey(),
  /** Of the last turn, and the version of the conversation's row, that the erased life may have had. */
  lastTurn: integer("last_turn").notNull(),
  lastVersion: integer("last_version").notNull(),
  erasedAt: integer("erased_at").notNull(),
})

export const deliveries = sqliteTable(
  "deliveries",
  {
    id: text("id").primaryKey(),
    conversationId: text("conversation_id").notNull(),
    turnId: text("turn_id").notNull(),
    channelId: text("channel_id").notNull(),
    status: text("status").notNull(),
    attempts: integer("attempts").notNull(),
    maybeRepeated: flag("maybe_repeated").notNull(),
    externalId: text("external_id"),
    reason: text("reason"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    version: integer("version").notNull(),
  },
  (table) => [
    index("deliveries_conversation").on(table.conversationId, table.createdAt),
    index("deliveries_unsent")
      .on(table.status)
      .where(sql`status <> 'sent'`),
  ],
)

/** What people were asked, and what they said. Secrets in the arguments are masked. */
export const approvals = sqliteTable(
  "approvals",
  {
    id: text("id").primaryKey(),
    conversationId: text("conversation_id").notNull(),
    turnId: text("turn_id").notNull(),
    groupId: text("group_id"),
    kind: text("kind").notNull(),
    status: text("status").notNull(),
    tool: text("tool").notNull(),
    input: json("input").notNull(),
    argumentsSha256: text("arguments_sha256").notNull(),
    argumentsSizeBytes: integer("arguments_size_bytes").notNull(),
    argumentsMasked: flag("arguments_masked").notNull(),
    risk: text("risk").notNull(),
    reason: text("reason").notNull(),
    marks: json("marks").notNull(),
    onTimeout: text("on_timeout").notNull(),
    /** What "always for this" would allow; null: nothing. */
    condition: json("condition"),
    source: text("source"),
    resolvedById: text("resolved_by_id"),
    resolvedByName: text("resolved_by_name"),
    comment: text("comment"),
    answers: json("answers"),
    requestedAt: integer("requested_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    resolvedAt: integer("resolved_at"),
    version: integer("version").notNull(),
  },
  (table) => [
    index("approvals_requested").on(table.requestedAt, table.id),
    index("approvals_status").on(table.status, table.requestedAt, table.id),
    index("approvals_turn").on(table.turnId),
    index("approvals_conversation").on(table.conversationId),
  ],
)

/** What operators ruled for tools. */
export const approvalRules = sqliteTable(
  "approval_rules",
  {
    toolName: text("tool_name").notNull(),
    /** Empty: for all groups without a rule of their own. */
    groupId: text("group_id").notNull(),
    riskLevel: text("risk_level"),
    requireApproval: flag("require_approval").notNull(),
    timeoutSeconds: integer("timeout_seconds"),
    timeoutAction: text("timeout_action").notNull(),
    autoApprove: json("auto_approve").notNull(),
    updatedAt: integer("updated_at").notNull(),
    updatedBy: text("updated_by").notNull(),
    version: integer("version").notNull(),
  },
  (table) => [primaryKey({ columns: [table.toolName, table.groupId] })],
)

/**
 * Who did what, in the order of writing. Rows are only ever added: each carries a keyed hash over itself and the hash before
 * it, so that a changed or missing row shows.
 */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    /** 1, 2, 3 … without gaps. */
    seq: integer("seq").primaryKey(),
    at: integer("at").notNull(),
    action: text("action").notNull(),
    actorId: text("actor_id"),
    actorName: text("actor_name").notNull(),
    /** By what they were known: `cookie`, `session`, `token`, `none`. */
    credential: text("credential").notNull(),
    targetKind: text("target_kind"),
    targetId: text("target_id"),
    requestId: text("request_id").notNull(),
    address: text("address").notNull(),
    details: json("details").notNull(),
    mac: text("mac").notNull(),
  },
  (table) => [
    index("audit_events_action").on(table.action, table.seq),
    index("audit_events_actor").on(table.actorId, table.seq),
    index("audit_events_target").on(table.targetId, table.seq),
    index("audit_events_at").on(table.at, table.seq),
  ],
)

/** What operators set for the whole gateway: one document for each key, every version of which is kept beside it. */
export const settings = sqliteTable("settings", {
  key: text("key").primaryKey(),
  value: json("value").notNull(),
  version: integer("version").notNull(),
  updatedAt: integer("updated_at").notNull(),
  /** A user's name, or where the change came from. */
  updatedBy: text("updated_by").notNull(),
})

export const settingsHistory = sqliteTable(
  "settings_history",
  {
    key: text("key").notNull(),
    version: integer("version").notNull(),
    value: json("value").notNull(),
    updatedAt: integer("updated_at").notNull(),
    updatedBy: text("updated_by").notNull(),
  },
  (table) => [primaryKey({ columns: [table.key, table.version] })],
)

/** Tokens by which runners connect. Each is bound to the runner that uses it first. */
export const runnerTokens = sqliteTable(
  "runner_tokens",
  {
    tokenId: text("token_id").primaryKey(),
    /** What its runner may do. */
    capabilities: json("capabilities").notNull(),
    /** Null until its first use. */
    runnerId: text("runner_id"),
    createdAt: integer("created_at").notNull(),
    boundAt: integer("bound_at"),
  },
  (table) => [index("runner_tokens_runner").on(table.runnerId)],
)

/** What runners were told to do, and how it ended; without what it was made of and what it gave. */
export const commands = sqliteTable(
  "commands",
  {
    id: text("id").primaryKey(),
    kind: text("kind").notNull(),
    status: text("status").notNull(),
    runnerId: text("runner_id"),
    conversationId: text("conversation_id"),
    correlationId: text("correlation_id"),
    /** Why it failed or was rejected; null unless it did. */
    failureCode: text("failure_code"),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    acceptedAt: integer("accepted_at"),
    startedAt: integer("started_at"),
    endedAt: integer("ended_at"),
    version: integer("version").notNull(),
  },
  (table) => [
    index("commands_created").on(table.createdAt, table.id),
    index("commands_status").on(table.status, table.createdAt, table.id),
    index("commands_runner").on(table.runnerId, table.createdAt, table.id),
    index("commands_conversation").on(table.conversationId, table.createdAt, table.id),
    index("commands_correlation").on(table.correlationId, table.createdAt, table.id),
  ],
)

/** What belongs to this installation as a whole, such as the check value of its encryption key. */
export const instance = sqliteTable("instance", {
  key: text("key").primaryKey(),
  value: text("value").notNull(),
})
