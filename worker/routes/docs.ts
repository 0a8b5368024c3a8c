/** The documentation of the API, at an address of the API: the dashboard's own page, under the same policy as the rest of it. */
import { LoopError } from "../../core/errors.ts"
import type { EdgeDeps } from "../deps.ts"
import type { Binder } from "../http/bind.ts"

const path = "/api/docs"

export function bindDocs(binder: Binder, deps: EdgeDeps): void {
  binder.routes.add("GET", path)
  binder.app.get(path, async (context) => {
    const page = await deps.assets(context.req.raw)
    if (page === undefined) throw new LoopError("route_not_found")
    // A copy, because headers of fetched answers cannot be changed.
    return new Response(page.body, page)
  })
}
