/** Read, change, write, where the write is refused when someone else wrote in between. */
import { LoopError } from "../../core/errors.ts"

/** More rivals than this at one moment are not people editing. */
const maxTries = 5

/**
 * Tries an edit until it meets no rival. Safe to repeat: a refused write changed nothing.
 * @throws LoopError `edit_conflict`
 */
export async function retryEdit<T>(
  edit: () => Promise<{ status: "done"; value: T } | { status: "conflict" }>,
): Promise<T> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const outcome = await edit()
    if (outcome.status === "done") return outcome.value
  }
  throw new LoopError("edit_conflict")
}
