/** The models that the gateway knows the facts of. */
import { listKnownModels } from "../../core/api/models.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"

export function bindModels(binder: Binder, deps: EdgeDeps): void {
  bind(binder, listKnownModels, async () => ({
    data: deps.catalogue.map((entry) => ({ ...entry, isConfigured: deps.modelProblem(entry.name) === null })),
  }))
}
