/** Agents for programs that speak OpenAI's API. Each request is a message of a conversation like any other. */
import {
  type ChatRequest,
  createChatCompletion,
  defaultModelName,
  getModel,
  listModels,
} from "../../core/api/chat-completions.ts"
import type { InboundMessage } from "../../core/channel/message.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import type { ImageBlock, ImageMediaType, Message, UserBlock } from "../../core/model/message.ts"
import { ConversationId, type GroupId, toHex, type TokenId } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { findGroupByName, listGroups } from "../../adapters/store/agents.ts"
import type { GroupRow } from "../../adapters/store/rows.ts"
import type { Caller } from "../access/identity.ts"
import type { EdgeDeps } from "../deps.ts"
import type { AppContext } from "../http/app-env.ts"
import { bind, bindEither, type Binder } from "../http/bind.ts"
import { countedIntervals, withPings } from "../http/event-stream.ts"
import { readMessageId } from "../http/message-input.ts"
import { publicOrigin } from "../http/origin.ts"
import { endOf, toChunks, toCompletion } from "../openai/answer.ts"
import { readSessionKey, type Said, understand, type Understood } from "../openai/request.ts"
import { turnText } from "../openai/turn-text.ts"

/** Comments of an event stream (WHATWG HTML 9.2.6): OpenAI's clients read every event as a chunk. */
const pingComment = ": ping\n\n"

export function bindChatCompletions(binder: Binder, deps: EdgeDeps): void {
  bindEither(binder, createChatCompletion, async ({ body, caller, context }, signal) => {
    const asked = await toAsked(deps, caller, context, body)
    const place = await findPlace(deps, caller, asked)
    const peer = deps.peers("conversation", place.conversationId)
    const turn = { peer, viewer: caller.user.id, externalId: place.externalId }
    await deliver(deps, caller, asked, place)

    const heading = {
      id: `chatcmpl-${sha256Hex(`${place.conversationId} ${place.externalId}`).slice(0, 24)}`,
      created: Math.floor(deps.now() / 1_000),
      model: body.model,
    }
    const end = async () => {
      const report = await peer.call("report", { viewer: turn.viewer, externalId: turn.externalId })
      return endOf(report, `${publicOrigin(context, deps.config)}/c/${place.conversationId}`)
    }
    if (body.stream === true) {
      const texts = (left: AbortSignal) => turnText(deps.every, turn, left)
      const chunks = toChunks(heading, texts, end, body.stream_options?.include_usage === true)
      const every = countedIntervals(deps.every, deps.metrics.eventReaders)
      return { status: "streams", stream: withPings(chunks, every, pingComment) }
    }
    for await (const _ of turnText(deps.every, turn, signal)) continue
    return { status: "whole", value: toCompletion(heading, await end()) }
  })

  bind(binder, listModels, async () => {
    const groups = await allGroups(deps)
    const hasDefault = groups.some(({ name }) => name === defaultModelName)
    return {
      object: "list" as const,
      data: [...(hasDefault ? [] : [defaultModel(deps)]), ...groups.map(toModel)],
    }
  })

  bind(binder, getModel, async ({ params }) => {
    const group = await findGroupByName(deps.libsql, params.model)
    if (group !== undefined) return toModel(group)
    if (params.model === defaultModelName) return defaultModel(deps)
    throw new LoopError("model_not_found")
  })
}

interface Asked extends Understood {
  readonly tokenId: TokenId
  readonly session: string | undefined
  readonly groupName: string | null
  /** Of all that the request holds. */
  readonly bodyHash: string
  readonly isRetry: boolean
  readonly idempotencyKey: string | null
}

async function toAsked(deps: EdgeDeps, caller: Caller, context: AppContext, request: ChatRequest): Promise<Asked> {
  const { tokenId } = caller
  if (tokenId === null) throw new LoopError("token_required")
  const { headers } = context.req.raw
  const session = readSessionKey(headers.get("x-session-key"), request)
  const understood = understand(request, session !== undefined)
  const group = await findGroupByName(deps.libsql, request.model)
  if (group === undefined && request.model !== defaultModelName)
    throw new LoopError("model_not_found", { field: "model" })
  return {
    ...understood,
    tokenId,
    session,
    groupName: group?.name ?? null,
    bodyHash: sha256Hex(JSON.stringify([session ?? null, request])),
    isRetry: Number(headers.get("x-stainless-retry-count") ?? 0) > 0,
    idempotencyKey: headers.get("idempotency-key"),
  }
}

interface Place {
  readonly conversationId: ConversationId
  readonly externalId: string
}

