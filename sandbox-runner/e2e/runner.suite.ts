/** A companion runner over a real socket: added as the page says, killed, cut off, ordered about and thrown out. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { CommandView } from "../../core/api/commands.ts"
import { RunnerView } from "../../core/api/runners.ts"
import { spawnChild, type Child } from "../testkit/child.ts"
import { enter, makeProgram, type Client } from "./client.ts"
import type { E2eHost } from "./host.ts"
import { openStage, type Stage } from "./stage.ts"

const companionProgram = join(import.meta.dirname, "../testkit/companion-with-echo.ts")
const workspace = `loop_${"a".repeat(32)}`
const startMs = 30_000

export function runnerSuite(host: E2eHost): void {
  describe(`${host.name}: a companion runner`, () => {
    let stage: Stage
    let browser: Client
    let token: string
    let companion: Child
    const folders: string[] = []
    const folder = () => {
      const made = mkdtempSync(join(tmpdir(), "companion-"))
      folders.push(made)
      return made
    }
    const own = folder()
    const path = join(own, "effects")
    const effects = () => readFileSync(path, "utf8").split("\n").filter(Boolean)

    const spawnCompanion = (env: Record<string, string>) =>
      spawnChild({
        command: process.execPath,
        args: [companionProgram],
        cwd: own,
        env: { GATEWAY_URL: stage.gateway.url, RUNNER_TOKEN: token, DATA_DIR: join(own, "runner"), ...env },
      })
    const startCompanion = async () => {
      companion = spawnCompanion({})
      await companion.waitUntil(async () => companion.output().includes("Linked to"), startMs)
    }
    const runner = async (): Promise<RunnerView | undefined> => {
      const answer = await browser.send("GET", "/api/runners")
      return answer.read(z.object({ data: z.array(RunnerView) })).data.find(({ isBuiltIn }) => !isBuiltIn)
    }
    const give = async (argv: string[]): Promise<string> => {
      const work = { kind: "sandbox.run", workspace, program: { form: "argv", argv }, timeoutMs: 120_000 }
      const json = { work, correlationId: "e2e", ttlSeconds: 120 }
      const answer = await browser.send("POST", "/api/commands", { json })
      expect(answer.status).toBe(202)
      return answer.read(z.object({ id: z.string() })).id
    }
    const show = async (id: string) => (await browser.send("GET", `/api/commands/${id}`)).read(CommandView)
    const untilStatus = (id: string, status: string) =>
      expect.poll(async () => (await show(id)).status, { timeout: 60_000, interval: 50 }).toBe(status)
    const untilState = (state: string) =>
      expect.poll(async () => (await runner())?.state, { timeout: 60_000, interval: 50 }).toBe(state)

    beforeAll(async () => {
      stage = await openStage(host)
      browser = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
      const json = { label: "box", capabilities: ["sandbox"] }
      const made = await browser.sendForSecret("POST", "/api/runners/tokens", { json })
      token = made.read(z.object({ token: z.string() })).token
      stage.transcript.secret(token)
      await startCompanion()
    }, 180_000)
    afterAll(async () => {
      await companion?.kill9()
      await stage?.close()
      for (const made of folders) rmSync(made, { recursive: true, force: true })
    })

    test("does what the API asks, and is listed with what it can do", async () => {
      const id = await give(["echo", "hello", "there"])
      await untilStatus(id, "succeeded")
      expect((await show(id)).outcome).toMatchObject({ result: { stdout: "hello there\n", exitCode: 0 } })
      expect(await runner()).toMatchObject({ state: "online", capabilities: [{ name: "sandbox", status: "ok" }] })
      const list = async () => (await browser.send("GET", "/api/commands?correlationId=e2e&status=succeeded")).text
      await expect.poll(list).toContain(id)
      const Runners = z.object({ parts: z.object({ runners: z.object({ capabilities: z.array(z.string()) }) }) })
      const able = async () => (await browser.send("GET", "/api/health")).read(Runners).parts.runners.capabilities
      await expect.poll(able).toContain("sandbox")
    }, 90_000)

    test("killed in the middle of a command reports it as interrupted, and does it no second time", async () => {
      const id = await give(["append-and-wait", path, "killed"])
      await expect.poll(effects).toEqual(["killed"])
      await untilStatus(id, "running")
      await companion.kill9()
      await untilState("offline")
      await startCompanion()
      await untilStatus(id, "failed")
      expect((await show(id)).outcome).toMatchObject({ failure: { code: "interrupted" } })
      expect(effects()).toEqual(["killed"])
    }, 120_000)

    test("goes on with its command while the gateway is killed and comes back", async () => {
      const id = await give(["append-and-wait", path, "gateway killed"])
      await expect.poll(effects).toEqual(["killed", "gateway killed"])
      await untilStatus(id, "running")
      await stage.restart()
      browser = await enter(stage.anyone, "login", stage.transcript)
      await untilState("online")
      expect((await show(id)).status).toBe("running")
      expect((await browser.send("DELETE", `/api/commands/${id}`)).status).toBe(204)
      await untilStatus(id, "canceled")
      expect(effects()).toEqual(["killed", "gateway killed"])
    }, 180_000)

    test("ordered to restart is the same runner in the same process", async () => {
      const { pid } = companion
      const before = await runner()
      const restarts = () => companion.output().split("Linked to").length
      const linked = restarts()
      expect((await browser.send("POST", `/api/runners/${before?.id}/restart`)).status).toBe(204)
      await companion.waitUntil(async () => restarts() > linked, startMs)
      expect(companion.pid).toBe(pid)
      await untilState("online")
      expect((await runner())?.id).toBe(before?.id)
      const id = await give(["echo", "again"])
      await untilStatus(id, "succeeded")
    }, 120_000)

    test("is not let in by a token that is for something else, or for another runner", async () => {
      const other = folder()
      const chat = await makeProgram(browser, stage.transcript)
      const wrong = chat.headers.authorization?.replace("Bearer ", "") ?? ""
      const stranger = spawnCompanion({ RUNNER_TOKEN: wrong, DATA_DIR: join(other, "a") })
      await stranger.waitUntil(async () => stranger.output().includes("no token for runners"), startMs)
      await stranger.kill9()
      const thief = spawnCompanion({ DATA_DIR: join(other, "b") })
      await thief.waitUntil(async () => thief.output().includes("belongs to another runner"), startMs)
      await thief.kill9()
      expect(await runner()).toMatchObject({ state: "online" })
    }, 120_000)

    test("ends what it has when it is told to stop, and goes", async () => {
      const id = await give(["append-and-wait", path, "stopped"])
      await untilStatus(id, "running")
      process.kill(companion.pid, "SIGTERM")
      await untilState("draining")
      expect((await browser.send("DELETE", `/api/commands/${id}`)).status).toBe(204)
      expect(await companion.exited).toBe(0)
      expect((await show(id)).status).toBe("canceled")
      await startCompanion()
      await untilState("online")
    }, 120_000)

    test("that is revoked is thrown out, and its token opens nothing any more", async () => {
      const { id = "" } = (await runner()) ?? {}
      expect((await browser.send("POST", `/api/runners/${id}/revoke`)).status).toBe(204)
      await companion.waitUntil(async () => companion.output().includes("was revoked"), startMs)
      expect(await runner()).toMatchObject({ state: "revoked" })
      const again = spawnCompanion({ DATA_DIR: join(folder(), "again") })
      await again.waitUntil(async () => again.output().includes("does not know RUNNER_TOKEN"), startMs)
      await again.kill9()
    }, 120_000)
  })
}
