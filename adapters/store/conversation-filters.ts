/** Which conversations a list or a search is about. */
import { type SQL, and, eq, gte, isNotNull, isNull, lt, sql } from "drizzle-orm"
import type { ConversationRow } from "../../core/projection.ts"
import type { ChannelId, EpochMs, GroupId, UserId } from "../../core/units.ts"
import { conversations } from "./schema.ts"

export interface ConversationFilters {
  readonly kind?: ConversationRow["kind"] | undefined
  readonly status?: ConversationRow["status"] | undefined
  readonly archived?: boolean | undefined
  readonly channelId?: ChannelId | undefined
  /** Named by the conversation, or without a name the one that its channel is bound to now. */
  readonly groupId?: GroupId | undefined
  readonly ownerId?: UserId | undefined
  /** At or after this instant. */
  readonly from?: EpochMs | undefined
  /** Before this instant. */
  readonly to?: EpochMs | undefined
}

/** All filters but those of time, as a condition on `conversations`. */
export function conversationCondition(filters: Omit<ConversationFilters, "from" | "to">): SQL | undefined {
  const { kind, status, archived, channelId, groupId, ownerId } = filters
  const { groupName, channelId: channel, archivedAt } = conversations
  return and(
    kind === undefined ? undefined : eq(conversations.kind, kind),
    status === undefined ? undefined : eq(conversations.status, status),
    // Repeats what the index of the few that are busy is limited to: the planner does not conclude it from a parameter.
    status === undefined || status === "idle" ? undefined : sql`${conversations.status} <> 'idle'`,
    archived === undefined ? undefined : archived ? isNotNull(archivedAt) : isNull(archivedAt),
    channelId === undefined ? undefined : eq(channel, channelId),
    ownerId === undefined ? undefined : eq(conversations.ownerId, ownerId),
    groupId === undefined
      ? undefined
      : sql`case when ${groupName} is null
          then ${channel} in (select id from channels where group_id = ${groupId})
          else ${groupName} = (select name from agent_groups where id = ${groupId}) end`,
  )
}

/** The filters of time, on when something last happened. */
export function activityCondition({ from, to }: Pick<ConversationFilters, "from" | "to">): SQL | undefined {
  const { lastActivityAt } = conversations
  return and(
    from === undefined ? undefined : gte(lastActivityAt, from),
    to === undefined ? undefined : lt(lastActivityAt, to),
  )
}
