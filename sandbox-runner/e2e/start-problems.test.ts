/** Starts that cannot be: each says one clear line and ends with 1, and nothing that was stored is lost or changed by it. */
import { createHash } from "node:crypto"
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { freePort } from "../testkit/port.ts"
import { createGatewayProcess, startGatewayProcess } from "../testkit/gateway-process.ts"
import { startScriptedModel, type ScriptedModel } from "../testkit/scripted-model.ts"
import { createClient, enter, makeProgram, type Client } from "./client.ts"
import { createTranscript } from "./transcript.ts"

let root: string
/** A directory that a gateway has used and left cleanly; every test takes a copy. */
let used: string
let model: ScriptedModel
let loopId: string
const transcript = createTranscript()
const modelEnv = () => ({ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "a-key-of-the-test" })
const Loop = z.object({ id: z.string() })
const LoopState = z.object({ turn_count: z.number(), title: z.string() })

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "loop-start-"))
  used = join(root, "used")
  model = await startScriptedModel()
  const gateway = await startGatewayProcess({ env: { ...modelEnv(), DATA_DIR: used } })
  const browser = await enter(createClient(gateway.url, transcript), "setup", transcript, gateway.setupCode)
  const program = await makeProgram(browser, transcript)
  loopId = (await program.send("POST", "/api/v1/loops", { json: {} })).read(Loop).id
  // Enough for many pages, so that damage in the middle of a file hits something that is used.
  for (const n of [1, 2, 3]) await say(program, `say: ${n}\n${"many words ".repeat(4_000)}`)
  expect(await gateway.stop()).toBe(0)
  await gateway.dispose()
})
afterAll(async () => {
  await model.close()
  rmSync(root, { recursive: true, force: true })
})

async function say(program: Client, content: string): Promise<void> {
  const stream = await program.open("POST", `/api/v1/loops/${loopId}/messages`, { json: { content } })
  expect((await stream.rest()).at(-1)?.event).toBe("done")
}

function copyOfUsed(): string {
  const copy = join(mkdtempSync(join(root, "copy-")), "data")
  cpSync(used, copy, { recursive: true })
  return copy
}

/** What stands in a directory, without what holds nothing: the lock, and a write-ahead log that is empty. */
function contentOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile() && !/^lock\.db|-shm$/.test(name))
    .filter((name) => statSync(join(directory, name)).size > 0)
    .toSorted()
  return Object.fromEntries(
    files.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(directory, name)))
        .digest("hex"),
    ]),
  )
}

/** Starts and expects exactly one line that fits, exit code 1 and, in `directory`, no change. */
async function expectProblem(env: Record<string, string>, line: RegExp, directory?: string): Promise<void> {
  const before = directory === undefined ? {} : contentOf(directory)
  const gateway = await createGatewayProcess({ env: { ...modelEnv(), ...env } })
  const { code, output } = await gateway.runToEnd()
  await gateway.dispose()
  expect(output.trimEnd().split("\n")).toEqual([expect.stringMatching(line)])
  expect(code).toBe(1)
  if (directory !== undefined) expect(contentOf(directory)).toEqual(before)
}

/** Starts and expects all that was said before to be there, and the agent to answer. */
async function expectAllThere(directory: string): Promise<void> {
  const gateway = await startGatewayProcess({ env: { ...modelEnv(), DATA_DIR: directory } })
  const browser = await enter(createClient(gateway.url, transcript), "login", transcript)
  const program = await makeProgram(browser, transcript)
  const loop = (await program.send("GET", `/api/v1/loops/${loopId}`)).read(LoopState)
  expect(loop).toMatchObject({ turn_count: 3, title: "say: 1" })
  await say(program, "history")
  expect(await gateway.stop()).toBe(0)
  await gateway.dispose()
}

