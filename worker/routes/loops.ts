/** The loop API: each request becomes one or two calls of a Conversation object, which owns all rules of a turn. */
import {
  answerChoice,
  archiveLoop,
  createLoop,
  getLoop,
  interruptLoop,
  listLoops,
  maxMetadataBytes,
  sendMessage,
  watchLoop,
} from "../../core/api/loops.ts"
import type { InboundMessage } from "../../core/channel/message.ts"
import { LoopError } from "../../core/errors.ts"
import { EventId } from "../../core/loop/event.ts"
import { ChoiceId, ConversationId, type EpochMs, toHex, toRfc3339 } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { findGroupByName } from "../../adapters/store/agents.ts"
import * as store from "../../adapters/store/conversations.ts"
import type { Caller } from "../access/identity.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder, bindStream } from "../http/bind.ts"
import { countedIntervals, withPings } from "../http/event-stream.ts"
import { readContent, readMessageId } from "../http/message-input.ts"

export function bindLoops(binder: Binder, deps: EdgeDeps): void {
  const conversation = (id: ConversationId) => deps.peers("conversation", id)
  const every = countedIntervals(deps.every, deps.metrics.eventReaders)

  bind(binder, createLoop, async ({ body, caller }) => {
    refuseUnsupported(body)
    if (new TextEncoder().encode(JSON.stringify(body.metadata)).length > maxMetadataBytes) {
      throw new LoopError("invalid_body", { message: "The metadata is larger than 16 KB.", field: "metadata" })
    }
    const [groupName] = body.profiles
    if (groupName !== undefined && (await findGroupByName(deps.libsql, groupName)) === undefined) {
      throw new LoopError("unsupported_field", { message: "No agent group has this name.", field: "profiles.0" })
    }
    const id = ConversationId.parse(`loop_${toHex(deps.random(16))}`)
    const { title, metadata, profiles } = body
    const state = await conversation(id).call("create", { ownerId: caller.user.id, title, metadata, profiles })
    return toView(state, caller)
  })

  bind(binder, listLoops, async ({ query, caller }) => {
    if (query.after !== undefined && query.before !== undefined) {
      throw new LoopError("invalid_query", { message: "Use after or before, not both.", field: "before" })
    }
    const { limit, archived } = query
    const options = { limit, archived, after: cursor(query.after), before: cursor(query.before) }
    const page = await store.listLoops(deps.libsql, caller.user.id, options)
    return {
      data: page.rows.map((row) => toView(row, caller)),
      first_id: page.rows[0]?.id ?? null,
      last_id: page.rows.at(-1)?.id ?? null,
      has_more: page.hasMore,
    }
  })

  bind(binder, getLoop, async ({ params, caller }) => {
    const state = await conversation(params.id).call("view", { viewer: caller.user.id })
    const turn = state.currentTurn
    return {
      ...toView(state, caller),
      busy: turn !== null,
      queue_depth: state.queueDepth,
      turn_count: state.turnCount,
      current_turn: turn && {
        turn_id: turn.turnId,
        started_at: toRfc3339(turn.startedAt),
        pending_choice_id: turn.pendingChoiceId,
      },
    }
  })

  bind(binder, archiveLoop, async ({ params, caller }) => {
    await conversation(params.id).call("archive", { viewer: caller.user.id })
    return {}
  })

  bindStream(binder, sendMessage, async ({ params, body, caller, context }) => {
    const { headers } = context.req.raw
    const lastEventId = readLastEventId(headers.get("last-event-id"), "invalid_header", "Last-Event-ID")
    const message = toMessage(deps, caller, body, headers.get("idempotency-key"))
    const peer = conversation(params.id)
    const viewer = caller.user.id
    // Durable before the first byte of the answer, so that a failure still has a status.
    await peer.call("accept", { viewer, message })
    return withPings(await peer.stream("watch", { viewer, externalId: message.externalId, lastEventId }), every)
  })

  bindStream(binder, watchLoop, async ({ params, query, caller, context }) => {
    const header = context.req.raw.headers.get("last-event-id")
    // A reader that reconnects by itself sends the header, which is newer than the address it was given.
    const lastEventId =
      readLastEventId(header, "invalid_header", "Last-Event-ID") ??
      readLastEventId(query.last_event_id ?? null, "invalid_query", "last_event_id")
    const peer = conversation(params.id)
    const viewer = caller.user.id
    await peer.call("view", { viewer })
    return withPings(await peer.stream("watch", { viewer, lastEventId }), every)
  })

  bind(binder, answerChoice, async ({ params, body, caller }) => {
    const choiceId = ChoiceId.safeParse(params.choiceId)
    if (!choiceId.success) throw new LoopError("choice_not_found")
    const source = caller.credential.kind === "cookie" ? "web" : "api"
    const by = { id: caller.user.id, name: caller.user.username }
    const input = { viewer: caller.user.id, choiceId: choiceId.data, answer: body, source, by }
    await conversation(params.id).call("answer", input)
    return {}
  })

  bind(binder, interruptLoop, async ({ params, caller }) => {
    await conversation(params.id).call("interrupt", { viewer: caller.user.id })
    return {}
  })
}

