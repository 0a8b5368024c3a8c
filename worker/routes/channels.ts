/** Channels: their rows and sealed secrets. Connecting, polling and sending is the Channel object's work. */
import * as z from "zod"
import {
  type ChannelChanges,
  createChannel,
  deleteChannel,
  getChannel,
  listChannels,
  type NewChannel,
  updateChannel,
} from "../../core/api/channels.ts"
import { isLoopError, LoopError, toErrorBody } from "../../core/errors.ts"
import { ChannelId, toHex, toRfc3339 } from "../../core/units.ts"
import * as store from "../../adapters/store/channels.ts"
import { isOwned, readOwnership } from "../../adapters/store/ownership.ts"
import type { FileOwnership } from "../../core/gateway-file.ts"
import type { ChannelRow } from "../../adapters/store/rows.ts"
import type { ChannelStatus } from "../../durable-objects/peers.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"
import { tellLive } from "../live.ts"
import { describeFailure } from "../../core/log.ts"
import { retryEdit } from "./retry-edit.ts"

/** The public settings of a Telegram channel, as its row holds them. */
const TelegramConfig = z.object({
  allowedUserIds: z.array(z.number().int()),
  approverUserIds: z.array(z.number().int()).nullable().default(null),
  botTokenHint: z.string(),
})
type TelegramConfig = z.infer<typeof TelegramConfig>

/** 256 bits; Telegram takes 1 to 256 characters of A-Z a-z 0-9 _ - (Bot API "setWebhook"). */
const webhookSecretBytes = 32

export function bindChannels(binder: Binder, deps: EdgeDeps): void {
  const find = async (channelId: ChannelId) => {
    const row = await store.findChannel(deps.libsql, channelId)
    if (row === undefined) throw new LoopError("channel_not_found")
    return row
  }
  const tellChanged = (id: ChannelId) => tellLive(deps, { event: "settings:changed", data: { what: "channel", id } })
  const show = async (row: ChannelRow, owned: FileOwnership) =>
    toView(row, await askChannel(deps, row.id, "status"), isOwned(owned.channels, row.id))
  const refuseOwned = async (channelId: ChannelId) => {
    if (isOwned((await readOwnership(deps.libsql)).channels, channelId)) throw new LoopError("managed_by_file")
  }

  bind(binder, listChannels, async ({ query }) => {
    const after = query.after === undefined ? undefined : ChannelId.safeParse(query.after)
    if (after?.success === false) throw new LoopError("invalid_cursor")
    const [page, owned] = await Promise.all([
      store.listChannels(deps.libsql, { limit: query.limit, after: after?.data }),
      readOwnership(deps.libsql),
    ])
    return {
      data: await Promise.all(page.rows.map((row) => show(row, owned))),
      nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null,
    }
  })

  bind(binder, createChannel, async ({ body }) => {
    const row = await store.createChannel(deps.libsql, newChannel(deps, body))
    tellChanged(row.id)
    return toView(row, await askChannel(deps, row.id, "refresh"), false)
  })

  bind(binder, getChannel, async ({ params }) => {
    const [row, owned] = await Promise.all([find(params.channelId), readOwnership(deps.libsql)])
    return show(row, owned)
  })

  bind(binder, updateChannel, async ({ params, body }) => {
    await refuseOwned(params.channelId)
    const row = await retryEdit<ChannelRow>(async () => {
      const changed = applyChannelChanges(deps, await find(params.channelId), body)
      const outcome = await store.updateChannel(deps.libsql, changed)
      if (outcome.status === "not_found") throw new LoopError("channel_not_found")
      return outcome.status === "updated" ? { status: "done", value: outcome.channel } : { status: "conflict" }
    })
    tellChanged(row.id)
    return toView(row, await askChannel(deps, row.id, "refresh"), false)
  })

  bind(binder, deleteChannel, async ({ params }) => {
    await refuseOwned(params.channelId)
    const { status } = await store.removeChannel(deps.libsql, params.channelId)
    if (status === "not_found") throw new LoopError("channel_not_found")
    tellChanged(params.channelId)
    await askChannel(deps, params.channelId, "refresh")
    return {}
  })
}

/** A channel that is bound to no group, not stored. */
export function newChannel(
  deps: Pick<EdgeDeps, "vault" | "now" | "random">,
  { kind, name, config: { botToken, allowedUserIds, approverUserIds } }: NewChannel,
): Omit<ChannelRow, "version" | "groupId"> {
  const id = ChannelId.parse(`chan_${toHex(deps.random(12))}`)
  const now = deps.now()
  return {
    id,
    kind,
    name,
    config: { allowedUserIds, approverUserIds, botTokenHint: hint(botToken) },
    ...sealSecrets(deps, id, botToken),
    enabled: true,
    createdAt: now,
    updatedAt: now,
  }
}

/** The row with the named fields changed. */
export function applyChannelChanges(
  deps: Pick<EdgeDeps, "vault" | "now" | "random">,
  row: ChannelRow,
  changes: ChannelChanges,
): ChannelRow {
  const config = TelegramConfig.parse(row.config)
  const { allowedUserIds = config.allowedUserIds, approverUserIds = config.approverUserIds } = changes.config ?? {}
  const botToken = changes.config?.botToken
  return {
    ...row,
    name: changes.name ?? row.name,
    enabled: changes.enabled ?? row.enabled,
    config: {
      allowedUserIds,
      approverUserIds,
      botTokenHint: botToken === undefined ? config.botTokenHint : hint(botToken),
    },
    ...(botToken === undefined ? {} : sealSecrets(deps, row.id, botToken)),
    updatedAt: deps.now(),
  }
}

/** Another bot gets another web hook secret: what the old one's holder knew is worth nothing. */
function sealSecrets(deps: Pick<EdgeDeps, "vault" | "random">, id: ChannelId, botToken: string) {
  const webhookSecret = toHex(deps.random(webhookSecretBytes))
  const place = { table: "channels", row: id }
  return {
    secretSealed: deps.vault.seal({ ...place, column: "secret" }, JSON.stringify({ botToken })),
    webhookSecretSealed: deps.vault.seal({ ...place, column: "webhook_secret" }, webhookSecret),
  }
}

/** Four of the 35 characters behind the colon; none of a token so short that they would give it away. */
const hint = (botToken: string) => (botToken.length < 20 ? "" : botToken.slice(-4))

/** The row stands, whatever its object says: a part that does not answer is shown as the problem it is. */
export async function askChannel(
  deps: Pick<EdgeDeps, "peers" | "log">,
  id: ChannelId,
  method: "status" | "refresh",
): Promise<ChannelStatus> {
  try {
    return await deps.peers("channel", id).call(method, {})
  } catch (error) {
    const code = isLoopError(error) ? error.code : "peer_unavailable"
    deps.log({ level: "warn", event: "channel_unavailable", channel: id, cause: describeFailure(error) })
    return { status: "failing", mode: null, problem: toErrorBody(code).error.message, lastInboundAt: null }
  }
}

function toView(row: ChannelRow, live: ChannelStatus, managed: boolean) {
  const { config, createdAt, updatedAt, ...shown } = row
  return {
    ...shown,
    config: TelegramConfig.parse(config),
    status: live.status,
    mode: live.mode,
    problem: live.problem,
    managed,
    lastInboundAt: live.lastInboundAt === null ? null : toRfc3339(live.lastInboundAt),
    createdAt: toRfc3339(createdAt),
    updatedAt: toRfc3339(updatedAt),
  }
}
