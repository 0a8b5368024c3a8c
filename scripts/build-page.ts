/** Builds the page once before any test runs, so that gateways which tests start at the same time find it built. */
import { buildDashboard } from "../sandbox-runner/host/dashboard.ts"

export function setup(): void {
  buildDashboard(console.log)
}
