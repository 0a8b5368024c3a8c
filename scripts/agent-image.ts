/** `npm run agent-image`: builds the image that agents' programs run in, from BASE_IMAGE where that is set. */
import { loadEnvFile } from "node:process"
import { parseEnvironment } from "../durable-objects/config.ts"
import { NodeConfig } from "../sandbox-runner/config.ts"
import { EngineProblem, openEngine } from "../sandbox-runner/docker/engine.ts"
import { buildAgentImage } from "../sandbox-runner/docker/image.ts"

async function build(): Promise<void> {
  try {
    loadEnvFile(".env")
  } catch {
    // There is none: the environment alone counts.
  }
  const parsed = parseEnvironment(NodeConfig, process.env)
  if (parsed.status === "invalid") throw new EngineProblem(parsed.problems.join("; "))
  const { AGENT_IMAGE: image, DOCKER_HOST: dockerHost } = parsed.config
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  await buildAgentImage(openEngine(dockerHost), { image, baseImage: process.env.BASE_IMAGE, say })
  say(`Built ${image}. AGENT_CONTAINER_MODE=true lets agents run programs in it.`)
}

try {
  await build()
} catch (error) {
  if (!(error instanceof EngineProblem)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
