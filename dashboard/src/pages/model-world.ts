/** Reads what the gateway says of models: what is known of them, and which answer where a group says nothing else. */
import { listKnownModels } from "../../../core/api/models.ts"
import { getHealth } from "../../../core/api/operations.ts"
import { call } from "../api/client.ts"
import type { ModelWorld } from "./group-facts.ts"

export async function readModelWorld(): Promise<ModelWorld> {
  const [health, models] = await Promise.all([call(getHealth, {}), call(listKnownModels, {})])
  const { choice, providers } = health.parts.models
  return { models: models.data, choice, providers, today: new Date().toISOString().slice(0, 10) }
}
