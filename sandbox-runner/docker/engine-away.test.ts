/** An engine that goes away in the middle and comes back: a real one, behind a wire that is cut. Needs Docker and the agent image. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as z from "zod"
import { agentImage, argv, bash, dockerHost, newCommandId, newWorkspace, openSandboxes } from "../testkit/sandboxes.ts"
import { parseDockerHost } from "./docker-host.ts"
import { openEngine } from "./engine.ts"
import { containerName, containerSpec } from "./sandbox.ts"
import { openWorkspaces } from "./workspaces.ts"

const engine = openEngine(dockerHost)
const wires = new Set<Socket>()
let isCut = false
const wire = createServer((near) => {
  const place = parseDockerHost(dockerHost)
  if (isCut || place === undefined) return void near.destroy()
  const far = "socketPath" in place ? connect(place.socketPath) : connect(place.port, place.host)
  for (const [end, other] of [
    [near, far],
    [far, near],
  ] as const) {
    wires.add(end)
    end.pipe(other)
    end
      .on("error", () => other.destroy())
      .on("close", () => {
        wires.delete(end)
        other.destroy()
      })
  }
})
const cut = () => {
  isCut = true
  for (const end of wires) end.destroy()
}
let wireHost = ""
beforeAll(async () => {
  await new Promise<void>((resolve) => wire.listen(0, "127.0.0.1", resolve))
  const { port } = z.custom<AddressInfo>((address) => typeof address === "object").parse(wire.address())
  wireHost = `tcp://127.0.0.1:${port}`
})
afterAll(() => {
  cut()
  wire.close()
})

test("what runs is interrupted, the files stay as they were, and all works again when the engine is back", async () => {
  const sandboxes = await openSandboxes({ dockerHost: wireHost })
  const workspace = newWorkspace()
  await sandboxes.result(bash("echo before > file"), { workspace })
  const running = sandboxes.run(bash("echo after > file; echo started; sleep 60"), {
    workspace,
    onOutput: () => Promise.resolve(cut()),
  })
  expect(await running).toMatchObject({ status: "failed", failure: { code: "interrupted" } })
  expect(await sandboxes.run(argv("true"))).toMatchObject({ status: "failed", failure: { code: "unavailable" } })
  expect(await sandboxes.worker.state()).toMatchObject({ status: "unavailable" })

  // Something of this runner that did not end by itself.
  const { owner } = openWorkspaces(join(sandboxes.config.dataDir, "workspaces"))
  const id = newCommandId()
  const query = { name: containerName(owner, id) }
  const body = containerSpec({ image: agentImage, owner, command: id, canLimitCpu: true })
  await engine.call(z.unknown(), { method: "POST", path: "/containers/create", query, body })
  isCut = false
  const beside = sandboxes.result(bash("sleep 1; echo beside"))
  expect((await sandboxes.result(argv("cat", "file"), { workspace })).stdout).toBe("before\n")
  expect((await beside).stdout).toBe("beside\n")
  expect(await sandboxes.containers()).toEqual([])
  expect(await sandboxes.worker.state()).toEqual({ status: "ok" })
  await sandboxes.dispose()
})

test("an engine that is away at the start is no hindrance to one that comes", async () => {
  isCut = true
  await expect(openSandboxes({ dockerHost: wireHost })).rejects.toThrow("npm run agent-image")
  isCut = false
  const sandboxes = await openSandboxes({ dockerHost: wireHost })
  expect(await sandboxes.result(argv("echo", "here"))).toMatchObject({ stdout: "here\n" })
  await sandboxes.dispose()
})
