/** For every operation of the API: a call that succeeds, and those failures that only it can bring about. */
import { loop, loopId, message, modelCall, projection, turn } from "../../adapters/store/samples.ts"
import { noLimits } from "../../core/budget/limits.ts"
import { ChoiceId, ConversationId, EpochMs, TurnId } from "../../core/units.ts"
import { writeSettings } from "../../adapters/store/settings.ts"
import { approvalCases } from "./approval-cases.ts"
import { type Edge, setupCode } from "./edge.ts"
import { textStream } from "./fake-objects.ts"
import { runnerCases } from "./runner-cases.ts"
import { peopleCases } from "./people-cases.ts"

export interface World {
  readonly edge: Edge
  /** The administrator's session, where the gateway is set up. */
  readonly admin: string
}

export interface ApiCall {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** By which credentials; the administrator's cookie unless told. */
  readonly cookie?: string
  readonly bearer?: string
  /** Makes the gateway's way to do it fail, after everything else was made ready. */
  readonly breaks?: (edge: Edge) => void
}
export type Prepare = (world: World) => ApiCall | Promise<ApiCall>

export interface ApiCase {
  readonly succeeds: Prepare
  /** By status, where no general way leads to it. */
  readonly fails?: Readonly<Record<number, Prepare>>
  /** Why a described status cannot be met here. */
  readonly unreachable?: Readonly<Record<number, string>>
  /** The gateway is not set up. */
  readonly isFresh?: true
}

const nobody = { params: {}, query: {}, cookie: "" }
const unknown = (letter: string, length: number) => letter.repeat(length)
const idOf = async (response: Response): Promise<string> => String(Object(await response.json()).id)

const makeLoop = async ({ edge, admin }: World) =>
  idOf(await edge.fetch("/api/v1/loops", { body: { title: "a" }, cookie: admin }))
const makeGroup = async ({ edge, admin }: World, name = "support") =>
  idOf(await edge.fetch("/api/agent-groups", { body: { name }, cookie: admin }))
const telegram = { kind: "telegram", name: "Home", config: { botToken: "123456:ABC-DEF", allowedUserIds: [7] } }
const makeChannel = async ({ edge, admin }: World) =>
  idOf(await edge.fetch("/api/channels", { body: telegram, cookie: admin }))
/** A channel that the configuration file owns. */
const ownChannel = async (world: World) => {
  const params = { groupId: await makeGroup(world), channelId: await makeChannel(world) }
  const owned = { id: params.channelId, name: "Home", digest: "", version: 1 }
  const value = { source: "api", groups: [], channels: [owned], settings: [] }
  const at = world.edge.now()
  await writeSettings(world.edge.libsql, { key: "file", value, version: 0, updatedAt: at, updatedBy: "x" })
  return { params, body: {} }
}
const writeRecord = async ({ edge }: World) => {
  const turn = message(1, 1, 0)
  await edge.libsql.project(projection({ conversations: [loop(1)], messages: [turn] }))
  return loop(1).id
}
/** A loop that both its object and the record know. */
const onConversation =
  (more: ApiCall = {}): Prepare =>
  async (world) => {
    const id = ConversationId.parse(await makeLoop(world))
    await world.edge.libsql.project(projection({ conversations: [{ ...loop(1), id }] }))
    return { ...more, params: { id } }
  }
const withCalls =
  (more: ApiCall = {}): Prepare =>
  async ({ edge }) => {
    await edge.libsql.project(projection({ modelCalls: [modelCall(1, 1, 1)] }))
    return more
  }
/** A conversation that the record and the Ledger know. */
const onBudget =
  (more: ApiCall = {}): Prepare =>
  async (world) => {
    const id = await writeRecord(world)
    const none = { spent: { tokens: 0, microUsd: 0 }, reserved: { tokens: 0, microUsd: 0 } }
    const scope = { kind: "conversation" as const, conversationId: id }
    world.edge.objects.budgets.scopes = [{ scope, limits: noLimits, day: none, month: none }]
    return { ...more, params: { id } }
  }
const makeToken = async ({ edge, admin }: World) => {
  const made = await edge.fetch("/api/v1/me/tokens", { body: {}, cookie: admin })
  return String(Object(await made.json()).tokenId)
}
const onLoop =
  (more: ApiCall = {}): Prepare =>
  async (world) => ({ ...more, params: { id: await makeLoop(world), ...more.params } })
