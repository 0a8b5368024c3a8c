/** What travels with one request through the app. */
import type { Context, Hono } from "hono"
import type { Identity } from "../access/identity.ts"
import type { Connection } from "../deps.ts"

export interface AppEnv {
  Bindings: Connection
  Variables: {
    requestId: string
    /** Whether the client, as far as we can trust, spoke https. */
    https: boolean
    /** The client's address. */
    address: string
    /** Who calls, as far as it was looked up. */
    identity: Identity
    /** What the answer makes the browser store. */
    cookie: string | undefined
    /** The handler says that something is wrong: its contract's `badStatus` takes the place of `status`. */
    isBad: boolean | undefined
  }
}
export type AppContext = Context<AppEnv>
export type App = Hono<AppEnv>