/**
 * Where the message goes. Ids are made of the token and of what the client gave: no other token's can be met. Only a request
 * that says it is repeated is led to the turn of an earlier one, unless that turn has failed.
 */
async function findPlace(deps: EdgeDeps, caller: Caller, asked: Asked): Promise<Place> {
  const { tokenId, session, bodyHash, idempotencyKey } = asked
  const own = (kind: "session" | "once" | "body", key: string) => conversationIdOf(tokenId, kind, key)
  const externalId = readMessageId(deps, caller, idempotencyKey)
  if (idempotencyKey !== null) {
    return { conversationId: session === undefined ? own("once", idempotencyKey) : own("session", session), externalId }
  }
  const isAlone = session === undefined
  const peer = deps.peers("conversation", isAlone ? own("body", bodyHash) : own("session", session))
  const viewer = caller.user.id
  const elsewhere = isAlone ? ConversationId.parse(`loop_${toHex(deps.random(16))}`) : null
  const claim = { viewer, bodyHash, externalId, elsewhere }
  const claimed = await peer.call("claim", { ...claim, isRetry: asked.isRetry })
  if (!claimed.isAttached || !(await hasFailed(deps, viewer, claimed))) return claimed
  return peer.call("claim", { ...claim, isRetry: false })
}

async function hasFailed(deps: EdgeDeps, viewer: Caller["user"]["id"], place: Place): Promise<boolean> {
  try {
    const { externalId } = place
    const report = await deps.peers("conversation", place.conversationId).call("report", { viewer, externalId })
    return report.status === "ended" && report.outcome.status === "failed"
  } catch (error) {
    // Its first try did not get as far as to begin the conversation.
    if (isLoopError(error) && error.code === "loop_not_found") return false
    throw error
  }
}

/** The same for the same token and key, and for no others. JSON keeps the parts apart. */
function conversationIdOf(tokenId: TokenId, kind: string, key: string): ConversationId {
  return ConversationId.parse(`loop_${sha256Hex(JSON.stringify(["openai", tokenId, kind, key])).slice(0, 32)}`)
}

/** Durable when it returns; a repeated message changes nothing. */
async function deliver(deps: EdgeDeps, caller: Caller, asked: Asked, place: Place): Promise<void> {
  const peer = deps.peers("conversation", place.conversationId)
  const viewer = caller.user.id
  // One after the other: each may be megabytes.
  const keep: Keep = (mediaType, data) => peer.call("keepPicture", { viewer, mediaType, data })
  const pictures: ImageBlock[] = []
  for (const { mediaType, base64 } of asked.pictures) pictures.push(await keep(mediaType, base64))
  const history: Message[] = []
  for (const said of asked.history) history.push(await toMessage(said, keep))
  const { groupName, instructions, maxOutputTokens } = asked
  const profiles = groupName === null ? [] : [groupName]
  await peer.call("open", { ownerId: viewer, profiles, history })
  const message: InboundMessage = {
    externalId: place.externalId,
    bodyHash: asked.bodyHash,
    text: asked.text,
    ...(pictures.length === 0 ? {} : { images: pictures }),
    source: { kind: "api", userId: viewer },
    wishes: { groupName, instructions, maxOutputTokens },
    permissionMode: "default",
    whileBusy: "queue",
    tainted: false,
    receivedAt: deps.now(),
  }
  await peer.call("accept", { viewer, message })
}

type Keep = (mediaType: ImageMediaType, base64: string) => Promise<ImageBlock>

async function toMessage({ role, pieces }: Said, keep: Keep): Promise<Message> {
  if (role === "assistant") return { role, blocks: pieces.flatMap((piece) => (piece.type === "text" ? [piece] : [])) }
  const blocks: UserBlock[] = []
  for (const piece of pieces) {
    blocks.push(piece.type === "text" ? piece : await keep(piece.mediaType, piece.base64))
  }
  return { role, blocks }
}

const toModel = ({ name, createdAt }: GroupRow) => modelOf(name, createdAt)
const defaultModel = (deps: EdgeDeps) => modelOf(defaultModelName, deps.startedAt)

function modelOf(id: string, createdAt: number) {
  const owner = "loop-gateway" as const
  return { id, object: "model" as const, created: Math.floor(createdAt / 1_000), owned_by: owner }
}

async function allGroups(deps: EdgeDeps): Promise<GroupRow[]> {
  const groups: GroupRow[] = []
  let after: GroupId | undefined
  for (;;) {
    const page = await listGroups(deps.libsql, { limit: 100, after })
    groups.push(...page.rows)
    after = page.rows.at(-1)?.id
    if (!page.hasMore) return groups
  }
}
