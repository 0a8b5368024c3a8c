/** The Node host under the contract that both hosts keep. */
import { afterAll, beforeAll } from "vitest"
import { describeHost } from "../../../durable-objects/host.suite.ts"
import { startLoopback, type LoopbackServer } from "../../testkit/loopback.ts"
import { openProbeHost, type ProbeHost } from "../../testkit/probe-host.ts"

let host: ProbeHost
let server: LoopbackServer

beforeAll(async () => {
  host = await openProbeHost()
  server = await startLoopback(async (_, response) => {
    response.end("hello")
  })
})
afterAll(async () => {
  await host.close()
  await server.close()
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
