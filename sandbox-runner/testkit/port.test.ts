import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { text } from "node:stream/consumers"
import { expect, test } from "vitest"
import { freePort } from "./port.ts"

const portsAtOnce = 200

/** Claims as many ports in a process of its own and keeps them until its input ends. */
function startOther() {
  const program = `
    const { freePort } = await import(${JSON.stringify(import.meta.resolve("./port.ts"))})
    const ports = await Promise.all(Array.from({ length: ${portsAtOnce} }, () => freePort()))
    console.log(JSON.stringify(ports))
    process.stdin.resume()`
  return spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["pipe", "pipe", "inherit"] })
}

test("no two processes are given the same port, and no port that something listens on", async () => {
  const others = [startOther(), startOther(), startOther()]
  const told = await Promise.all(others.map(async ({ stdout }) => String(await once(stdout, "data"))))
  const theirs = told.flatMap((line): unknown[] => JSON.parse(line))
  const mine = await Promise.all(Array.from({ length: portsAtOnce }, () => freePort()))
  for (const other of others) other.stdin.end()
  await Promise.all(others.map(({ stdout }) => text(stdout)))
  expect(new Set([...theirs, ...mine]).size).toBe(4 * portsAtOnce)
})

test("a server may come, go and come back on a port that was given", async () => {
  const port = await freePort()
  for (let times = 0; times < 3; times++) {
    const server = createServer().listen(port, "127.0.0.1")
    await once(server, "listening")
    server.close()
    await once(server, "close")
  }
})
