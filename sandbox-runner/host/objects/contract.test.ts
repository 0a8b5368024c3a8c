/** The Node host under the contract that both hosts keep. */
import { afterAll, beforeAll } from "vitest"
import { describeHost } from "../../../durable-objects/host.suite.ts"
import { describeSockets } from "../../../durable-objects/sockets.suite.ts"
import { startLoopback, type LoopbackServer } from "../../testkit/loopback.ts"
import { openProbeHost, type ProbeHost } from "../../testkit/probe-host.ts"
import { opened, startSocketServer, type SocketServer } from "../../testkit/socket-server.ts"

let host: ProbeHost
let server: LoopbackServer
let sockets: SocketServer

beforeAll(async () => {
  host = await openProbeHost()
  server = await startLoopback(async (_, response) => {
    response.end("hello")
  })
  sockets = await startSocketServer(() => host.objects)
})
afterAll(async () => {
  await host.close()
  await server.close()
  await sockets.close()
})

describeHost("Node host", () => ({
  reach: (kind, id) => host.objects.reach(kind, id),
  peers: host.objects.peers,
  evict: (kind, id) => host.objects.evict(kind, id),
  async fireAlarm(kind, id, afterMs) {
    const alarms = async () => Number(await host.objects.reach(kind, id).call("get", "alarms"))
    const before = await alarms()
    host.timers.advance(afterMs)
    // The alarm's own call stands before ours.
    return (await alarms()) > before
  },
  cut: host.cut,
  url: server.url,
}))

describeSockets("Node host", () => ({
  reach: (kind, id) => host.objects.reach(kind, id),
  evict: (kind, id) => host.objects.evict(kind, id),
  upgrade: host.objects.upgrade,
  connect: (kind, id, input) => opened(new WebSocket(sockets.urlOf(kind, id, input))),
}))
