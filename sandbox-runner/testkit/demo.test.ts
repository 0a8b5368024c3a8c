/** `npm run demo` as a newcomer has it, in a folder whose `.env` belongs to a real gateway. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import * as z from "zod"
import { createProgram } from "./program.ts"
import { setUpGateway } from "./sign-in.ts"

const Loop = z.object({ id: z.string() })

test("the demo says that it is one, answers without a key, and leaves the real gateway's database, key and address alone", async () => {
  const demo = await createProgram({
    name: "demo",
    port: undefined,
    healthPath: "/api/health",
    startLimitMs: 60_000,
    async command({ port, directory }) {
      const real = [
        "LIBSQL_URL=ftp://nowhere",
        "ENCRYPTION_KEY=no-key",
        "PUBLIC_URL=https://bot.example",
        "DATA_DIR=./real",
      ]
      await writeFile(join(directory, ".env"), [...real, "ANTHROPIC_API_KEY=real", "DEFAULT_MODEL=gpt-5"].join("\n"))
      return {
        command: process.execPath,
        args: [join(import.meta.dirname, "demo.ts")],
        cwd: directory,
        env: { PORT: String(port), SETUP_CODE: "code-of-the-test" },
      }
    },
  })
  try {
    await demo.start()
    const post = await setUpGateway(demo.url, "code-of-the-test")
    const loop = Loop.parse(await (await post("/api/v1/loops", {})).json())
    const answer = await (await post(`/api/v1/loops/${loop.id}/messages`, { content: "Hello, who are you?" })).text()
    expect(answer).toContain("event: done")
    expect(answer).toContain("demo")
    expect(demo.output()).toContain("This is a demo: a script answers, not an AI.")
    expect(demo.output()).toContain(join(demo.directory, "data/demo"))
    expect(await demo.stop()).toBe(0)
  } finally {
    await demo.dispose()
  }
}, 120_000)

test("a demo that cannot start ends, with 1 and the reason", async () => {
  const demo = await createProgram({
    name: "demo",
    port: undefined,
    healthPath: "/api/health",
    startLimitMs: 60_000,
    command: ({ directory }) => ({
      command: process.execPath,
      args: [join(import.meta.dirname, "demo.ts")],
      cwd: directory,
      env: { PORT: "no-port" },
    }),
  })
  const { code, output } = await demo.runToEnd()
  expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining("PORT") })
  await demo.dispose()
}, 120_000)
