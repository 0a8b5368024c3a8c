/** Starts gateway.ts as the product's start.js starts main.ts. */
import { loadFast } from "../host/fast-load.js"

loadFast()
await import("./gateway.ts")