/** Someone else's loop: this one belongs to nobody that the edge knows. */
const onStrangersLoop =
  (more: ApiCall = {}): Prepare =>
  async (world) => {
    const stranger = await world.edge.addUser("stranger", "operator")
    const id = await makeLoop({ edge: world.edge, admin: stranger.session })
    return { ...more, params: { id, ...more.params } }
  }
const waitingTurn = (world: World, id: string) => {
  const choiceId = ChoiceId.parse(`choice_${id}_1_1`)
  const turnId = TurnId.parse(`turn_${id}_1`)
  world.edge.objects.turn = { turnId, startedAt: EpochMs.parse(1), pendingChoiceId: choiceId }
  return choiceId
}
const makeProgram = async ({ edge }: World) => {
  const { id } = await edge.addUser("program", "operator")
  return (await edge.addToken(id, ["chat"])).token
}
const asProgram =
  (more: ApiCall = {}): Prepare =>
  async (world) => ({ ...more, bearer: await makeProgram(world) })
const answered = {
  status: "ended",
  turnId: TurnId.parse(`turn_loop_${"0".repeat(32)}_1`),
  text: "Hello.",
  outcome: { status: "done" },
  cost: {
    usage: { inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3, outputTokens: 4 },
    stop: "end",
    model: "small",
  },
} as const
const chat = { model: "default", messages: [{ role: "user", content: "Hello" }] }
const guess = { username: "admin", password: "wrong password", code: "wrong code" }
const afterManyGuesses =
  (path: string): Prepare =>
  async ({ edge }) => {
    for (let tries = 0; tries < 40; tries += 1) await edge.fetch(path, { body: guess })
    return { ...nobody, body: guess }
  }
const needsNoDatabase = { 500: "it does nothing that could break", 503: "it needs neither database nor object" }

