/** The contract of the live feed: what changes, as it changes. */
import * as z from "zod"
import { LiveFrame } from "../live/event.ts"
import { nothing, socketEndpoint } from "./endpoint.ts"

export const watchLive = socketEndpoint({
  method: "get",
  path: "/api/live",
  summary: "Watch changes of state over a WebSocket, numbered and resumable",
  description: [
    "Frames are JSON texts of the form `LiveFrame`. `hello` comes first; with `gap: true` what was read before may be out of date.",
    "`after`, the number of the last frame, resumes: the newest 1,000 events are kept for a day, for as long as anyone watches and",
    "for a quarter of an hour after. Each event needs its area's scope to read: a caller gets those that it may read. The text frame",
    "`ping` is answered with `pong`; 256 KB behind, a reader is closed with 1013; 4401 says that the token or session is over.",
    "A browser's page sends its cookie and must be of our origin. An event that gets lost between parts of the gateway is not",
    "repeated: read lists anew now and then.",
  ].join(" "),
  headers: { Upgrade: "`websocket`, as every WebSocket client sends it." },
  auth: "user",
  scope: null,
  params: nothing,
  query: z.object({
    after: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .optional(),
  }),
  body: nothing,
  frame: LiveFrame,
  errors: ["origin_forbidden", "scope_missing", "upgrade_required"],
})
