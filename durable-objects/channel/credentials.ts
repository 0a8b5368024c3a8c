/** Opens a channel's sealed secrets, and makes the client that needs them. They stay in memory only. */
import * as z from "zod"
import { createTelegram, type Telegram } from "../../adapters/channels/telegram.ts"
import type { ChannelRow } from "../../adapters/store/rows.ts"
import type { Vault } from "../../adapters/vault.ts"
import { errorRule } from "../../core/errors.ts"
import type { ObjectHost } from "../host.ts"
import type { IntakeSettings } from "./intake.ts"
import type { ChannelStore } from "./records.ts"

export type Opened =
  | { readonly status: "open"; readonly telegram: Telegram; readonly webhookSecret: string }
  | { readonly status: "unreadable"; readonly problem: string }

const Secret = z.object({ botToken: z.string().min(1) })

export class Credentials {
  readonly #host: ObjectHost
  readonly #vault: Vault
  readonly #apiRoot: string
  #opened: { readonly sealed: string; readonly result: Opened } | undefined

  constructor(host: ObjectHost, vault: Vault, apiRoot: string) {
    this.#host = host
    this.#vault = vault
    this.#apiRoot = apiRoot
  }

  /** The same client for the same secrets: it remembers what the server cannot do. */
  open(row: ChannelRow): Opened {
    const sealed = `${row.secretSealed} ${row.webhookSecretSealed}`
    if (this.#opened?.sealed !== sealed) this.#opened = { sealed, result: this.#unseal(row) }
    return this.#opened.result
  }

  #unseal(row: ChannelRow): Opened {
    const place = (column: string) => ({ table: "channels", row: row.id, column })
    try {
      const { botToken } = Secret.parse(JSON.parse(this.#vault.open(place("secret"), row.secretSealed)))
      const webhookSecret = this.#vault.open(place("webhook_secret"), row.webhookSecretSealed)
      const fetch = (request: Request) => this.#host.fetch(request, "operator")
      return {
        status: "open",
        telegram: createTelegram({ apiRoot: this.#apiRoot, token: botToken, fetch }),
        webhookSecret,
      }
    } catch {
      // What failed could quote the secret.
      return { status: "unreadable", problem: errorRule("secret_unreadable").message }
    }
  }
}

const PublicConfig = z.object({
  allowedUserIds: z.array(z.number().int()),
  approverUserIds: z.array(z.number().int()).nullable().default(null),
})

/** Who is served and as which bot. Settings that cannot be read serve nobody. */
export function settingsOf({ row, bot }: ChannelStore): IntakeSettings {
  if (row === null || bot === null) throw new TypeError("a channel that is not connected takes nothing")
  const config = PublicConfig.safeParse(row.config).data ?? { allowedUserIds: [], approverUserIds: [] }
  return { channelId: row.id, bot, ...config }
}