describe("a place that cannot be used", () => {
  test("a port in use", async () => {
    const other = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => other.once("listening", resolve))
    const address = other.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const directory = copyOfUsed()
    await expectProblem({ PORT: String(port), DATA_DIR: directory }, /^PORT \d+ is in use on 127\.0\.0\.1\. /)
    await new Promise((resolve) => other.close(resolve))
    await expectAllThere(directory)
  })

  test("an address that this machine does not have", async () => {
    await expectProblem({ HOST: "203.0.113.9" }, /^The gateway cannot listen on 203\.0\.113\.9:\d+ \(EADDRNOTAVAIL\)/)
  })

  test("a DATA_DIR that is a file, or lies where nothing can be written", async () => {
    const file = join(root, "a file")
    writeFileSync(file, "of someone else")
    await expectProblem({ DATA_DIR: file }, /^DATA_DIR .*a file cannot be written \((EEXIST|ENOTDIR)\)/)
    await expectProblem({ DATA_DIR: join(file, "below") }, /^DATA_DIR .*below cannot be written \((EEXIST|ENOTDIR)\)/)
    await expectProblem({ DATA_DIR: "/proc/gateway" }, /^DATA_DIR \/proc\/gateway cannot be written \(ENOENT\)/)
    expect(readFileSync(file, "utf8")).toBe("of someone else")
  })

  test("a libSQL server that has never been seen and does not answer", async () => {
    const directory = join(root, "new")
    const url = `http://127.0.0.1:${await freePort()}`
    await expectProblem(
      { DATA_DIR: directory, LIBSQL_URL: url },
      /^The database does not answer at 127\.0\.0\.1:\d+ .* Check LIBSQL_URL, LIBSQL_AUTH_TOKEN and that its server runs\.$/,
    )
  })

  test("a second process on the same DATA_DIR, and the first one does not notice", async () => {
    const directory = copyOfUsed()
    const first = await startGatewayProcess({ env: { ...modelEnv(), DATA_DIR: directory } })
    await expectProblem({ DATA_DIR: directory }, /^Another process already runs on DATA_DIR /)
    expect((await fetch(`${first.url}/api/health`)).status).toBe(200)
    await first.kill9()
    await first.dispose()
    await expectAllThere(directory)
  })
})

/** Each spoils a file's bytes as a failing disk or a careless hand does. */
const damages: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  "garbage instead of a header": (bytes) => Buffer.concat([Buffer.alloc(100, "garbage!"), bytes.subarray(100)]),
  "the end cut off": (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)),
  "pages overwritten in the middle": (bytes) => {
    const spoilt = Buffer.from(bytes)
    for (let at = 4_096; at < bytes.length; at += 8_192) spoilt.fill(0xa5, at, at + 2_048)
    return spoilt
  },
}

describe.each(["gateway.db", "objects.db"])("a damaged %s", (name) => {
  test.each(Object.keys(damages))(
    "%s",
    async (damage) => {
      const directory = copyOfUsed()
      const file = join(directory, name)
      writeFileSync(file, damages[damage]?.(readFileSync(file)) ?? "")
      await expectProblem(
        { DATA_DIR: directory },
        new RegExp(`${name}.* (is damaged|cannot be used).* backup`),
        directory,
      )
      cpSync(join(used, name), file)
      await expectAllThere(directory)
    },
    60_000,
  )
})

describe("a key", () => {
  test("that is not the database's", async () => {
    const directory = copyOfUsed()
    const other = Buffer.alloc(32, 1).toString("base64")
    const line = /^ENCRYPTION_KEY is not the key that this database was made with\. /
    await expectProblem({ DATA_DIR: directory, ENCRYPTION_KEY: other }, line, directory)
    await expectAllThere(directory)
  })

  test("that is none, in the environment or in its file", async () => {
    const directory = copyOfUsed()
    await expectProblem({ DATA_DIR: directory, ENCRYPTION_KEY: "short" }, /^ENCRYPTION_KEY does not hold/, directory)
    writeFileSync(join(directory, "encryption.key"), "garbage\n")
    await expectProblem({ DATA_DIR: directory }, /^.*encryption\.key does not hold an encryption key/, directory)
  })

  test("whose file is lost while the database is there", async () => {
    const directory = copyOfUsed()
    rmSync(join(directory, "encryption.key"))
    await expectProblem({ DATA_DIR: directory }, /^.*encryption\.key is missing.* Bring the file back/, directory)
    expect(existsSync(join(directory, "encryption.key"))).toBe(false)
    cpSync(join(used, "encryption.key"), join(directory, "encryption.key"))
    await expectAllThere(directory)
  })
})

