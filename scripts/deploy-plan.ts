/** What a deployment to Cloudflare has to do, decided from what was found there. Pure: it calls nothing and prints nothing. */
import { createVault, parseEncryptionKey } from "../adapters/vault.ts"
import type { Config } from "../durable-objects/config.ts"

/** Settings that travel as secrets of the Worker when they are given: they belong to this deployment or are secret. */
const carried = [
  "LIBSQL_URL",
  "LIBSQL_AUTH_TOKEN",
  "ANTHROPIC_API_KEY",
  "OPENAI_API_KEY",
  "WEB_SEARCH_API_KEY",
  "PUBLIC_URL",
] as const satisfies (keyof Config)[]

export interface Found {
  readonly given: Pick<Config, (typeof carried)[number] | "ENCRYPTION_KEY" | "SETUP_CODE">
  /** Names of the Worker's secrets, whose values nobody can read back; empty when there is no Worker yet. */
  readonly secretNames: ReadonlySet<string>
  readonly hasBucket: boolean
  /** Whether the gateway has its administrator. */
  readonly isSetUp: boolean
  /** What the database tells its encryption key by; undefined in a new database. */
  readonly checkValue: string | undefined
  /** The key that an earlier deployment kept on this machine. */
  readonly keptKey: string | undefined
  /** Random values, used where there must be new ones. */
  readonly fresh: { readonly encryptionKey: string; readonly setupCode: string }
}

export interface ReadyPlan {
  readonly status: "ready"
  /** What the Worker's key will be; undefined when it has one. `isMade`: nobody has a copy of it yet. */
  readonly newKey: { readonly text: string; readonly bytes: Uint8Array; readonly isMade: boolean } | undefined
  readonly createsBucket: boolean
  readonly secrets: Readonly<Record<string, string>>
  /** Part of the link to print; undefined when the gateway has its administrator. */
  readonly setupCode: string | undefined
}

/** `problem` is one line that says what to do. Nothing may be changed. */
export type Plan = ReadyPlan | { readonly status: "blocked"; readonly problem: string }

/** The Worker's encryption key is never replaced: what it sealed could not be opened again. */
export function planDeployment(found: Found): Plan {
  const { given, secretNames, isSetUp, fresh } = found
  const chosen = secretNames.has("ENCRYPTION_KEY") ? undefined : chooseKey(found)
  if (chosen?.status === "blocked") return chosen
  const newKey = chosen?.newKey
  const setupCode = isSetUp ? undefined : (given.SETUP_CODE ?? fresh.setupCode)
  const secrets = [
    ...carried.map((name) => [name, given[name]] as const),
    ["ENCRYPTION_KEY", newKey?.text] as const,
    ["SETUP_CODE", setupCode] as const,
  ]
  return {
    status: "ready",
    newKey,
    createsBucket: !found.hasBucket,
    secrets: Object.fromEntries(secrets.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    setupCode,
  }
}

/**
 * The address under which the gateway is reached, when the operator named none.
 * @param targets - what wrangler reports as deployed: addresses, route patterns, schedules
 */
export function publicUrlOf(targets: readonly string[]): string | undefined {
  return targets.find((target) => /^https:\/\/[^/*\s]+$/.test(target))
}

type Choice =
  | { readonly status: "chosen"; readonly newKey: NonNullable<ReadyPlan["newKey"]> }
  | { readonly status: "blocked"; readonly problem: string }

/** The operator's key before the one that was kept, and a new one only for a database that has none. */
function chooseKey({ given, keptKey, checkValue, fresh }: Found): Choice {
  const known = given.ENCRYPTION_KEY ?? keptKey
  const text = known ?? fresh.encryptionKey
  const bytes = parseEncryptionKey(text)
  if (bytes === undefined) {
    return { status: "blocked", problem: "ENCRYPTION_KEY is not 32 bytes in base64 or hexadecimal." }
  }
  if (checkValue === undefined || createVault(bytes).opens(checkValue)) {
    return { status: "chosen", newKey: { text, bytes, isMade: known === undefined } }
  }
  return {
    status: "blocked",
    problem:
      "The database was made with an encryption key that is not known here. Set ENCRYPTION_KEY to that key, or use a new database.",
  }
}
