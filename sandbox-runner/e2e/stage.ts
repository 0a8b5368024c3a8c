/** One gateway with all that stands around it: a model, Telegram, a line server, and the transcript of what was said. */
import { startFakeTelegram, type Call, type FakeTelegram } from "../testkit/fake-telegram.ts"
import { startLineServer, type LineServer } from "../testkit/line-server.ts"
import { startScriptedModel, type ScriptedModel } from "../testkit/scripted-model.ts"
import { adminPassword, createClient, type Client } from "./client.ts"
import type { E2eHost, GatewayUnderTest, Settings } from "./host.ts"
import { createTranscript, type Transcript } from "./transcript.ts"

export interface Stage {
  readonly gateway: GatewayUnderTest
  readonly model: ScriptedModel
  readonly telegram: FakeTelegram
  /** When each call of the Bot API came, in milliseconds of `performance.now`. */
  readonly telegramCalls: readonly { readonly method: string; readonly atMs: number }[]
  readonly lines: LineServer
  readonly transcript: Transcript
  /** Nobody yet. */
  readonly anyone: Client
  /** SIGKILL, and a start with these settings on top of the earlier ones. */
  restart(changes?: Settings): Promise<void>
  close(): Promise<void>
}

/** Of the environment, and of an agent group that brings its own. */
export const keys = { environment: "key-of-the-environment", group: "key-of-the-agent-group" } as const

/** High enough for a test that asks in quick succession; the limits have tests of their own. */
const plenty = { RATE_LIMIT_PER_MINUTE: "100000", TOKEN_RATE_LIMIT_PER_MINUTE: "100000" }

export async function openStage(host: E2eHost, changes: Settings = {}): Promise<Stage> {
  const transcript = createTranscript()
  const telegramCalls: { method: string; atMs: number }[] = []
  const onCall = ({ method }: Call) => void telegramCalls.push({ method, atMs: performance.now() })
  const model = await startScriptedModel({ keys: Object.values(keys) })
  const telegram = await startFakeTelegram({ allowHttpWebhook: true, onCall })
  const lines = await startLineServer()
  const settings: Settings = {
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: keys.environment,
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_MODE: "webhook",
    LINE_SERVER_URL: lines.url,
    EGRESS_ALLOW_PRIVATE: `127.0.0.1/32:${lines.port}`,
    APPEND_LINE_ASKS_FIRST: "false",
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
    ...plenty,
    ...changes,
  }
  for (const secret of [adminPassword, telegram.token, ...Object.values(keys), settings.ENCRYPTION_KEY ?? ""])
    transcript.secret(secret)
  const gateway = await host.prepare(settings)
  await gateway.start()
  return {
    gateway,
    model,
    telegram,
    telegramCalls,
    lines,
    transcript,
    anyone: createClient(gateway.url, transcript),
    async restart(more = {}) {
      Object.assign(settings, more)
      await gateway.kill9()
      await gateway.start()
    },
    async close() {
      await gateway.dispose()
      await Promise.all([model.close(), telegram.close(), lines.close()])
    },
  }
}
