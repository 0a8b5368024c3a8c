/** Cloudflare's command-line tool as a child process. Secrets go in by its standard input, and never into its arguments. */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as z from "zod"

const root = join(import.meta.dirname, "..")
const program = join(root, "node_modules/wrangler/bin/wrangler.js")

/** No look for a newer version at each call: this one is pinned. */
const quiet = { WRANGLER_HIDE_BANNER: "true" }

export interface Finished {
  readonly code: number
  readonly stdout: string
  /** Both channels, for a person to read. */
  readonly printed: string
}

/** Runs a command to its end. What it prints is returned and not shown. */
export function askWrangler(args: readonly string[], input = ""): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: root,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...quiet },
    })
    let stdout = ""
    let printed = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      printed += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      printed += text
    })
    // A program that ends without reading its input is told of by its exit code.
    child.stdin.on("error", () => {})
    child.stdin.end(input)
    child.once("error", reject)
    child.once("close", (code) => resolve({ code: code ?? 1, stdout, printed }))
  })
}

const Report = z.object({ type: z.literal("deploy"), targets: z.array(z.string()).nullish() })

/**
 * Runs `wrangler deploy` on this terminal, where it may ask the person for what it needs.
 * @returns the addresses and routes that it reports; undefined when it failed
 */
export async function deployWorker(args: readonly string[]): Promise<readonly string[] | undefined> {
  const directory = mkdtempSync(join(tmpdir(), "loop-deploy-"))
  const reports = join(directory, "reports.ndjson")
  try {
    const code = await showWrangler(["deploy", ...args], { WRANGLER_OUTPUT_FILE_PATH: reports })
    if (code !== 0) return undefined
    const lines = readFileSync(reports, "utf8")
      .split("\n")
      .filter((line) => line !== "")
    const deployed = lines.map((line) => Report.safeParse(JSON.parse(line)).data).find((report) => report !== undefined)
    return deployed?.targets ?? []
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function showWrangler(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, ...quiet, ...env },
    })
    child.once("error", reject)
    child.once("close", (code) => resolve(code ?? 1))
  })
}
