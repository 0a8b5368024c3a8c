/** The runner in the gateway's own process: it dies with it, and nothing is done twice. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as z from "zod"
import { CommandView } from "../../core/api/commands.ts"
import { RunnerView } from "../../core/api/runners.ts"
import { createClient, enter, type Client } from "./client.ts"
import { nodeHost } from "./node-host.ts"
import { openStage, type Stage } from "./stage.ts"

let stage: Stage
let browser: Client
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "own-runner-"))
  stage = await openStage(nodeHost("embedded"), { ECHO_WORKER: "true" })
  browser = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
}, 120_000)
afterAll(async () => {
  await stage?.close()
  rmSync(folder, { recursive: true, force: true })
})

const effects = () => readFileSync(join(folder, "effects"), "utf8").split("\n").filter(Boolean)
const give = async (argv: string[]) => {
  const program = { form: "argv", argv }
  const work = { kind: "sandbox.run", workspace: `loop_${"a".repeat(32)}`, program, timeoutMs: 60_000 }
  const answer = await browser.send("POST", "/api/commands", { json: { work } })
  return answer.read(z.object({ id: z.string() })).id
}
const show = async (id: string) => (await browser.send("GET", `/api/commands/${id}`)).read(CommandView)
const untilStatus = (id: string, status: string) =>
  expect.poll(async () => (await show(id)).status, { timeout: 60_000 }).toBe(status)
const listed = async () =>
  (await browser.send("GET", "/api/runners")).read(z.object({ data: z.array(RunnerView) })).data

test("it is there from the start, and cannot be ordered about", async () => {
  const id = await give(["echo", "hi"])
  await untilStatus(id, "succeeded")
  const [own] = await listed()
  expect(own).toMatchObject({ isBuiltIn: true, state: "online" })
  for (const order of ["restart", "shutdown", "revoke"])
    expect((await browser.send("POST", `/api/runners/${own?.id}/${order}`)).outcome).toBe("409 runner_built_in")
})

test("killed with the gateway it is the same runner again, and what it had begun is interrupted", async () => {
  const [before] = await listed()
  const id = await give(["append-and-wait", join(folder, "effects"), "once"])
  await expect.poll(effects).toEqual(["once"])
  await untilStatus(id, "running")
  const waiting = await give(["echo", "behind it"])
  await stage.restart()
  browser = await enter(createClient(stage.gateway.url, stage.transcript), "login", stage.transcript)
  await untilStatus(id, "failed")
  expect((await show(id)).outcome).toMatchObject({ failure: { code: "interrupted" } })
  await untilStatus(waiting, "succeeded")
  expect(effects()).toEqual(["once"])
  expect(await listed()).toMatchObject([{ id: before?.id, isBuiltIn: true }])
}, 90_000)
