/** Makes the objects: the one place that knows every kind. */
import { Channel } from "./channel/channel.ts"
import { Conversation } from "./conversation/conversation.ts"
import type { HostedObject, ObjectHost } from "./host.ts"
import { Ledger } from "./ledger/ledger.ts"
import { LiveHub } from "./live/hub.ts"
import type { GatewayParts } from "./parts.ts"
import type { ObjectKind } from "./peers.ts"
import { RunnerHub } from "./runners/hub.ts"

export function createObject(kind: ObjectKind, host: ObjectHost, parts: GatewayParts): HostedObject {
  switch (kind) {
    case "conversation":
      return new Conversation(host, parts)
    case "channel":
      return new Channel(host, parts)
    case "ledger":
      return new Ledger(host, parts)
    case "live":
      return new LiveHub(host, parts.liveInterest)
    case "runners":
      return new RunnerHub(host, parts)
  }
}
