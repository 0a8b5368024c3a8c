/**
 * `npm run agent-image`: builds the image that agents' programs run in, from BASE_IMAGE where that is set. With `--debootstrap` it
 * makes the base itself once, out of Debian's packages: no registry of images is needed then.
 */
import { loadEnvFile } from "node:process"
import * as z from "zod"
import { parseEnvironment } from "../durable-objects/config.ts"
import { NodeConfig } from "../sandbox-runner/config.ts"
import { importDebianBase } from "../sandbox-runner/docker/base-image.ts"
import { EngineProblem, openEngine, type Engine } from "../sandbox-runner/docker/engine.ts"
import { buildAgentImage } from "../sandbox-runner/docker/image.ts"

const debianBase = "loop-gateway-agent-base"

async function build(isFromPackages: boolean): Promise<void> {
  try {
    loadEnvFile(".env")
  } catch {
    // There is none: the environment alone counts.
  }
  const parsed = parseEnvironment(NodeConfig, process.env)
  if (parsed.status === "invalid") throw new EngineProblem(parsed.problems.join("; "))
  const { AGENT_IMAGE: image, DOCKER_HOST: dockerHost } = parsed.config
  const engine = openEngine(dockerHost)
  if (isFromPackages && !(await hasImage(engine, debianBase))) {
    say("Making a base of Debian's packages. This takes a minute.")
    await importDebianBase(engine, debianBase)
  }
  const baseImage = isFromPackages ? debianBase : process.env.BASE_IMAGE
  await buildAgentImage(engine, { image, baseImage, say })
  say(`Built ${image}. AGENT_CONTAINER_MODE=true lets agents run programs in it.`)
}

async function hasImage(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.call(z.unknown(), { method: "GET", path: `/images/${image}/json` })
    return true
  } catch (error) {
    if (error instanceof EngineProblem && error.status === 404) return false
    throw error
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  await build(process.argv.includes("--debootstrap"))
} catch (error) {
  if (!(error instanceof EngineProblem)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
