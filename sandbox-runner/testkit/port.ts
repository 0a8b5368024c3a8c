/** Ports that stay a test's own while nothing listens on them: before a program starts, and between its death and its next start. */
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { createServer } from "node:net"

/**
 * Below the ports that kernels give to outgoing connections and to whoever listens on port 0 (from 32768 on Linux, 16000 on
 * gVisor, 49152 elsewhere), so neither can take one away. Above 10080, the last one that browsers and `fetch` refuse.
 */
const [first, last] = [11_000, 15_999]
const triesAtMost = 1_000

/**
 * A TCP port of 127.0.0.1 on which nothing listens and that nobody else is given until this process ends. The claim is the UDP
 * port of the same number: the kernel grants it once over all processes, and takes it back however its owner ends.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < triesAtMost; tries++) {
    const port = first + Math.floor(Math.random() * (last - first + 1))
    if ((await claim(port)) && (await isUnused(port))) return port
  }
  throw new Error(`no free port from ${first} to ${last} after ${triesAtMost} tries`)
}

async function claim(port: number): Promise<boolean> {
  const socket = createSocket("udp4")
  try {
    socket.bind({ address: "127.0.0.1", port, exclusive: true })
    await once(socket, "listening")
    socket.unref()
    return true
  } catch {
    socket.close()
    return false
  }
}

async function isUnused(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    server.close()
    await once(server, "close")
    return true
  } catch {
    return false
  }
}
