/** Contract of the models that the gateway knows: what they can, what they cost, whether they can be called now. */
import * as z from "zod"
import { ModelEntry } from "../catalogue/catalogue.ts"
import { endpoint, nothing } from "./endpoint.ts"

export const ModelView = z.object({
  ...ModelEntry.shape,
  /** Whether the environment has what its provider needs. An agent group with a key of its own may call it all the same. */
  isConfigured: z.boolean(),
})
export type ModelView = z.infer<typeof ModelView>

export const listKnownModels = endpoint({
  method: "get",
  path: "/api/models",
  summary: "The models that the gateway knows the facts of",
  description:
    "From models.json. Prices are in micro-dollars per million tokens; null where they are not known. A name that ends with `*` stands for all that begin so. Models that are not listed may be used too, and what they cost is then unknown.",
  auth: "user",
  scope: "agents:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ data: z.array(ModelView) }),
  errors: [],
})
