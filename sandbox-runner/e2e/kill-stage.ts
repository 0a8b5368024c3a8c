/** A gateway between servers that can hold it anywhere: each stands behind a proxy with kill points. */
import * as z from "zod"
import { conversationIdOf } from "../../adapters/conversation-id.ts"
import { migrate } from "../../adapters/store/migrate.ts"
import { openRemote } from "../../adapters/store/remote.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { ChannelId, EpochMs } from "../../core/units.ts"
import { startCountingProxy, type CountingProxy } from "../testkit/counting-proxy.ts"
import { startFakeTelegram, type FakeTelegram } from "../testkit/fake-telegram.ts"
import { createKillPoints, type KillPoints, type ServerName } from "../testkit/kill-points.ts"
import { startLineServer, type LineServer } from "../testkit/line-server.ts"
import { startScriptedModel, type ScriptedModel } from "../testkit/scripted-model.ts"
import { startSqld } from "../testkit/sqld.ts"
import { createClient, enter, makeProgram, type Client } from "./client.ts"
import type { E2eHost, GatewayUnderTest, Settings } from "./host.ts"
import { createTranscript } from "./transcript.ts"

export interface KillStage {
  readonly gateway: GatewayUnderTest
  readonly kills: KillPoints
  readonly model: ScriptedModel
  readonly telegram: FakeTelegram
  readonly lines: LineServer
  readonly proxies: Readonly<Record<ServerName, CountingProxy>>
  /** Past the proxy: for the test's own eyes. */
  readonly libsql: Pick<Libsql, "read">
  /** With an API token. */
  readonly program: Client
  conversationOf(chatId: number): string
  kill9(): Promise<void>
  close(): Promise<void>
}

export interface KillStageOptions {
  readonly telegramMode: "webhook" | "polling"
  /** People who may write to the bot. */
  readonly chatIds: readonly number[]
  /** Default true. False where several turns are held, which show at any time that they type. */
  readonly countsTyping?: boolean
  /** Default false: `append_line` runs without a question. */
  readonly asksFirst?: boolean
}

const plenty = { RATE_LIMIT_PER_MINUTE: "1000000", TOKEN_RATE_LIMIT_PER_MINUTE: "1000000" }
/** Calls that look whether the bot is there and updates come in: no step of a turn, and at no fixed time. */
const upkeep = /^\/bot[^/]+\/(?:getMe|getWebhookInfo|setWebhook|deleteWebhook)$/
const typing = /\/sendChatAction$/
const Created = z.object({ id: ChannelId, problem: z.string().nullable() })

export async function openKillStage(host: E2eHost, options: KillStageOptions): Promise<KillStage> {
  const kills = createKillPoints()
  const [model, telegram, lines, sqld] = await Promise.all([
    startScriptedModel({ recordRequests: false }),
    startFakeTelegram({ allowHttpWebhook: true }),
    startLineServer(),
    startSqld(),
  ])
  const record = openRemote({ url: sqld.url, fetch: (request) => fetch(request) })
  if (record.status !== "open") throw new Error(record.message)
  // A Worker does not do it by itself.
  await migrate(record.libsql, EpochMs.parse(Date.now()))
  const isStep = ({ path }: { path: string }) =>
    !upkeep.test(path) && (options.countsTyping !== false || !typing.test(path))
  const proxyOf = (server: ServerName, upstream: string) =>
    startCountingProxy({ upstream, counts: isStep, ...kills.hooksOf(server) })
  const proxies = {
    model: await proxyOf("model", model.url),
    telegram: await proxyOf("telegram", telegram.url),
    lines: await proxyOf("lines", lines.url),
    libsql: await proxyOf("libsql", sqld.url),
  }
  const settings: Settings = {
    ANTHROPIC_BASE_URL: proxies.model.url,
    ANTHROPIC_API_KEY: "a-key-of-the-test",
    TELEGRAM_API_ROOT: proxies.telegram.url,
    TELEGRAM_MODE: options.telegramMode,
    LINE_SERVER_URL: proxies.lines.url,
    APPEND_LINE_ASKS_FIRST: String(options.asksFirst ?? false),
    EGRESS_ALLOW_PRIVATE: `127.0.0.1/32:${proxies.lines.port}`,
    LIBSQL_URL: proxies.libsql.url,
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
    ...plenty,
  }
  const gateway = await host.prepare(settings)
  await gateway.start()
  const transcript = createTranscript()
  const browser = await enter(createClient(gateway.url, transcript), "setup", transcript, gateway.setupCode)
  const channelId = await connect(browser, telegram, options.chatIds)
  return {
    gateway,
    kills,
    model,
    telegram,
    lines,
    proxies,
    libsql: record.libsql,
    program: await makeProgram(browser, transcript),
    conversationOf: (chatId) => conversationIdOf(channelId, chatId),
    async kill9() {
      await gateway.kill9()
      kills.cut()
    },
    async close() {
      await gateway.dispose()
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()))
      await Promise.all([model.close(), telegram.close(), lines.close(), sqld.stop()])
    },
  }
}

/** Makes a Telegram channel and waits until updates come in. */
export async function connect(browser: Client, telegram: FakeTelegram, allowedUserIds: readonly number[]) {
  const config = { botToken: telegram.token, allowedUserIds }
  const answer = await browser.send("POST", "/api/channels", { json: { kind: "telegram", name: "Bot", config } })
  if (answer.status !== 201) throw new Error(`no channel: ${answer.status} ${answer.text}`)
  const { id } = answer.read(Created)
  await telegram.waitFor("the bot to be connected", () => telegram.isPolling || telegram.webhookUrl !== undefined)
  return id
}