/** What the contract of the seed knows and this gateway does not: refused, because to ignore it would surprise. */
function refuseUnsupported(body: {
  profiles: string[]
  vault?: string | null | undefined
  repo?: string | null | undefined
}): void {
  if (body.profiles.length > 1) {
    throw new LoopError("unsupported_field", { message: "A loop has one profile.", field: "profiles" })
  }
  if ((body.vault ?? "default") !== "default") throw new LoopError("unsupported_field", { field: "vault" })
  if ((body.repo ?? null) !== null) throw new LoopError("unsupported_field", { field: "repo" })
}

function cursor(given: string | undefined): ConversationId | undefined {
  if (given === undefined) return undefined
  const id = ConversationId.safeParse(given)
  if (!id.success) throw new LoopError("invalid_cursor")
  return id.data
}

function readLastEventId(
  given: string | null,
  code: "invalid_header" | "invalid_query",
  field: string,
): EventId | undefined {
  if (given === null) return undefined
  const id = EventId.safeParse(given)
  if (!id.success) throw new LoopError(code, { field })
  return id.data
}

function toMessage(
  deps: EdgeDeps,
  caller: Caller,
  body: { content?: string | undefined; permission_mode?: string | undefined; model?: string | undefined },
  idempotencyKey: string | null,
): InboundMessage {
  const permissionMode = readPermissionMode(body.permission_mode)
  const text = readContent(body.content)
  const { model } = body
  return {
    externalId: readMessageId(deps, caller, idempotencyKey),
    bodyHash: sha256Hex(JSON.stringify([text, permissionMode, ...(model === undefined ? [] : [model])])),
    text,
    source: { kind: "api", userId: caller.user.id },
    ...(model === undefined ? {} : { wishes: { groupName: null, instructions: "", maxOutputTokens: null, model } }),
    permissionMode,
    whileBusy: "queue",
    tainted: false,
    receivedAt: deps.now(),
  }
}

function readPermissionMode(given: string | undefined): InboundMessage["permissionMode"] {
  if (given === undefined || given === "default") return "default"
  if (given === "plan") return "plan"
  throw new LoopError("permission_mode_forbidden")
}

interface ShownLoop {
  readonly id: ConversationId
  readonly title: string
  readonly metadata: Record<string, string>
  readonly profiles: string[]
  readonly createdAt: EpochMs
  readonly archivedAt: EpochMs | null
}

/** People see only loops of their own, so the caller is the creator. */
function toView(loop: ShownLoop, caller: Caller) {
  return {
    id: loop.id,
    title: loop.title === "" ? "untitled" : loop.title,
    created_at: toRfc3339(loop.createdAt),
    created_by: caller.user.username,
    archived: loop.archivedAt !== null,
    archived_at: loop.archivedAt === null ? null : toRfc3339(loop.archivedAt),
    metadata: loop.metadata,
    profiles: loop.profiles,
    vault: "default" as const,
    repo: null,
  }
}
