/** A runner that tests kill: runs one bash script of its arguments in a sandbox and prints what it writes. */
import { CommandId } from "../../core/runner/command.ts"
import { ConversationId } from "../../core/units.ts"
import { createDockerWorker } from "../docker/worker.ts"
import { agentImage, bash, dockerHost } from "./sandboxes.ts"

const [, , dataDir = "", id, workspace, script = ""] = process.argv
const worker = createDockerWorker({ dockerHost, image: agentImage, maxConcurrent: 3, timeoutMs: 600_000, dataDir })
const work = { workspace: ConversationId.parse(workspace), program: bash(script), stdin: "", timeoutMs: 600_000 }
const outcome = await worker.run(
  { kind: "sandbox.run", ...work },
  {
    id: CommandId.parse(id),
    signal: new AbortController().signal,
    async onOutput(_, text) {
      process.stdout.write(text)
    },
  },
)
process.stdout.write(`${JSON.stringify(outcome)}\n`)
await worker.close()
