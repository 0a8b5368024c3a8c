/**
 * As much of Cloudflare's API as `npm run deploy` uses through wrangler, with the state of one account whose workers.dev
 * subdomain is `someone`. A request that it does not know is refused and remembered.
 */
import type { IncomingMessage } from "node:http"
import * as z from "zod"
import { readBody, startLoopback, type LoopbackServer } from "../../sandbox-runner/testkit/loopback.ts"

export interface FakeCloudflare extends LoopbackServer {
  /** What wrangler needs in its environment to speak to this account. */
  readonly env: Readonly<Record<string, string>>
  /** The Worker's secrets, by name. */
  readonly secrets: Map<string, string>
  readonly buckets: Set<string>
  /** What was uploaded as the Worker's code and metadata, as it was sent; the newest last. */
  readonly uploads: string[]
  /** Method and path of requests that are not known here: empty in a healthy test. */
  readonly unknown: string[]
  /** Requests whose path contains the text are refused with this status; undefined lets all pass. */
  breakAt(broken: { path: string; status: number } | undefined): void
}

interface Answer {
  readonly status: number
  readonly result: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

interface Account {
  readonly secrets: Map<string, string>
  readonly buckets: Set<string>
  readonly uploads: string[]
}

const accountId = "0123456789abcdef0123456789abcdef"
const apiToken = "token-of-the-fake-account"
const SecretPatch = z.object({ secrets: z.record(z.string(), z.object({ name: z.string(), text: z.string() })) })
const BucketName = z.object({ name: z.string() })

export async function startFakeCloudflare(): Promise<FakeCloudflare> {
  const account: Account = { secrets: new Map(), buckets: new Set(), uploads: [] }
  const unknown: string[] = []
  let broken: { path: string; status: number } | undefined
  const server = await startLoopback(async (request, response) => {
    const body = await readBody(request)
    const path = (request.url ?? "").split("?")[0] ?? ""
    const answer =
      broken !== undefined && path.includes(broken.path)
        ? refuse(broken.status, 10_000, "broken by the test")
        : answerTo(account, { request, path, body })
    if (answer === undefined) unknown.push(`${request.method} ${request.url}`)
    const { status, result, error } = answer ?? refuse(404, 7_003, "no such route")
    const errors = error === undefined ? [] : [error]
    response.writeHead(status, { "content-type": "application/json" })
    response.end(JSON.stringify({ success: error === undefined, errors, messages: [], result }))
  })
  return {
    ...server,
    ...account,
    unknown,
    env: {
      CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
      CLOUDFLARE_ACCOUNT_ID: accountId,
      CLOUDFLARE_API_TOKEN: apiToken,
    },
    breakAt(next) {
      broken = next
    },
  }
}

function answerTo(
  account: Account,
  { request, path, body }: { request: IncomingMessage; path: string; body: Buffer },
): Answer | undefined {
  const prefix = `/client/v4/accounts/${accountId}`
  const script = "/workers/scripts/loop-gateway"
  if (request.headers.authorization !== `Bearer ${apiToken}`) return refuse(401, 10_000, "Authentication error")
  switch (`${request.method} ${path.startsWith(prefix) ? path.slice(prefix.length) : path}`) {
    case "GET /client/v4/user/tokens/verify":
      return ok({ id: "token", status: "active" })
    case "GET /client/v4/user":
      return ok({ id: "user", email: "someone@example.com" })
    case "GET /client/v4/accounts":
      return ok([{ id: accountId, name: "someone" }])
    case "GET /client/v4/memberships":
      return ok([{ account: { id: accountId, name: "someone" }, roles: ["Administrator"] }])
    case "GET /workers/subdomain":
      return ok({ subdomain: "someone" })
    case "GET /r2/buckets":
      return ok({ buckets: [...account.buckets].map((name) => ({ name, creation_date: "2026-11-01T00:00:00.000Z" })) })
    case "GET /r2/buckets/loop-gateway-blobs":
      return account.buckets.has("loop-gateway-blobs")
        ? ok({ name: "loop-gateway-blobs" })
        : refuse(404, 10_006, "The specified bucket does not exist.")
    case "POST /r2/buckets":
      return createBucket(account, parseJson(BucketName, body).name)
    case `PUT ${script}`:
    case `POST ${script}/versions`:
      account.uploads.push(body.toString("latin1"))
      return ok({ id: "version", startup_time_ms: 5, deployment_id: "deployment", tag: "tag" })
  }
  if (account.uploads.length === 0) return noSuchWorker
  switch (`${request.method} ${path.slice(prefix.length)}`) {
    case `GET ${script}/secrets`:
      return ok([...account.secrets.keys()].map((name) => ({ name, type: "secret_text" })))
    case `PATCH ${script}/secrets-bulk`: {
      const { secrets } = parseJson(SecretPatch, body)
      for (const { name, text } of Object.values(secrets)) account.secrets.set(name, text)
      return ok(Object.values(secrets).map(({ name }) => ({ name, type: "secret_text" })))
    }
    case "GET /workers/services/loop-gateway":
      return ok({
        default_environment: {
          environment: "production",
          script: { tag: "tag", tags: [], last_deployed_from: "wrangler" },
        },
      })
    case `GET ${script}/settings`:
      return ok({ bindings: [], compatibility_flags: [], tags: [] })
    case `GET ${script}/deployments`:
      return ok({ deployments: [{ id: "deployment", versions: [{ version_id: "version", percentage: 100 }] }] })
    case `POST ${script}/assets-upload-session`:
      return ok({ jwt: "session", buckets: [] })
    case "GET /workers/workers/loop-gateway":
      return ok({ name: "loop-gateway", subdomain: { enabled: true, previews_enabled: true } })
    case `GET ${script}/subdomain`:
    case `POST ${script}/subdomain`:
      return ok({ enabled: true, previews_enabled: true })
    default:
      return undefined
  }
}

function createBucket({ buckets }: Account, name: string): Answer {
  if (buckets.has(name)) return refuse(409, 10_004, "The bucket you tried to create already exists, and you own it.")
  buckets.add(name)
  return ok({ name })
}

function parseJson<T extends z.ZodType>(schema: T, body: Buffer): z.infer<T> {
  return schema.parse(JSON.parse(body.toString("utf8")))
}

function ok(result: unknown): Answer {
  return { status: 200, result }
}

function refuse(status: number, code: number, message: string): Answer {
  return { status, result: null, error: { code, message } }
}

const noSuchWorker = refuse(404, 10_007, "This Worker does not exist on your account.")
