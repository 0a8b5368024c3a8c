/** A gateway's end of the runner link, of which every frame is said by the test; over real sockets, and as rude as wanted. */
import { createServer, type IncomingHttpHeaders } from "node:http"
import { WebSocketServer, type WebSocket } from "ws"
import { type GatewayFrame, linkProtocol, RunnerFrame } from "../../core/runner/link.ts"
import { createWaiters } from "./waiters.ts"

type FrameOf<T extends RunnerFrame["type"]> = Extract<RunnerFrame, { type: T }>

export interface FakeLink {
  readonly headers: IncomingHttpHeaders
  say(frame: GatewayFrame): void
  raw(data: string | Uint8Array): void
  /** The next frame of that type, and of that command where one is named; others before it stay unheard. */
  hear<T extends RunnerFrame["type"]>(type: T, id?: string): Promise<FrameOf<T>>
  readonly unheard: readonly RunnerFrame[]
  /** Says welcome to the hello, which it returns. */
  welcome(yours?: { id: FrameOf<"accepted">["id"]; offset: number }[]): Promise<FrameOf<"hello">>
  readonly closed: Promise<void>
  readonly isOpen: boolean
  /** Reads nothing more, as a half-open connection. */
  freeze(): void
  /** Ends the connection without a word. */
  drop(): void
}

export interface FakeGateway {
  readonly url: string
  /** The next connection that was not taken yet. */
  link(): Promise<FakeLink>
  readonly connections: number
  /** Answers upgrades by this status from now on; undefined lets them in again. */
  refuseWith: number | undefined
  close(): Promise<void>
}

export async function startFakeGateway(): Promise<FakeGateway> {
  const waiters = createWaiters()
  const links: FakeLink[] = []
  const sockets = new Set<WebSocket>()
  let connections = 0
  const server = createServer()
  const wss = new WebSocketServer({ noServer: true })
  server.on("upgrade", (request, socket, head) => {
    connections += 1
    if (gateway.refuseWith !== undefined) {
      socket.end(`HTTP/1.1 ${gateway.refuseWith} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      return waiters.notify()
    }
    wss.handleUpgrade(request, socket, head, (wire) => {
      sockets.add(wire)
      links.push(toLink(wire, request.headers))
      waiters.notify()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const gateway: FakeGateway = {
    url: `http://127.0.0.1:${port}`,
    link: () => waiters.until("a connection", () => links.shift()),
    get connections() {
      return connections
    },
    refuseWith: undefined,
    async close() {
      waiters.close("the test is over")
      for (const socket of sockets) socket.terminate()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return gateway
}

function toLink(wire: WebSocket, headers: IncomingHttpHeaders): FakeLink {
  const frames: RunnerFrame[] = []
  const waiters = createWaiters()
  wire.on("message", (data) => {
    frames.push(RunnerFrame.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString() : "")))
    waiters.notify()
  })
  const closed = new Promise<void>((resolve) => {
    wire.on("close", () => {
      waiters.close("the runner closed the link")
      resolve()
    })
  })
  const link: FakeLink = {
    headers,
    say: (frame) => wire.send(JSON.stringify(frame)),
    raw: (data) => wire.send(data),
    hear: <T extends RunnerFrame["type"]>(type: T, id?: string) =>
      waiters.until(`a frame ${type}`, () => {
        const at = frames.findIndex(
          (frame) => frame.type === type && (id === undefined || ("id" in frame && frame.id === id)),
        )
        const [found] = at < 0 ? [] : frames.splice(at, 1)
        return isOfType(found, type) ? found : undefined
      }),
    unheard: frames,
    async welcome(yours = []) {
      const hello = await link.hear("hello")
      link.say({ type: "welcome", protocol: linkProtocol, granted: ["sandbox"], yours })
      return hello
    },
    closed,
    get isOpen() {
      return wire.readyState === wire.OPEN
    },
    freeze: () => wire.pause(),
    drop: () => wire.terminate(),
  }
  return link
}

function isOfType<T extends RunnerFrame["type"]>(frame: RunnerFrame | undefined, type: T): frame is FrameOf<T> {
  return frame?.type === type
}
