/** The two parts of undici that the ways out are made of. The whole of it takes 4 MB more of memory, beside the one inside Node. */
declare module "undici/lib/dispatcher/agent.js" {
  export { Agent as default } from "undici"
}
declare module "undici/lib/core/connect.js" {
  export { buildConnector as default } from "undici"
}
