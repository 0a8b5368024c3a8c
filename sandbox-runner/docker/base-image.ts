/** A base for the agent image out of Debian's packages, for machines that reach a mirror of Debian but no registry of images. */
import { execFile, spawn } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { promisify } from "node:util"
import { EngineProblem, type Engine } from "./engine.ts"

const run = promisify(execFile)

/** The interpreters, so that building the agent image on top needs no network. */
const packages = ["python3", "nodejs"]
/** Of another gateway process that prints nothing to us. */
const maxPrintedBytes = 10_000_000

/**
 * Makes it with debootstrap, of the Debian and from the mirror that this machine itself is of. Needs root.
 * @throws EngineProblem with what is missing
 */
export async function importDebianBase(engine: Engine, image: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new EngineProblem("debootstrap needs root. Run this as root, or set BASE_IMAGE.")
  const suite = await debianSuite()
  const mirror = await debianMirror(suite)
  const directory = await mkdtemp(join(tmpdir(), "loop-agent-base-"))
  try {
    const args = ["--variant=minbase", `--include=${packages.join(",")}`, suite, directory, mirror]
    await run("debootstrap", args, { maxBuffer: maxPrintedBytes }).catch((cause: unknown) => {
      throw new EngineProblem("debootstrap failed. Is it installed, and is the mirror there?", undefined, { cause })
    })
    const archive = spawn("tar", ["-C", directory, "-c", "."], { stdio: ["ignore", "pipe", "ignore"] })
    const query = { fromSrc: "-", repo: image, tag: "latest" }
    const call = { method: "POST", path: "/images/create", query, timeoutMs: 600_000 } as const
    const answer = await text(await engine.stream(call, archive.stdout))
    if (answer.includes('"error"')) throw new EngineProblem(`The base could not be imported: ${answer.slice(0, 500)}`)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function debianSuite(): Promise<string> {
  const found = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile("/etc/os-release", "utf8"))?.[1]
  if (found === undefined)
    throw new EngineProblem("This is no Debian with a name. Set BASE_IMAGE to an image with apt.")
  return found
}

/** As apt itself reads its lists of sources, in whatever form they are. */
async function debianMirror(suite: string): Promise<string> {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
  const { stdout } = await run("apt-get", ["indextargets", "--format", format, "Identifier: Packages"])
  const wanted = stdout.split("\n").find((line) => line.endsWith(` ${suite} main`))
  const [uri] = wanted?.split(" ") ?? []
  if (uri === undefined)
    throw new EngineProblem(`apt knows no mirror for ${suite}. Set BASE_IMAGE to an image with apt.`)
  if (!uri.startsWith("mirror+file:")) return uri
  // A list of mirrors, one a line.
  const [first] = (await readFile(uri.slice("mirror+file:".length).replace(/\/+$/, ""), "utf8")).split(/\s+/)
  if (first === undefined || first === "") throw new EngineProblem("apt's list of mirrors is empty.")
  return first
}
