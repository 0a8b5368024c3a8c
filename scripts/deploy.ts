/**
 * `npm run deploy`: the gateway on Cloudflare, by wrangler. Brings the database to the present schema, puts the secrets that
 * are missing, deploys, and prints the link to set it up. May be run again at any time, also after it stopped half-way.
 *
 * `--dry-run` only builds: it needs no account and changes nothing outside `dist/worker`.
 */
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { loadEnvFile } from "node:process"
import { unstable_readConfig } from "wrangler"
import * as z from "zod"
import { isSetUp } from "../adapters/store/access.ts"
import { claimInstanceValue, readInstanceValue } from "../adapters/store/instance.ts"
import type { Libsql } from "../adapters/store/libsql.ts"
import { migrate } from "../adapters/store/migrate.ts"
import { openRemote } from "../adapters/store/remote.ts"
import { createVault } from "../adapters/vault.ts"
import { isLoopError } from "../core/errors.ts"
import { EpochMs } from "../core/units.ts"
import { Config, parseEnvironment } from "../durable-objects/config.ts"
import { buildDashboard } from "../sandbox-runner/host/dashboard.ts"
import { StartProblem } from "../sandbox-runner/host/start-problem.ts"
import { askPerson } from "./ask-person.ts"
import { planDeployment, publicUrlOf, type ReadyPlan } from "./deploy-plan.ts"
import { askWrangler, deployWorker } from "./wrangler.ts"

const root = join(import.meta.dirname, "..")
const bundle = join(root, "dist/worker")
/** Kept as a backup, and so that a deployment that stops before the secret is put goes on with the same key. */
const keyFile = resolve(process.env.DATA_DIR || "./data", "cloudflare/encryption.key")

/** Why nothing more can be done: one line for the operator. */
class DeployProblem extends Error {}

async function deploy(): Promise<void> {
  const config = await readSettings()
  await requireLogin()
  buildDashboard(say)
  const libsql = await openDatabase(config)
  const { name, r2_buckets: buckets } = unstable_readConfig({ config: join(root, "wrangler.toml") })
  const bucket = buckets[0]?.bucket_name
  if (name === undefined || bucket === undefined) throw new DeployProblem("wrangler.toml names no Worker or no bucket.")

  const secretNames = await listSecrets()
  const plan = planDeployment({
    given: config,
    secretNames,
    hasBucket: await hasBucket(bucket),
    isSetUp: await isSetUp(libsql),
    checkValue: await readInstanceValue(libsql, "encryption_check"),
    keptKey: existsSync(keyFile) ? readFileSync(keyFile, "utf8").trim() : undefined,
    fresh: { encryptionKey: randomBytes(32).toString("base64"), setupCode: randomBytes(12).toString("base64url") },
  })
  if (plan.status === "blocked") throw new DeployProblem(plan.problem)
  await prepare(plan, bucket, libsql)

  say(`Deploying ${name} …`)
  const targets = await deployWorker(["--keep-vars"])
  if (targets === undefined) throw new DeployProblem("wrangler could not deploy; what it said stands above.")
  await conclude(plan, config, secretNames, targets)
}

/** Everything that must be there before the Worker runs for the first time. Each step may be done twice. */
async function prepare(plan: ReadyPlan, bucket: string, libsql: Libsql): Promise<void> {
  if (plan.newKey !== undefined) await keepKey(plan.newKey, libsql)
  if (plan.createsBucket) {
    const created = await askWrangler(["r2", "bucket", "create", bucket])
    if (created.code !== 0) throw new DeployProblem(`The bucket ${bucket} could not be made:\n${created.printed}`)
    say(`Made the bucket ${bucket}.`)
  }
  await putSecrets(plan.secrets)
}

/** Binds the database to the key before anything is sealed with it. A key that we made is on disk before it is needed. */
async function keepKey({ text, bytes, isMade }: NonNullable<ReadyPlan["newKey"]>, libsql: Libsql): Promise<void> {
  if (isMade) {
    mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 })
    writeFileSync(keyFile, `${text}\n`, { mode: 0o600, flag: "wx", flush: true })
  }
  const vault = createVault(bytes)
  if (vault.opens(await claimInstanceValue(libsql, "encryption_check", vault.checkValue()))) return
  throw new DeployProblem("Another deployment has just claimed this database with its own encryption key.")
}

async function conclude(
  plan: ReadyPlan,
  config: Config,
  secretNames: ReadonlySet<string>,
  targets: readonly string[],
): Promise<void> {
  const found = publicUrlOf(targets)
  // The gateway answers only to hosts that it knows, and registers its web hooks under this address.
  const learnt = config.PUBLIC_URL === undefined && !secretNames.has("PUBLIC_URL") ? found : undefined
  if (learnt !== undefined) await putSecrets({ PUBLIC_URL: learnt })
  const page = config.PUBLIC_URL ?? found
  say("")
  if (page === undefined) {
    say("wrangler reported no address. Set PUBLIC_URL to the one that leads to this Worker, and deploy again.")
  } else if (plan.setupCode === undefined) say(`  Open        ${page}`)
  else say(`  Set it up   ${page}/setup#code=${plan.setupCode}`)
  if (plan.newKey?.isMade === true) say(`  Key         ${keyFile} (keep a copy where you keep your backups)`)
}

