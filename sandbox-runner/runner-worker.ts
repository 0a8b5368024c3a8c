/** The port behind which a runner does one kind of work: Docker, a browser. The link knows nothing else of them. */
import type { Capability, CommandId, CommandOutcome, RunnerWork } from "../core/runner/command.ts"

export interface WorkContext {
  readonly id: CommandId
  /** Aborted when the command is called back or the runner must stop: what runs is ended and leaves nothing behind. */
  readonly signal: AbortSignal
  /** Output as it comes, for who watches. Resolves when more may follow. */
  onOutput(stream: "stdout" | "stderr", text: string): Promise<void>
}

export interface RunnerWorker {
  readonly capability: Capability
  /**
   * Whether it can work now, and a sentence on what to do when it cannot. Cheap: asked by health. A notice says what the operator
   * gave up for it, and is shown at the start too.
   */
  state(): Promise<{ status: "ok"; notice?: string } | { status: "unavailable"; problem: string }>
  /** Ends by an outcome, whatever happens; never throws. */
  run(work: RunnerWork, context: WorkContext): Promise<CommandOutcome>
  /** Ends what runs and frees what it holds. */
  close(): Promise<void>
}
