/** Builds the agent image of this repository by the engine itself: no command-line client is needed. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import * as z from "zod"
import { archiveEnd, entryHeader, paddingOf } from "./archive.ts"
import { EngineProblem, type Engine } from "./engine.ts"
import { labels } from "./sandbox.ts"

export interface AgentImageBuild {
  /** Name and tag. */
  readonly image: string
  /** What the image is made from; undefined for what the Dockerfile says. */
  readonly baseImage: string | undefined
  readonly say: (line: string) => void
}

const folder = join(import.meta.dirname, "../agent-image")
const files = ["Dockerfile", "guard.py"]

/** What an image of this version carries as a label: of another one the guard may speak differently. */
export function agentImageSource(): string {
  const hash = createHash("sha256")
  for (const name of files) hash.update(readFileSync(join(folder, name))).update("\0")
  return hash.digest("hex")
}

const Progress = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  error: z.string().optional(),
})

/** @throws EngineProblem with what the build said when it failed */
export async function buildAgentImage(engine: Engine, { image, baseImage, say }: AgentImageBuild): Promise<void> {
  const buildArguments = baseImage === undefined ? {} : { BASE_IMAGE: baseImage }
  const label = JSON.stringify({ [labels.source]: agentImageSource() })
  const query = { t: image, rm: "1", forcerm: "1", buildargs: JSON.stringify(buildArguments), labels: label }
  const call = { method: "POST", path: "/build", query, timeoutMs: Infinity } as const
  const answer = await engine.stream(call, Readable.from([buildContext()]))
  for await (const line of createInterface({ input: answer })) {
    const { stream, status, error } = Progress.parse(JSON.parse(line))
    if (error !== undefined) throw new EngineProblem(`The image ${image} could not be built: ${error}`)
    const text = (stream ?? status ?? "").trim()
    if (text !== "") say(text)
  }
}

function buildContext(): Buffer {
  const entries = files.flatMap((name) => {
    const content = readFileSync(join(folder, name))
    const sizeBytes = content.length
    const entry = { kind: "file", path: Buffer.from(name), sizeBytes, isExecutable: false, modifiedAt: 0 } as const
    return [entryHeader(entry), content, Buffer.alloc(paddingOf(sizeBytes))]
  })
  return Buffer.concat([...entries, archiveEnd])
}
