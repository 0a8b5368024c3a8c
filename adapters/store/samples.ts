/** Rows for the store's tests, valid and alike; a test names what matters to it. */
import type {
  ApprovalRow,
  ConversationRow,
  DeliveryRow,
  MessageRow,
  ModelCallRow,
  Projection,
  TurnRow,
} from "../../core/projection.ts"
import { ChannelId, ChoiceId, ConversationId, EpochMs, GroupId, TokenId, TurnId, UserId } from "../../core/units.ts"
import type { ChannelRow, GroupRow, SessionRow, TokenRow, UserRow } from "./rows.ts"

const hex = (number: number, length: number) => number.toString(16).padStart(length, "0")

export const at = (ms: number): EpochMs => EpochMs.parse(1_790_000_000_000 + ms)
export const userId = (number: number): UserId => UserId.parse(`user_${hex(number, 24)}`)
export const groupId = (number: number): GroupId => GroupId.parse(`grp_${hex(number, 24)}`)
export const channelId = (number: number): ChannelId => ChannelId.parse(`chan_${hex(number, 24)}`)
export const tokenId = (number: number): TokenId => TokenId.parse(`tok_${hex(number, 12)}`)
export const loopId = (number: number): ConversationId => ConversationId.parse(`loop_${hex(number, 32)}`)
export const turnId = (loop: number, turn: number): TurnId => TurnId.parse(`turn_${loopId(loop)}_${turn}`)

export const choiceId = (loop: number, turn: number, question = 1): ChoiceId =>
  ChoiceId.parse(`choice_${loopId(loop)}_${turn}_${question}`)

export function user(number: number, changes: Partial<UserRow> = {}): UserRow {
  const created = { createdAt: at(0), passwordChangedAt: at(0) }
  return {
    id: userId(number),
    username: `user-${number}`,
    passwordHash: "scrypt",
    role: "admin",
    disabledAt: null,
    ...created,
    ...changes,
  }
}

export function session(tokenHash: string, changes: Partial<SessionRow> = {}): SessionRow {
  const times = { createdAt: at(0), expiresAt: at(1000), lastUsedAt: at(0) }
  return { tokenHash, userId: userId(1), userAgent: "Firefox", ...times, ...changes }
}

export function token(number: number, changes: Partial<TokenRow> = {}): TokenRow {
  const times = { createdAt: at(number), expiresAt: null, lastUsedAt: null, revokedAt: null }
  const label = `token ${number}`
  return {
    id: tokenId(number),
    userId: userId(1),
    label,
    tokenHash: `hash-${number}`,
    scopes: ["chat"],
    ...times,
    ...changes,
  }
}

/** One that leaves everything to the gateway. */
export function plainGroup(number: number, changes: Partial<GroupRow> = {}): GroupRow {
  return {
    id: groupId(number),
    name: `group-${number}`,
    description: "",
    systemPrompt: "",
    model: null,
    apiKeySealed: null,
    skills: [],
    tools: null,
    budgetMaxTokensDay: null,
    budgetMaxTokensMonth: null,
    budgetMaxMicroUsdDay: null,
    budgetMaxMicroUsdMonth: null,
    conversationMaxTokensDay: null,
    conversationMaxTokensMonth: null,
    conversationMaxMicroUsdDay: null,
    conversationMaxMicroUsdMonth: null,
    hotSwapConfig: null,
    fallbackChainConfig: null,
    historyMessages: null,
    maxOutputTokens: null,
    createdAt: at(number),
    updatedAt: at(number),
    version: 1,
    ...changes,
  }
}

export function group(number: number, changes: Partial<GroupRow> = {}): GroupRow {
  return plainGroup(number, {
    systemPrompt: "Be kind.",
    apiKeySealed: "sealed",
    skills: ["web-browse"],
    budgetMaxTokensDay: 100_000,
    hotSwapConfig: { enabled: true, tiers: [{ model: "small", maxComplexity: 40 }] },
    ...changes,
  })
}