/** From the environment, then from `.env.deploy`; what is needed and missing is asked for. */
async function readSettings(): Promise<Config & { LIBSQL_URL: string }> {
  if (existsSync(".env.deploy")) loadEnvFile(".env.deploy")
  const asked = await askForDatabase()
  const parsed = parseEnvironment(Config, { ...process.env, ...asked })
  if (parsed.status === "invalid") throw new DeployProblem(parsed.problems.join("; "))
  const { LIBSQL_URL } = parsed.config
  if (LIBSQL_URL !== undefined) {
    if (isThisMachine(LIBSQL_URL)) say("LIBSQL_URL names this machine: Cloudflare will not reach it there.")
    return { ...parsed.config, LIBSQL_URL }
  }
  throw new DeployProblem(
    "LIBSQL_URL is not set. Give the address of a libSQL server, such as a Turso database, and its LIBSQL_AUTH_TOKEN, in the environment or in .env.deploy.",
  )
}

function isThisMachine(url: string): boolean {
  return URL.canParse(url) && /^(localhost|127\..*|\[::1\])$/.test(new URL(url).hostname)
}

async function askForDatabase(): Promise<Record<string, string>> {
  if (process.env.LIBSQL_URL || !process.stdin.isTTY) return {}
  say("The gateway on Cloudflare needs a libSQL database, such as one of Turso. (.env.deploy can answer this for you.)")
  return {
    LIBSQL_URL: await askPerson("Address (libsql://…): "),
    LIBSQL_AUTH_TOKEN: await askPerson("Token (not shown): ", { isSecret: true }),
  }
}

async function openDatabase({ LIBSQL_URL, LIBSQL_AUTH_TOKEN }: Config & { LIBSQL_URL: string }): Promise<Libsql> {
  const remote = openRemote({ url: LIBSQL_URL, authToken: LIBSQL_AUTH_TOKEN, fetch: (request) => fetch(request) })
  if (remote.status === "invalid") throw new DeployProblem(remote.message)
  try {
    const migrated = await migrate(remote.libsql, EpochMs.parse(Date.now()))
    if (migrated.status === "current") return remote.libsql
  } catch (error) {
    if (!isLoopError(error)) throw error
    throw new DeployProblem("The database does not answer. Check LIBSQL_URL and LIBSQL_AUTH_TOKEN.", { cause: error })
  }
  throw new DeployProblem("The database belongs to a newer version of Loop Gateway. Deploy that version.")
}

async function requireLogin(): Promise<void> {
  const asked = await askWrangler(["whoami", "--json"])
  if (asked.code === 0) return
  const isStranger = LoggedOut.safeParse(parseJson(asked.stdout)).success
  throw new DeployProblem(
    isStranger
      ? "Cloudflare does not know you. Run: npx wrangler login (or set CLOUDFLARE_API_TOKEN)."
      : `wrangler could not ask Cloudflare who you are:\n${asked.printed}`,
  )
}

const LoggedOut = z.object({ loggedIn: z.literal(false) })
const SecretList = z.array(z.object({ name: z.string() }))

/** Empty when there is no Worker yet. */
async function listSecrets(): Promise<ReadonlySet<string>> {
  const listed = await askWrangler(["secret", "list", "--format=json"])
  if (listed.code === 0) return new Set(SecretList.parse(parseJson(listed.stdout)).map(({ name }) => name))
  if (/Worker ".*" not found/.test(listed.printed)) return new Set()
  throw new DeployProblem(`wrangler could not list the secrets:\n${listed.printed}`)
}

async function putSecrets(secrets: Readonly<Record<string, string>>): Promise<void> {
  const put = await askWrangler(["secret", "bulk"], JSON.stringify(secrets))
  if (put.code !== 0) {
    const printed = Object.values(secrets).reduce((text, secret) => text.replaceAll(secret, "***"), put.printed)
    throw new DeployProblem(`wrangler could not put the secrets:\n${printed}`)
  }
  say(`Put ${Object.keys(secrets).join(", ")}.`)
}

async function hasBucket(bucket: string): Promise<boolean> {
  const listed = await askWrangler(["r2", "bucket", "list"])
  if (listed.code !== 0)
    throw new DeployProblem(`wrangler could not list the buckets (is R2 enabled?):\n${listed.printed}`)
  return listed.stdout.split("\n").some((line) => /^name:\s*(\S+)/.exec(line)?.[1] === bucket)
}

async function buildOnly(): Promise<void> {
  buildDashboard(say)
  const built = await deployWorker(["--dry-run", `--outdir=${bundle}`])
  if (built === undefined) throw new DeployProblem("wrangler could not build the Worker; what it said stands above.")
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) {
  try {
    await (process.argv.includes("--dry-run") ? buildOnly() : deploy())
  } catch (error) {
    if (!(error instanceof DeployProblem || error instanceof StartProblem)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