export const apiCases: Readonly<Record<string, ApiCase>> = {
  "get /api/auth/status": { succeeds: () => ({}) },
  "post /api/auth/setup": {
    isFresh: true,
    succeeds: () => ({ ...nobody, body: { username: "admin", password: "correct horse", code: setupCode } }),
    fails: {
      403: () => ({ ...nobody, body: { username: "admin", password: "correct horse", code: "wrong" } }),
      409: async ({ edge }) => {
        await edge.addUser("first", "admin")
        return { ...nobody, body: { username: "admin", password: "correct horse", code: setupCode } }
      },
    },
  },
  "post /api/auth/login": {
    isFresh: true,
    async succeeds({ edge }) {
      const body = { username: "admin", password: "correct horse" }
      await edge.fetch("/api/auth/setup", { body: { ...body, code: setupCode } })
      return { ...nobody, body }
    },
    fails: { 401: () => ({ ...nobody, body: guess }), 429: afterManyGuesses("/api/auth/login") },
  },
  "post /api/auth/logout": { succeeds: () => ({}) },
  "get /api/auth/me": { succeeds: () => ({}) },

  "post /api/v1/me/tokens": { succeeds: () => ({ body: { label: "ci", scopes: ["chat"], ttlSeconds: 60 } }) },
  "get /api/v1/me/tokens": {
    async succeeds(world) {
      await makeToken(world)
      return {}
    },
  },
  "delete /api/v1/me/tokens/{tokenId}": {
    succeeds: async (world) => ({ params: { tokenId: await makeToken(world) } }),
  },

  "post /api/v1/loops": { succeeds: () => ({ body: { title: "a", metadata: { ticket: "7" } } }) },
  "get /api/v1/loops": {
    async succeeds(world) {
      await writeRecord(world)
      return { query: { limit: "5", archived: "false" } }
    },
  },
  "get /api/v1/loops/{id}": { succeeds: onLoop(), fails: { 403: onStrangersLoop() } },
  "delete /api/v1/loops/{id}": { succeeds: onLoop(), fails: { 403: onStrangersLoop() } },
  "post /api/v1/loops/{id}/messages": {
    async succeeds(world) {
      world.edge.objects.nextStream = textStream("event: ping\ndata: {}\n\n")
      return {
        params: { id: await makeLoop(world) },
        headers: { "Idempotency-Key": "k" },
        body: { content: "Hello", permission_mode: "plan" },
      }
    },
    fails: {
      403: onStrangersLoop({ body: { content: "Hello" } }),
      409: async (world) => {
        const call = { params: { id: await makeLoop(world) }, headers: { "Idempotency-Key": "k" } }
        const path = `/api/v1/loops/${call.params.id}/messages`
        await world.edge.fetch(path, { body: { content: "one" }, headers: call.headers, cookie: world.admin })
        return { ...call, body: { content: "another" } }
      },
    },
  },
  "get /api/v1/loops/{id}/events": {
    async succeeds(world) {
      world.edge.objects.nextStream = textStream("event: ping\ndata: {}\n\n")
      return {
        params: { id: await makeLoop(world) },
        query: { last_event_id: "1.1" },
        headers: { "Last-Event-ID": "1.2" },
      }
    },
    fails: { 400: onLoop({ query: { last_event_id: "nonsense" } }), 403: onStrangersLoop() },
  },
  "post /api/v1/loops/{id}/choices/{choiceId}": {
    async succeeds(world) {
      const id = await makeLoop(world)
      return { params: { id, choiceId: waitingTurn(world, id) }, body: { allow: true } }
    },
    fails: {
      403: onStrangersLoop({ params: { choiceId: `choice_loop_${unknown("0", 32)}_1_1` }, body: { allow: true } }),
    },
  },
  "post /api/v1/loops/{id}/interrupt": { succeeds: onLoop({ body: {} }), fails: { 403: onStrangersLoop() } },

  "get /api/conversations": {
    async succeeds(world) {
      await writeRecord(world)
      return { query: { limit: "5" } }
    },
  },
  "get /api/conversations/{id}": { succeeds: async (world) => ({ params: { id: await writeRecord(world) } }) },
  "get /api/conversations/{id}/messages": {
    succeeds: async (world) => ({ params: { id: await writeRecord(world) }, query: { limit: "5", before: "900000" } }),
  },

  "get /api/conversations/{id}/messages/{messageId}/outputs/{toolUseId}": {
    async succeeds({ edge }) {
      const blocks = [{ type: "tool_result" as const, toolUseId: "t1", text: "12:00", isError: false }]
      const messages = [{ ...message(1, 1, 1, ""), source: null, blocks }]
      await edge.libsql.project(projection({ conversations: [loop(1)], messages }))
      return { params: { id: loopId(1), messageId: messages[0]?.id ?? "", toolUseId: "t1" } }
    },
  },

  "post /api/conversations/{id}/messages": {
    succeeds: onConversation({ headers: { "Idempotency-Key": "k" }, body: { content: "Hello" } }),
    fails: {
      409: async (world) => {
        const call = await onConversation({ body: { content: "Hello" } })(world)
        const id = call.params?.["id"]
        await world.edge.fetch(`/api/conversations/${id}/archive`, { body: {}, cookie: world.admin })
        return call
      },
    },
  },
  "post /api/conversations/{id}/interrupt": { succeeds: onConversation({ body: {} }) },
  "put /api/conversations/{id}/model": {
    succeeds: onConversation({ body: { model: null } }),
    fails: { 400: onConversation({ body: { model: "nobody knows it" } }) },
  },
  "post /api/conversations/{id}/archive": { succeeds: onConversation({ body: {} }) },
  "post /api/conversations/{id}/unarchive": { succeeds: onConversation({ body: {} }) },
  "delete /api/conversations/{id}": { succeeds: onConversation() },
  "get /api/conversations/{id}/export": {
    succeeds: onConversation({ query: { format: "json" } }),
    fails: { 400: onConversation({ query: { format: "pdf" } }) },
  },

  "get /api/runs": {
    async succeeds({ edge }) {
      await edge.libsql.project(
        projection({ turns: [turn(1, 1), turn(1, 2, { status: "failed", errorCode: "internal" })] }),
      )
      return { query: { limit: "5", from: "2020-01-01T00:00:00Z" } }
    },
  },
  "get /api/usage": {
    succeeds: withCalls({ query: { from: "2020-01-01T00:00:00+02:00" } }),
    fails: { 400: () => ({ query: { from: "yesterday" } }) },
  },
  "get /api/usage/daily": {
    succeeds: withCalls({ query: { timeZone: "Europe/Berlin" } }),
    fails: { 400: () => ({ query: { timeZone: "Mars/Olympus" } }) },
  },
  "get /api/usage/models": { succeeds: withCalls(), fails: { 400: () => ({ query: { groupId: "support" } }) } },
  "get /api/usage/groups": { succeeds: withCalls(), fails: { 400: () => ({ query: { from: "yesterday" } }) } },
  "get /api/usage/conversations": {
    succeeds: withCalls({ query: { limit: "5" } }),
    fails: { 400: () => ({ query: { limit: "0" } }) },
  },
  "get /api/usage/calls": { succeeds: withCalls({ query: { limit: "5" } }) },
  "get /api/usage/calls.csv": { succeeds: withCalls(), fails: { 400: () => ({ query: { to: "tomorrow" } }) } },

  "get /api/budgets": { succeeds: () => ({}) },
  "get /api/conversations/{id}/budget": { succeeds: onBudget() },
  "put /api/conversations/{id}/budget": {
    succeeds: onBudget({ body: { maxUsdDay: 0.5 } }),
    fails: {
      400: onBudget({ body: { maxUsdDay: 0.0000001 } }),
      409: onBudget({ body: { maxUsdDay: 0.5, version: 9 } }),
    },
  },

  "get /api/models": { succeeds: () => ({}) },

  "get /api/agent-groups": {
    async succeeds(world) {
      await makeGroup(world)
      return { query: { limit: "5" } }
    },
  },
  "post /api/agent-groups": {
    succeeds: () => ({
      body: {
        name: "support",
        apiKey: "sk-1",
        hotSwapConfig: { enabled: true, tiers: [{ model: "small", maxComplexity: 40, label: "Small" }] },
        fallbackChainConfig: { enabled: true, providers: [{ type: "ollama", model: "llama3", label: "Home" }] },
      },
    }),
    fails: {
      409: async (world) => {
        await makeGroup(world)
        return { body: { name: "support" } }
      },
    },
  },
  "get /api/agent-groups/{groupId}": { succeeds: async (world) => ({ params: { groupId: await makeGroup(world) } }) },
  "put /api/agent-groups/{groupId}": {
    succeeds: async (world) => ({ params: { groupId: await makeGroup(world) }, body: { description: "Kind" } }),
    fails: {
      409: async (world) => {
        await makeGroup(world, "taken")
        return { params: { groupId: await makeGroup(world) }, body: { name: "taken" } }
      },
    },
  },
  "delete /api/agent-groups/{groupId}": {
    succeeds: async (world) => ({ params: { groupId: await makeGroup(world) } }),
    fails: {
      409: async (world) => {
        const [groupId, channelId] = [await makeGroup(world), await makeChannel(world)]
        const path = `/api/agent-groups/${groupId}/assign/${channelId}`
        await world.edge.fetch(path, { method: "POST", cookie: world.admin })
        return { params: { groupId } }
      },
    },
  },
  "post /api/agent-groups/{groupId}/assign/{channelId}": {
    succeeds: async (world) => ({
      params: { groupId: await makeGroup(world), channelId: await makeChannel(world) },
      body: {},
    }),
    fails: { 409: ownChannel },
  },
  "post /api/agent-groups/{groupId}/unassign/{channelId}": {
    succeeds: async (world) => ({
      params: { groupId: await makeGroup(world), channelId: await makeChannel(world) },
      body: {},
    }),
    fails: { 409: ownChannel },
  },

  "get /api/agent-groups/{groupId}/stats": {
    succeeds: async (world) => ({ params: { groupId: await makeGroup(world) }, query: { timeZone: "Asia/Tokyo" } }),
    fails: {
      400: async (world) => ({ params: { groupId: await makeGroup(world) }, query: { timeZone: "Mars/Olympus" } }),
    },
  },

  "get /api/channels": {
    async succeeds(world) {
      await makeChannel(world)
      return { query: { limit: "5" } }
    },
  },
  "post /api/channels": { succeeds: () => ({ body: telegram }) },
  "get /api/channels/{channelId}": { succeeds: async (world) => ({ params: { channelId: await makeChannel(world) } }) },
  "put /api/channels/{channelId}": {
    succeeds: async (world) => ({ params: { channelId: await makeChannel(world) }, body: { enabled: false } }),
    unreachable: { 409: "it takes five rivals within one request" },
  },
  "delete /api/channels/{channelId}": {
    succeeds: async (world) => ({ params: { channelId: await makeChannel(world) } }),
    fails: {
      409: async (world) => {
        const { params } = await ownChannel(world)
        return { params: { channelId: params.channelId } }
      },
    },
  },

  "get /api/health": {
    succeeds: () => nobody,
    fails: { 503: () => ({ ...nobody, breaks: (edge) => edge.objects.failNext("ledger.check", "storage_failed") }) },
    unreachable: needsNoDatabase,
  },
  "get /api/settings": { succeeds: () => ({}) },
  "get /api/settings/history": {
    async succeeds({ edge, admin }) {
      const body = { version: 0, settings: { timeZone: "Europe/Berlin" } }
      await edge.fetch("/api/settings", { method: "PUT", body, cookie: admin })
      return { query: { limit: "5", after: "9" } }
    },
    fails: { 400: () => ({ query: { after: "newest" } }) },
  },
  "put /api/settings": {
    succeeds: () => ({ body: { version: 0, settings: { defaultModel: "gpt-5", timeZone: null } } }),
    fails: {
      404: () => ({ body: { version: 0, settings: { home: { channelId: `chan_${unknown("a", 24)}`, chatId: 1 } } } }),
      409: () => ({ body: { version: 9, settings: {} } }),
    },
  },
  "post /api/config-file/apply": {
    succeeds: () => ({ body: { text: "settings:\n  timeZone: UTC\n" } }),
    fails: {
      409: async ({ edge }) => {
        const value = { source: "machine", groups: [], channels: [], settings: [] }
        await writeSettings(edge.libsql, { key: "file", value, version: 0, updatedAt: edge.now(), updatedBy: "x" })
        return { body: { text: "" } }
      },
    },
  },
  "get /metrics": { succeeds: () => ({}) },
  "get /api/openapi.json": { succeeds: () => nobody, unreachable: needsNoDatabase },

  ...peopleCases,
  ...approvalCases,

  "post /v1/chat/completions": {
    async succeeds(world) {
      world.edge.objects.report = answered
      const messages = [
        { role: "system", content: "Be brief." },
        { role: "user", content: [{ type: "text", text: "Who?" }] },
        { role: "assistant", content: "Me." },
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
            { type: "text", text: "What?" },
          ],
        },
      ]
      return {
        bearer: await makeProgram(world),
        headers: { "X-Session-Key": "s", "X-Stainless-Retry-Count": "0", "Idempotency-Key": "k" },
        body: { model: "default", messages, temperature: 0.5, max_tokens: 10 },
      }
    },
    fails: {
      403: async (world) => ({ bearer: world.admin, body: chat }),
      404: asProgram({ body: { ...chat, model: "nobody" } }),
      409: async (world) => {
        const call = { bearer: await makeProgram(world), headers: { "X-Session-Key": "s", "Idempotency-Key": "k" } }
        world.edge.objects.report = answered
        await world.edge.fetch("/v1/chat/completions", { ...call, body: { ...chat, user: "else" } })
        return { ...call, body: chat }
      },
    },
  },
  "get /v1/models": { succeeds: asProgram(), fails: { 403: async (world) => ({ bearer: world.admin }) } },
  "get /v1/models/{model}": {
    succeeds: asProgram({ params: { model: "default" } }),
    fails: { 404: asProgram({ params: { model: "nobody" } }) },
  },

  ...runnerCases,

  "get /api/live": {
    succeeds: () => ({ headers: { Upgrade: "websocket" }, query: { after: "41" } }),
    fails: {
      400: () => ({ headers: { Upgrade: "websocket" }, query: { after: "newest" } }),
      426: () => ({}),
    },
  },

  "post /webhooks/telegram/{channelId}": {
    succeeds: () => ({
      ...nobody,
      params: { channelId: `chan_${unknown("a", 24)}` },
      headers: { "X-Telegram-Bot-Api-Secret-Token": "right-secret" },
      body: { update_id: 1, message: {} },
    }),
    fails: {
      400: () => ({ ...nobody, params: { channelId: `chan_${unknown("a", 24)}` }, body: new Uint8Array([0x7b, 0xff]) }),
      401: () => ({ ...nobody, params: { channelId: `chan_${unknown("a", 24)}` }, body: { update_id: 1 } }),
      500: () => ({
        ...nobody,
        params: { channelId: `chan_${unknown("a", 24)}` },
        body: { update_id: 1 },
        breaks: (edge) => edge.objects.failNext("channel.webhook", new Error("broken")),
      }),
      503: () => ({
        ...nobody,
        params: { channelId: `chan_${unknown("a", 24)}` },
        body: { update_id: 1 },
        breaks: (edge) => edge.objects.failNext("channel.webhook", "storage_failed"),
      }),
    },
  },
}
