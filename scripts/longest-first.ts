/**
 * The order of test files: what takes longest begins first, so that no worker is left with it alone at the end. A machine of
 * continuous integration has no memory of earlier runs, and size tells little: the 200 kills fit on one page.
 */
import { relative } from "node:path"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Files of 20 seconds and more, by what they took on two cores. An order that is out of date costs time and nothing else. */
export const longest: readonly string[] = [
  "sandbox-runner/e2e/kill-random.test.ts",
  "sandbox-runner/browser/attacks.test.ts",
  "sandbox-runner/e2e/kill-node.test.ts",
  "sandbox-runner/e2e/kill-wrangler.test.ts",
  "sandbox-runner/e2e/start-problems.test.ts",
  "scripts/deploy.test.ts",
  "sandbox-runner/e2e/faults-libsql.test.ts",
  "sandbox-runner/e2e/wrangler.e2e.test.ts",
  "sandbox-runner/browser/worker.test.ts",
  "sandbox-runner/e2e/wrangler-page.e2e.test.ts",
  "sandbox-runner/browser/reading.test.ts",
  "sandbox-runner/e2e/kill-asked-node.test.ts",
  "sandbox-runner/e2e/openai-client.e2e.test.ts",
  "dashboard/e2e/settings.test.ts",
  "sandbox-runner/docker/hostile-guard.test.ts",
  "dashboard/e2e/chat.test.ts",
  "sandbox-runner/e2e/node-page.e2e.test.ts",
  "sandbox-runner/e2e/node-sqld.e2e.test.ts",
  "sandbox-runner/docker/attacks.test.ts",
  "sandbox-runner/e2e/runner.e2e.test.ts",
  "sandbox-runner/e2e/live.e2e.test.ts",
  "sandbox-runner/e2e/node.e2e.test.ts",
  "sandbox-runner/e2e/erasure.e2e.test.ts",
  "sandbox-runner/docker/worker.test.ts",
  "worker/described-api.test.ts",
  "sandbox-runner/e2e/hands-wrangler.e2e.test.ts",
  "sandbox-runner/e2e/models-wrangler.e2e.test.ts",
  "dashboard/e2e/people.test.ts",
]

const places = new Map(longest.map((path, place) => [path, place]))

/** Paths from the root; those that are not named keep their order and come after. */
export function longestFirst<T>(files: readonly T[], pathOf: (file: T) => string): T[] {
  const placeOf = (file: T) => places.get(pathOf(file)) ?? longest.length
  return files.toSorted((a, b) => placeOf(a) - placeOf(b))
}

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config
    return longestFirst(await super.sort(files), ({ moduleId }) => relative(root, moduleId))
  }
}
