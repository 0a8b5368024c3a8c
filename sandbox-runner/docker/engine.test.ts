/** The client of the engine against engines that do not behave. What a real one does is in worker.test.ts. */
import { createServer, type RequestListener, type Server } from "node:http"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { parseDockerHost } from "./docker-host.ts"
import { openEngine } from "./engine.ts"

const directory = mkdtempSync(join(tmpdir(), "loop-engine-"))
const socketPath = join(directory, "docker.sock")
let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  rmSync(socketPath, { force: true })
})

/** An engine of API 1.41 on a Unix socket that answers every other request as told. */
async function engineThat(
  answer: RequestListener,
  ping: RequestListener = (_, response) => response.setHeader("Api-Version", "1.41").end("OK"),
) {
  server = createServer((request, response) => (request.url === "/_ping" ? ping : answer)(request, response))
  await new Promise<void>((resolve) => server?.listen(socketPath, resolve))
  return openEngine(`unix://${socketPath}`)
}
const list = { method: "GET", path: "/containers/json" } as const

describe("DOCKER_HOST", () => {
  test.each([
    ["unix:///var/run/docker.sock", { socketPath: "/var/run/docker.sock" }],
    ["tcp://127.0.0.1:2375", { host: "127.0.0.1", port: 2_375 }],
    ["tcp://[::1]:2375", { host: "::1", port: 2_375 }],
    ["tcp://engine.lan", { host: "engine.lan", port: 2_375 }],
    ["unix://", undefined],
    ["unix://relative", undefined],
    ["/var/run/docker.sock", undefined],
    ["http://127.0.0.1:2375", undefined],
    ["ssh://host", undefined],
    ["tcp://host/path", undefined],
    ["tcp://", undefined],
    ["", undefined],
  ])("%s", (value, place) => {
    expect(parseDockerHost(value)).toEqual(place)
  })
})

describe("the version spoken is", () => {
  test.each([
    ["1.41", "/v1.41/containers/json"],
    ["1.9", "/v1.9/containers/json"],
    ["1.55", "/v1.44/containers/json"],
  ])("the older of both, for an engine of %s", async (offered, path) => {
    let asked: string | undefined
    const engine = await engineThat(
      (request, response) => {
        asked = request.url
        response.end("[]")
      },
      (_, response) => response.setHeader("Api-Version", offered).end("OK"),
    )
    await engine.call(z.array(z.unknown()), list)
    expect(asked).toBe(path)
  })
})

describe("an engine is not believed that", () => {
  test("does not say what it is", async () => {
    const engine = await engineThat(
      (_, response) => response.end("[]"),
      (_, response) => response.end("<html>"),
    )
    await expect(engine.call(z.unknown(), list)).rejects.toThrow("no container engine")
  })

  test("answers what makes no sense", async () => {
    const engine = await engineThat((_, response) => response.end("<html>"))
    await expect(engine.call(z.array(z.unknown()), list)).rejects.toThrow("makes no sense")
  })

  test("answers without end", async () => {
    const engine = await engineThat((_, response) => void Readable.from(endless()).pipe(response))
    await expect(engine.call(z.unknown(), list)).rejects.toThrow("broke off")
  })

  test("breaks off in the middle", async () => {
    const engine = await engineThat((_, response) => {
      response.writeHead(200, { "content-length": "1000" }).write("[", () => response.destroy())
    })
    await expect(engine.call(z.unknown(), list)).rejects.toThrow("broke off")
  })

  test("never answers", async () => {
    const engine = await engineThat(() => {})
    await expect(engine.call(z.unknown(), { ...list, timeoutMs: 50 })).rejects.toThrow("does not answer")
  })
})

test("a refusal is told with its status and the engine's reason", async () => {
  const engine = await engineThat((_, response) => response.writeHead(409).end('{"message":"name in use"}'))
  await expect(engine.call(z.unknown(), list)).rejects.toMatchObject({
    status: 409,
    message: expect.stringContaining("name in use"),
  })
})

test("an attach that is not upgraded is a refusal", async () => {
  const engine = await engineThat((_, response) => response.writeHead(404).end('{"message":"no such container"}'))
  await expect(engine.attach("abc", new AbortController().signal)).rejects.toMatchObject({ status: 404 })
})

test("an engine that came back is asked for its version again", async () => {
  const engine = openEngine(`unix://${socketPath}`)
  await expect(engine.call(z.unknown(), list)).rejects.toThrow("There is no container engine")
  const back = await engineThat((_, response) => response.end("[]"))
  expect(back).toBeDefined()
  expect(await engine.call(z.unknown(), list)).toEqual([])
})

test("a call that is called back ends at once", async () => {
  const engine = await engineThat(() => {})
  const canceling = new AbortController()
  const call = engine.call(z.unknown(), { ...list, signal: canceling.signal })
  canceling.abort()
  await expect(call).rejects.toThrow()
})

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(100_000, " ")
}
