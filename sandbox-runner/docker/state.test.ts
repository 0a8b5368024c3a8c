/** What health tells of the container engine, and what agents are told. Needs Docker and the agent image (see `openSandboxes`). */
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { argv, newCommandId, newWorkspace, openSandboxes, type Sandboxes } from "../testkit/sandboxes.ts"
import { agentImageSource } from "./image.ts"
import { createDockerWorker, type DockerWorkerConfig } from "./worker.ts"

let sandboxes: Sandboxes
beforeAll(async () => {
  sandboxes = await openSandboxes()
})
afterAll(() => sandboxes.dispose())

describe("the state says what is wrong:", () => {
  const stateOf = async (config: Partial<DockerWorkerConfig>) => {
    const dataDir = await mkdtemp(join(tmpdir(), "loop-state-"))
    const worker = createDockerWorker({ ...sandboxes.config, ...config, dataDir })
    const state = await worker.state()
    const work = {
      kind: "sandbox.run",
      workspace: newWorkspace(),
      program: argv("true"),
      stdin: "",
      timeoutMs: 5_000,
    } as const
    const context = { id: newCommandId(), signal: new AbortController().signal, onOutput: () => Promise.resolve() }
    const outcome = await worker.run(work, context)
    await worker.close()
    await rm(dataDir, { recursive: true })
    return { state, outcome }
  }
  const unavailable = (problem: RegExp) => ({
    state: { status: "unavailable", problem: expect.stringMatching(problem) },
    outcome: { status: "failed", failure: { code: "unavailable" } },
  })

  test("all is well", async () => {
    expect(await sandboxes.worker.state()).toEqual({ status: "ok" })
  })

  test("no engine is there, which agents are told without its address", async () => {
    const found = await stateOf({ dockerHost: "unix:///nonexistent/docker.sock" })
    expect(found).toMatchObject(unavailable(/no container engine at unix:\/\/\/nonexistent\/docker\.sock.*Install/))
    expect(JSON.stringify(found.outcome)).not.toContain("nonexistent")
  })

  test("no engine listens any more", async () => {
    expect(await stateOf({ dockerHost: "tcp://127.0.0.1:1" })).toMatchObject(
      unavailable(/listens at tcp:\/\/127\.0\.0\.1:1/),
    )
  })

  test("the image is missing, with the command that builds it", async () => {
    expect(await stateOf({ image: "no-such-image:latest" })).toMatchObject(
      unavailable(/no-such-image.*npm run agent-image/),
    )
  })

  describe("of an engine", () => {
    let fake: Server
    let info: unknown
    let image: unknown
    const withInfo = async (changes: object) => {
      info = {
        OSType: "linux",
        MemoryLimit: true,
        PidsLimit: true,
        SecurityOptions: ["name=seccomp,profile=default"],
        ...changes,
      }
      const address = fake.address()
      return stateOf({ dockerHost: `tcp://127.0.0.1:${typeof address === "object" ? address?.port : 0}` })
    }
    beforeAll(async () => {
      fake = createServer((request, response) => {
        void text(request)
        const { url = "" } = request
        response.setHeader("api-version", "1.41")
        if (url.includes("/containers/create")) response.writeHead(500).end('{"message":"/var/lib is full"}')
        else if (url.endsWith("/info")) response.end(JSON.stringify(info))
        else response.end(JSON.stringify(url.includes("/images/") ? image : []))
      })
      await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", resolve))
    })
    afterAll(() => fake.close())

    test.each([
      ["cannot limit memory", { MemoryLimit: false }, /cannot limit memory.*cgroup_enable=memory/],
      ["cannot limit processes", { PidsLimit: false }, /cannot limit processes/],
      ["has no seccomp", { SecurityOptions: ["name=apparmor"] }, /seccomp/],
      ["has seccomp switched off", { SecurityOptions: ["name=seccomp,profile=unconfined"] }, /seccomp/],
      ["is not of Linux", { OSType: "windows" }, /no Linux/],
    ])("that %s", async (_, changes, problem) => {
      expect(await withInfo(changes)).toMatchObject(unavailable(problem))
    })

    test("that makes no container, though all seems well: in its own words, but not to agents", async () => {
      info = { MemoryLimit: true, PidsLimit: true, SecurityOptions: ["name=seccomp,profile=default"] }
      image = { Config: { Labels: { "loop-gateway.source": agentImageSource() } } }
      const address = fake.address()
      const dataDir = await mkdtemp(join(tmpdir(), "loop-state-"))
      const dockerHost = `tcp://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
      const worker = createDockerWorker({ ...sandboxes.config, dockerHost, dataDir })
      expect(await worker.state()).toEqual({ status: "ok" })
      const work = { kind: "sandbox.run", program: argv("true"), stdin: "", timeoutMs: 5_000 } as const
      const context = { id: newCommandId(), signal: new AbortController().signal, onOutput: () => Promise.resolve() }
      const outcome = await worker.run({ ...work, workspace: newWorkspace() }, context)
      expect(outcome).toMatchObject({ status: "failed", failure: { code: "unavailable" } })
      expect(JSON.stringify(outcome)).not.toContain("/var/lib")
      expect(await worker.state()).toEqual({
        status: "unavailable",
        problem: expect.stringContaining("/var/lib is full"),
      })
      await worker.close()
      await rm(dataDir, { recursive: true })
    })
  })
})
