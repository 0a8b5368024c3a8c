/** `npm run deploy`: the bundle that it builds, in real workerd; and whole deployments by real wrangler to a fake account. */
import { existsSync, readFileSync, statSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { isSetUp } from "../adapters/store/access.ts"
import { readInstanceValue } from "../adapters/store/instance.ts"
import { migrate } from "../adapters/store/migrate.ts"
import { openRemote } from "../adapters/store/remote.ts"
import { createVault, parseEncryptionKey } from "../adapters/vault.ts"
import { EpochMs } from "../core/units.ts"
import { spawnChild } from "../sandbox-runner/testkit/child.ts"
import { startSqld, type Sqld } from "../sandbox-runner/testkit/sqld.ts"
import { startWranglerProcess, wranglerEnv } from "../sandbox-runner/testkit/wrangler-process.ts"
import { startFakeCloudflare, type FakeCloudflare } from "./testing/fake-cloudflare.ts"

const deployLimitMs = 120_000
const root = join(import.meta.dirname, "..")
const bundle = join(root, "dist/worker")

let sqld: Sqld
let folder: string
beforeAll(async () => {
  sqld = await startSqld()
})
afterAll(() => sqld.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "loop-deploy-test-"))
})
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

/** Runs the script in an empty folder, so that no developer's settings are read. */
async function deploy(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawnChild({
    command: process.execPath,
    args: [join(root, "scripts/deploy.ts"), ...args],
    cwd: folder,
    env: {
      HOME: folder,
      NO_COLOR: "1",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      NODE_COMPILE_CACHE: wranglerEnv.NODE_COMPILE_CACHE,
      ...env,
    },
  })
  return { code: await child.exited, output: child.output() }
}

function openLibsql() {
  const remote = openRemote({ url: sqld.url, fetch: (request) => fetch(request) })
  if (remote.status === "invalid") throw new Error(remote.message)
  return remote.libsql
}

describe("the bundle", { timeout: deployLimitMs }, () => {
  let code: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "loop-deploy-test-"))
    const built = await deploy(["--dry-run"])
    expect(built).toMatchObject({ code: 0, output: expect.stringContaining("--dry-run: exiting now.") })
    await rm(folder, { recursive: true })
    code = await readFile(join(bundle, "index.js"), "utf8")
  }, deployLimitMs)

  test("fits into 3 MB, compressed", () => {
    expect(gzipSync(code).byteLength).toBeLessThan(3_000_000)
  })

  test("holds nothing that only Node has", async () => {
    const { sources } = z
      .object({ sources: z.array(z.string()) })
      .parse(JSON.parse(await readFile(join(bundle, "index.js.map"), "utf8")))
    expect(sources.length).toBeGreaterThan(100)
    const nodeOnly =
      /node_modules\/(ws|undici|playwright-core|libsql|better-sqlite3|@hono\/node-server|@libsql\/(linux|darwin|win32)[^/]*)\/|(^|\/)(sandbox-runner|dashboard|scripts|testing)\//
    expect(sources.filter((source) => nodeOnly.test(source))).toEqual([])
    const imported = [...code.matchAll(/^import .*?["']([^"']+)["'];$/gm)].flatMap((found) => found.slice(1))
    const outside = new Set(imported.filter((name) => !name.endsWith("-system-prompt.md")))
    expect(outside).toEqual(new Set(["cloudflare:workers", "node:crypto"]))
  })

  test("makes no code from text: only zod could, and does not on Cloudflare", () => {
    expect(code.match(/\beval\(|new Function\(/g)).toBeNull()
    // As deep as the bundler writes it: modules that something loads late stand in functions.
    expect(code.match(/"Cloudflare-Workers"\?\.includes\("Cloudflare"\)\) \{\s+return false;/g)).toHaveLength(1)
    // Zod's probe behind that guard, and the compiler that the probe decides about.
    expect(code.match(/= Function;/g)).toHaveLength(2)
  })

  test("starts in workerd, takes its set-up and answers about its health", async () => {
    await migrate(openLibsql(), EpochMs.parse(Date.now()))
    // As it was built: nothing is bundled again.
    const config = (await readFile(join(root, "wrangler.toml"), "utf8"))
      .replace('"worker/index.ts"', `${JSON.stringify(join(bundle, "index.js"))}\nno_bundle = true`)
      .replace('"dashboard/dist"', JSON.stringify(join(root, "dashboard/dist")))
    await writeFile(join(folder, "wrangler.toml"), config)
    const worker = await startWranglerProcess({
      config: join(folder, "wrangler.toml"),
      vars: { LIBSQL_URL: sqld.url, ENCRYPTION_KEY: "11".repeat(32), SETUP_CODE: "code-of-the-test" },
    })
    try {
      const health = await fetch(`${worker.url}/api/health`)
      expect(await health.json()).toMatchObject({ parts: { database: { status: "ok" } } })
      const setUp = await fetch(`${worker.url}/api/auth/setup`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: worker.url },
        body: JSON.stringify({ username: "admin", password: "a long password", code: "code-of-the-test" }),
      })
      expect(await setUp.json()).toMatchObject({ user: { username: "admin" } })
      expect(await isSetUp(openLibsql())).toBe(true)
      expect((await fetch(worker.url)).headers.get("content-security-policy")).not.toBeNull()
    } finally {
      await worker.dispose()
    }
  })
})

