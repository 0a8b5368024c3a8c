/** Contracts of runners: which there are, how one comes in, and what they can be told. */
import * as z from "zod"
import { ApiToken } from "../access/credential.ts"
import { Capability, RunnerId } from "../runner/command.ts"
import { RunnerView as Runner } from "../runner/fleet.ts"
import { GatewayFrame } from "../runner/link.ts"
import { TokenId } from "../units.ts"
import { endpoint, Instant, nothing, socketEndpoint } from "./endpoint.ts"

export const RunnerView = Runner.extend({ firstSeenAt: Instant, lastSeenAt: Instant })
export type RunnerView = z.infer<typeof RunnerView>

const params = z.object({ runnerId: RunnerId })

export const listRunners = endpoint({
  method: "get",
  path: "/api/runners",
  summary:
    "List runners with what they can do, how they are and what they have to do, the one that was seen last first",
  auth: "user",
  scope: "operations:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ data: z.array(RunnerView) }),
  errors: [],
})

export const createRunnerToken = endpoint({
  method: "post",
  path: "/api/runners/tokens",
  summary: "Make a token for a new runner; its value is shown this once",
  description: "It belongs to the first runner that connects with it, and lets it do no more than `capabilities`.",
  auth: "cookie",
  scope: "access:write",
  params: nothing,
  query: nothing,
  body: z.object({
    label: z.string().trim().min(1).max(100),
    capabilities: z
      .array(Capability)
      .min(1)
      .max(Capability.options.length)
      .default(() => [...Capability.options]),
  }),
  status: 201,
  response: z.object({ tokenId: TokenId, label: z.string(), capabilities: z.array(Capability), token: ApiToken }),
  errors: [],
})

const order = (path: `/${string}`, summary: string) =>
  endpoint({
    method: "post",
    path: `/api/runners/{runnerId}${path}`,
    summary,
    auth: "user",
    scope: "access:write",
    params,
    query: nothing,
    body: nothing,
    status: 204,
    response: nothing,
    errors: ["runner_not_found", "runner_away", "runner_built_in"],
    unknownId: "runner_not_found",
    audit: { action: "runner_ordered", kind: "runner", id: "runnerId", details: () => ({ order: path.slice(1) }) },
  })

export const restartRunner = order("/restart", "Let a runner end what it has, and start again")
export const shutDownRunner = order("/shutdown", "Let a runner end what it has, and end")

export const revokeRunner = endpoint({
  method: "post",
  path: "/api/runners/{runnerId}/revoke",
  summary: "Revoke a runner's token and end its link; what it has begun is interrupted",
  auth: "user",
  scope: "access:write",
  params,
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["runner_not_found", "runner_built_in"],
  unknownId: "runner_not_found",
  audit: { action: "runner_revoked", kind: "runner", id: "runnerId" },
})

export const linkRunner = socketEndpoint({
  method: "get",
  path: "/api/runners/link",
  summary: "Serve as a runner, over a WebSocket",
  description:
    "For `npm run runner`. Frames are JSON texts; the first is the runner's `hello` with the version of the link that it speaks, and another version is refused with a sentence.",
  headers: { Upgrade: "`websocket`, as every WebSocket client sends it." },
  auth: "token",
  scope: "runner",
  params: nothing,
  query: nothing,
  body: nothing,
  frame: GatewayFrame,
  errors: ["upgrade_required"],
})
