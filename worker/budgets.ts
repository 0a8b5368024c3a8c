/** Tells the Ledger at once what is set; should it not hear, it finds out by itself before it refuses a call. */
import type { BudgetTerms } from "../core/budget/terms.ts"
import { describeFailure } from "../core/log.ts"
import type { EdgeDeps } from "./deps.ts"

export async function tellBudget(deps: Pick<EdgeDeps, "peers" | "log">, terms: BudgetTerms): Promise<void> {
  try {
    await deps.peers("ledger", "main").call("setBudget", terms)
  } catch (error) {
    const { kind, version } = terms
    deps.log({ level: "warn", event: "ledger_not_told", scope: kind, version, cause: describeFailure(error) })
  }
}
