/** A Worker whose ENCRYPTION_KEY is not the one that its database was made with. Needs sqld. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { openRemote } from "../../adapters/store/remote.ts"
import { claimInstanceValue } from "../../adapters/store/instance.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { migrate } from "../../adapters/store/migrate.ts"
import { createVault } from "../../adapters/vault.ts"
import { Health } from "../../core/api/operations.ts"
import { EpochMs } from "../../core/units.ts"
import type { Program } from "../testkit/program.ts"
import { startSqld } from "../testkit/sqld.ts"
import { createWranglerProcess } from "../testkit/wrangler-process.ts"
import { createClient } from "./client.ts"
import { createTranscript } from "./transcript.ts"

const workersKey = Buffer.alloc(32, 7)
const databasesKey = Buffer.alloc(32, 8)
const setupCode = "set-up-code-of-the-test"

let libsql: Libsql
let worker: Program
let stop: () => Promise<void>
beforeAll(async () => {
  const sqld = await startSqld()
  stop = () => sqld.stop()
  const remote = openRemote({ url: sqld.url, fetch: (request) => fetch(request) })
  if (remote.status === "invalid") throw new Error(remote.message)
  libsql = remote.libsql
  await migrate(libsql, EpochMs.parse(Date.now()))
  await claimInstanceValue(libsql, "encryption_check", createVault(databasesKey).checkValue())
  const vars = { LIBSQL_URL: sqld.url, ENCRYPTION_KEY: workersKey.toString("base64"), SETUP_CODE: setupCode }
  worker = await createWranglerProcess({ vars, healthPath: "/" })
  await worker.start()
}, 120_000)
afterAll(async () => {
  await worker?.dispose()
  await stop()
})

test("serves nobody and says why, until the two fit", async () => {
  const anyone = createClient(worker.url, createTranscript())
  const health = await anyone.send("GET", "/api/health")
  expect(health.status).toBe(503)
  expect(health.read(Health).parts.database).toMatchObject({ status: "failing" })
  const json = { username: "admin", password: "correct horse battery", code: setupCode }
  const setUp = async () => (await anyone.send("POST", "/api/auth/setup", { json })).outcome
  expect(await setUp()).toBe("503 encryption_key_wrong")
  await libsql.write([{ sql: "delete from instance where key = 'encryption_check'", args: [] }])
  await expect.poll(setUp).toBe("ok")
})
