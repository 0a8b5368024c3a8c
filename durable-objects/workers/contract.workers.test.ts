/** Durable Objects under the contract that both hosts keep, in workerd. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, test } from "vitest"
import { LoopError } from "../../core/errors.ts"
import { describeHost } from "../host.suite.ts"
import { describeSockets } from "../sockets.suite.ts"
import { peersOver, reachOver, upgradeOver, type ObjectBindings } from "../cloudflare.ts"
import { Channel, cut } from "./probe-worker.ts"
import type { ObjectKind } from "../peers.ts"

declare global {
  namespace Cloudflare {
    interface Env extends ObjectBindings {
      readonly CONVERSATION: ObjectBindings["CONVERSATION"] & DurableObjectNamespace
      readonly CHANNEL: ObjectBindings["CHANNEL"] & DurableObjectNamespace
      readonly LEDGER: ObjectBindings["LEDGER"] & DurableObjectNamespace
      readonly LIVE: ObjectBindings["LIVE"] & DurableObjectNamespace
      readonly RUNNERS: ObjectBindings["RUNNERS"] & DurableObjectNamespace
    }
  }
}

function stubOf(kind: ObjectKind, id: string): DurableObjectStub {
  const { CONVERSATION, CHANNEL, LEDGER, LIVE, RUNNERS } = env
  const namespaces = { conversation: CONVERSATION, channel: CHANNEL, ledger: LEDGER, live: LIVE, runners: RUNNERS }
  const namespace: DurableObjectNamespace = namespaces[kind]
  return namespace.getByName(id)
}

describeHost("Durable Objects", () => ({
  reach: (kind, id) => reachOver(env, kind, id),
  peers: peersOver(env),
  evict: (kind, id) => evictDurableObject(stubOf(kind, id)),
  fireAlarm: (kind, id) => runDurableObjectAlarm(stubOf(kind, id)),
  cut,
  url: "http://upstream.example/",
}))

describeSockets("Durable Objects", () => ({
  reach: (kind, id) => reachOver(env, kind, id),
  evict: (kind, id) => evictDurableObject(stubOf(kind, id)),
  upgrade: upgradeOver(env),
  async connect(kind, id, input) {
    const { webSocket } = await upgradeOver(env)(kind, id, new Request("http://gateway.example/"), input)
    if (webSocket === null) throw new Error("no WebSocket came back")
    webSocket.binaryType = "arraybuffer"
    webSocket.accept()
    return webSocket
  },
}))

describe("what only Durable Objects do", () => {
  const broken = (error: unknown): ObjectBindings => {
    const reject = async () => {
      throw error
    }
    return { ...env, CHANNEL: { getByName: () => ({ call: reject, stream: reject, fetch: reject }) } }
  }

  test("an error of the way between is peer_unavailable, whatever it looks like", async () => {
    for (const error of [new Error("Durable Object is overloaded"), new LoopError("loop_archived"), undefined]) {
      const reached = reachOver(broken(error), "channel", "any")
      const upgraded = upgradeOver(broken(error))("channel", "any", new Request("http://gateway.example/"), {})
      for (const work of [reached.call("life", {}), reached.stream("count", { chunks: 1 }), upgraded]) {
        await expect(work).rejects.toMatchObject({ code: "peer_unavailable" })
      }
    }
  })

  test("an alarm that fails stands again, later each time", async () => {
    const id = "failing alarm"
    const stub = stubOf("channel", id)
    await reachOver(env, "channel", id).call("put", { key: "alarm fails", value: true })
    await reachOver(env, "channel", id).call("setAlarm", 60_000)
    const rests: number[] = []
    for (let failures = 1; failures <= 8; failures += 1) {
      await runDurableObjectAlarm(stub)
      const at = await runInDurableObject(stub, (_, state) => state.storage.getAlarm())
      rests.push(Math.round(((at ?? 0) - Date.now()) / 1_000))
    }
    expect(rests).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
  })

  test("an object that was not addressed by a name fails, and says why in the log alone", async () => {
    const stub = env.CHANNEL.get(env.CHANNEL.newUniqueId())
    const outcome = await runInDurableObject(stub, (object) =>
      object instanceof Channel ? object.call("life", {}) : undefined,
    )
    expect(outcome).toEqual({ status: "failed", code: "internal", details: {} })
  })
})