describe("a deployment", { timeout: deployLimitMs }, () => {
  let cloudflare: FakeCloudflare
  const secrets = { ANTHROPIC_API_KEY: "sk-ant-secret-of-the-test", LIBSQL_AUTH_TOKEN: "token-of-the-database" }
  const settings = () => ({ ...cloudflare.env, ...secrets, LIBSQL_URL: sqld.url, DATA_DIR: join(folder, "data") })
  beforeEach(async () => {
    cloudflare = await startFakeCloudflare()
    await sqld.stop()
    sqld = await startSqld()
  })
  afterEach(() => cloudflare.close())

  test("to an empty account sets everything up and prints the link; a second changes only what must change", async () => {
    const first = await deploy([], settings())
    expect(first.output).toContain("https://loop-gateway.someone.workers.dev/setup#code=")
    expect(first.code).toBe(0)
    expect(cloudflare.unknown).toEqual([])
    expect(cloudflare.buckets).toEqual(new Set(["loop-gateway-blobs"]))
    const put = Object.fromEntries(cloudflare.secrets)
    expect(put).toMatchObject({
      ...secrets,
      LIBSQL_URL: sqld.url,
      PUBLIC_URL: "https://loop-gateway.someone.workers.dev",
    })
    expect(first.output).toContain(`/setup#code=${put.SETUP_CODE}\n`)
    // The key is kept here, for the owner's eyes only, and the database is bound to it.
    const keyFile = join(folder, "data/cloudflare/encryption.key")
    expect(readFileSync(keyFile, "utf8").trim()).toBe(put.ENCRYPTION_KEY)
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    const vault = createVault(parseEncryptionKey(put.ENCRYPTION_KEY ?? "") ?? new Uint8Array())
    expect(vault.opens((await readInstanceValue(openLibsql(), "encryption_check")) ?? "")).toBe(true)
    for (const secret of [...Object.values(secrets), put.ENCRYPTION_KEY ?? ""])
      expect(first.output).not.toContain(secret)

    const second = await deploy([], settings())
    expect(second.code).toBe(0)
    expect(cloudflare.secrets.get("ENCRYPTION_KEY")).toBe(put.ENCRYPTION_KEY)
    expect(cloudflare.secrets.get("SETUP_CODE")).not.toBe(put.SETUP_CODE)
    expect(second.output).not.toContain("Made the bucket")
  })

  test("that stopped after the key was made goes on with the same key", async () => {
    cloudflare.breakAt({ path: "/secrets-bulk", status: 400 })
    const broken = await deploy([], settings())
    expect(broken).toMatchObject({ code: 1, output: expect.stringContaining("wrangler could not put the secrets") })
    for (const secret of Object.values(secrets)) expect(broken.output).not.toContain(secret)
    const kept = readFileSync(join(folder, "data/cloudflare/encryption.key"), "utf8").trim()
    cloudflare.breakAt(undefined)
    expect(await deploy([], settings())).toMatchObject({ code: 0 })
    expect(cloudflare.secrets.get("ENCRYPTION_KEY")).toBe(kept)
  })

  test.each([
    ["a stranger", () => ({ ...settings(), CLOUDFLARE_API_TOKEN: "" }), "npx wrangler login"],
    ["a missing database", () => ({ ...settings(), LIBSQL_URL: "" }), "LIBSQL_URL is not set"],
    ["an address that is none", () => ({ ...settings(), LIBSQL_URL: "ftp://db.example" }), "LIBSQL_URL is not a"],
    [
      "a database that is away",
      () => ({ ...settings(), LIBSQL_URL: "http://127.0.0.1:1" }),
      "The database does not answer",
    ],
    ["a bad variable", () => ({ ...settings(), PUBLIC_URL: "bot.example" }), "PUBLIC_URL"],
  ])("of %s stops with one line and changes nothing", async (_name, env, line) => {
    const stopped = await deploy([], env())
    expect(stopped).toMatchObject({ code: 1, output: expect.stringContaining(line) })
    expect(stopped.output).not.toContain("    at ")
    expect([...cloudflare.secrets, ...cloudflare.buckets, ...cloudflare.uploads]).toEqual([])
    expect(existsSync(join(folder, "data"))).toBe(false)
  })

  test("takes its settings from .env.deploy, and not from .env", async () => {
    const { LIBSQL_URL: _, ...rest } = settings()
    await writeFile(join(folder, ".env"), `LIBSQL_URL=${sqld.url}\n`)
    expect(await deploy([], rest)).toMatchObject({ code: 1, output: expect.stringContaining("LIBSQL_URL is not set") })
    await writeFile(join(folder, ".env.deploy"), "LIBSQL_URL=ftp://db.example\n")
    expect(await deploy([], rest)).toMatchObject({ code: 1, output: expect.stringContaining("LIBSQL_URL is not a") })
  })
})