export function channel(number: number, changes: Partial<ChannelRow> = {}): ChannelRow {
  return {
    id: channelId(number),
    kind: "telegram",
    name: `channel-${number}`,
    config: { allowedUserIds: [1, 2] },
    secretSealed: "sealed",
    webhookSecretSealed: "sealed too",
    groupId: null,
    enabled: true,
    createdAt: at(number),
    updatedAt: at(number),
    version: 1,
    ...changes,
  }
}

export function loop(number: number, changes: Partial<ConversationRow> = {}): ConversationRow {
  return {
    id: loopId(number),
    kind: "loop",
    ownerId: userId(1),
    channelId: null,
    groupName: null,
    title: `loop ${number}`,
    metadata: { ticket: "7" },
    profiles: [],
    status: "idle",
    turnCount: 1,
    createdAt: at(0),
    lastActivityAt: at(number),
    archivedAt: null,
    version: 1,
    ...changes,
  }
}

export function message(loop: number, turn: number, place: number, text = "Hello"): MessageRow {
  return {
    id: `${turnId(loop, turn)}_${place}`,
    conversationId: loopId(loop),
    turnId: turnId(loop, turn),
    position: turn * 100_000 + place,
    role: "user",
    blocks: [{ type: "text", text }],
    text,
    source: { kind: "api", userId: userId(1) },
    tainted: true,
    createdAt: at(turn),
  }
}

export function turn(loop: number, number: number, changes: Partial<TurnRow> = {}): TurnRow {
  const ended = { errorCode: null, errorMessage: null, modelCalls: 1, startedAt: at(number), endedAt: at(number + 1) }
  const ids = { id: turnId(loop, number), conversationId: loopId(loop), groupId: null }
  return { ...ids, status: "done", ...ended, version: 1, ...changes }
}

export function modelCall(loop: number, turn: number, call: number): ModelCallRow {
  return {
    id: `${turnId(loop, turn)}_${call}`,
    conversationId: loopId(loop),
    turnId: turnId(loop, turn),
    groupId: groupId(1),
    model: "small",
    outcome: "end",
    inputTokens: 10,
    cacheReadTokens: 20,
    cacheWriteTokens: 30,
    outputTokens: 40,
    firstDeltaMs: null,
    durationMs: 5,
    startedAt: at(turn),
    provider: "ollama",
    tier: null,
    reason: null,
    costMicroUsd: 7,
  }
}

export function delivery(loop: number, turn: number, changes: Partial<DeliveryRow> = {}): DeliveryRow {
  return {
    id: `${turnId(loop, turn)}_out`,
    conversationId: loopId(loop),
    turnId: turnId(loop, turn),
    channelId: channelId(1),
    status: "pending",
    attempts: 0,
    maybeRepeated: false,
    externalId: null,
    reason: null,
    createdAt: at(turn),
    updatedAt: at(turn),
    version: 1,
    ...changes,
  }
}

export function approval(loop: number, turn: number, changes: Partial<ApprovalRow> = {}): ApprovalRow {
  return {
    id: choiceId(loop, turn),
    conversationId: loopId(loop),
    turnId: turnId(loop, turn),
    groupId: null,
    kind: "permission",
    status: "pending",
    tool: "run_script",
    input: { form: "argv", argv: ["ls"] },
    argumentsSha256: "a".repeat(64),
    argumentsSizeBytes: 30,
    argumentsMasked: false,
    risk: "high",
    reason: "The tool's risk is high.",
    marks: [],
    onTimeout: "reject",
    condition: { kind: "argv", program: "ls", arguments: [] },
    source: null,
    resolvedById: null,
    resolvedByName: null,
    comment: null,
    answers: null,
    requestedAt: at(turn),
    expiresAt: at(turn + 60_000),
    resolvedAt: null,
    version: 1,
    ...changes,
  }
}

export function projection(rows: Partial<Projection>): Projection {
  return { conversations: [], messages: [], turns: [], modelCalls: [], deliveries: [], approvals: [], ...rows }
}