test.each([
  ["PORT", "abc"],
  ["PORT", "65536"],
  ["PUBLIC_URL", "ftp://example.org"],
  ["PUBLIC_URL", "example.org"],
  ["TRUST_PROXY", "yes"],
  ["LIBSQL_URL", "nonsense"],
  ["SETUP_CODE", "short"],
  ["ANTHROPIC_BASE_URL", "api.anthropic.com"],
  ["OPENAI_BASE_URL", "file:///etc/passwd"],
  ["OLLAMA_URL", "localhost:11434"],
  ["FALLBACK_ENABLED", "maybe"],
  ["EDGE_MODE", "small"],
  ["EDGE_MAX_CONCURRENT", "0"],
  ["EGRESS_ALLOW_PRIVATE", "x"],
  ["EGRESS_ALLOW_PRIVATE", "10.0.0.0/8"],
  ["TELEGRAM_API_ROOT", "x"],
  ["TELEGRAM_MODE", "push"],
  ["RATE_LIMIT_PER_MINUTE", "0"],
  ["TOKEN_RATE_LIMIT_PER_MINUTE", "many"],
])("%s=%s is named, and its value is not repeated", async (name, value) => {
  const directory = copyOfUsed()
  const gateway = await createGatewayProcess({ env: { DATA_DIR: directory, [name]: value } })
  const before = contentOf(directory)
  const { code, output } = await gateway.runToEnd()
  await gateway.dispose()
  expect(output.trimEnd().split("\n")).toEqual([expect.stringMatching(`^${name}`)])
  if (value.length > 3) expect(output).not.toContain(value)
  expect(code).toBe(1)
  expect(contentOf(directory)).toEqual(before)
})

describe("SIGTERM", () => {
  test("ends turns and streams within ten seconds, and the turn goes on at the next start", async () => {
    const directory = copyOfUsed()
    const gateway = await startGatewayProcess({ env: { ...modelEnv(), DATA_DIR: directory } })
    const browser = await enter(createClient(gateway.url, transcript), "login", transcript)
    const program = await makeProgram(browser, transcript)
    const { streams, key } = await openStreams(program)
    const stoppedAt = performance.now()
    const code = await gateway.stop()
    expect(code).toBe(0)
    expect(performance.now() - stoppedAt).toBeLessThan(10_000)
    for (const stream of streams) expect((await stream.untilBroken()).map(({ event }) => event)).not.toContain("done")
    model.setScript(() => ({ kind: "answer", text: "after the stop" }))
    await gateway.start()
    await resumes(program, key)
    expect(await gateway.stop()).toBe(0)
    await gateway.dispose()
  })
})

async function openStreams(program: Client) {
  const key = { "idempotency-key": "stopped" }
  const path = `/api/v1/loops/${loopId}`
  const sent = await program.open("POST", `${path}/messages`, { json: { content: "hang" }, headers: key })
  await model.waitForRequest(({ lastUserText }) => lastUserText === "hang")
  const watching = await program.open("GET", `${path}/events`)
  expect((await watching.next())?.event).toBe("snapshot")
  return { streams: [sent, watching], key }
}

/** No message is sent: only who watches is told. */
async function resumes(program: Client, headers: Record<string, string>): Promise<void> {
  const path = `/api/v1/loops/${loopId}`
  await expect.poll(async () => (await program.send("GET", path)).read(LoopState).turn_count).toBe(4)
  const replay = await program.open("POST", `${path}/messages`, { json: { content: "hang" }, headers })
  const events = await replay.rest()
  expect(events.at(-1)?.event).toBe("done")
  expect(events.flatMap((event) => (event.event === "assistant_delta" ? [event.data.text] : [])).join("")).toContain(
    "after the stop",
  )
}
