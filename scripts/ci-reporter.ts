/**
 * Ends a test run in CI with one plain line of counts, and fails a run that left a test out or had none. Says of each test that
 * needed its second try what the first one met, which nothing else keeps.
 */
import type { Reporter, TestCase, TestModule } from "vitest/node"

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The closing line, such as `12 passed, 0 failed`; what was skipped is told only where there is something to tell. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  const line = `${passed} passed, ${failed} failed`
  return skipped === 0 ? line : `${line}, ${skipped} skipped`
}

/** Why a run in which nothing failed may not count as good all the same; undefined when it may. */
export function shortcoming({ passed, failed, skipped }: Counts): string | undefined {
  if (skipped > 0) return "In CI no test may be skipped: install what it needs, or remove it."
  return passed + failed === 0 ? "No test was run." : undefined
}

/** One line, undefined for a test that passed at once or failed for good. */
export function secondTry(name: string, wasFlaky: boolean, errors: readonly { message: string }[]): string | undefined {
  const met = errors.map(({ message }) => message.replaceAll(/\s+/g, " ").slice(0, 500)).join(" | ")
  return wasFlaky ? `passed at the second try only: ${name}: ${met}` : undefined
}

export default class CiReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const line = secondTry(test.fullName, test.diagnostic()?.flaky ?? false, test.result().errors ?? [])
    if (line !== undefined) process.stdout.write(`${line}\n`)
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = count(modules)
    const problem = shortcoming(counts)
    process.stdout.write(`${problem === undefined ? "" : `${problem}\n`}${closingLine(counts)}\n`)
    if (problem !== undefined) process.exitCode = 1
  }
}

/** Files that could not even be loaded count as one failure each. */
function count(modules: readonly TestModule[]): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const module of modules) {
    if (module.errors().length > 0) counts.failed++
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === "passed" || state === "failed") counts[state]++
      else counts.skipped++
    }
  }
  return counts
}
