/** The one way by which a command reaches the runners' hub: nothing goes there that was not admitted. */
import {
  type CommandAdmission,
  type ToolAdmission,
  useCommandAdmission,
  useToolAdmission,
} from "../../core/admission.ts"
import type { Command } from "../../core/runner/command.ts"
import type { MethodOutput, Peer } from "../peers.ts"

/** Who asks: a tool call of a turn, or a caller of the API. */
export type Asker =
  | { readonly kind: "tool"; readonly admission: ToolAdmission; readonly toolName: string; readonly input: unknown }
  | { readonly kind: "api"; readonly admission: CommandAdmission }

/** Durable when it returns; repeated with the same id it changes nothing. @throws LoopError `internal` without an admission */
export async function submitCommand(
  runners: Peer<"runners">,
  command: Command,
  asker: Asker,
): Promise<MethodOutput<"runners", "submit">> {
  switch (asker.kind) {
    case "tool":
      useToolAdmission(asker.admission, asker.toolName, asker.input)
      break
    case "api":
      useCommandAdmission(asker.admission, command.id)
  }
  return runners.call("submit", command)
}
