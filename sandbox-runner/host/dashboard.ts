/** The page's files: built when their sources are newer, then served from disk. */
import { spawnSync } from "node:child_process"
import { readdirSync, statSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { extname, join, normalize, sep } from "node:path"
import { StartProblem } from "./start-problem.ts"

const root = join(import.meta.dirname, "../..")
const built = join(root, "dashboard/dist")

/** What the build reads; a newer file among them makes it old. */
const sources = ["dashboard", "core", "package-lock.json"]

/** Builds the dashboard if it is missing or older than its sources. @throws StartProblem when the build fails */
export function buildDashboard(say: (line: string) => void): void {
  const builtAt = modifiedAt(join(built, "index.html"))
  if (builtAt !== undefined && sources.every((source) => newestIn(join(root, source)) <= builtAt)) return
  say("Building the page (only after a change) …")
  const vite = join(root, "node_modules/vite/bin/vite.js")
  const done = spawnSync(process.execPath, [vite, "build"], { cwd: join(root, "dashboard"), encoding: "utf8" })
  if (done.status !== 0) throw new StartProblem(`The page could not be built:\n${done.stderr || done.stdout}`)
}

function modifiedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

function newestIn(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  const names = readdirSync(path).filter(
    (name) => name !== "node_modules" && name !== "dist" && !name.includes(".test."),
  )
  return Math.max(0, ...names.map((name) => newestIn(join(path, name))))
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
}

/** The file that a path names, or the page itself for any path without a file ending; undefined for anything else. */
export async function dashboardFile(request: Request): Promise<Response | undefined> {
  const path = decodePath(new URL(request.url).pathname)
  if (path === undefined) return undefined
  const ending = extname(path)
  const name = ending === "" ? "index.html" : path
  const type = types[extname(name)]
  const file = normalize(join(built, name))
  if (type === undefined || !file.startsWith(built + sep)) return undefined
  const bytes = await readFile(file).catch(() => undefined)
  if (bytes === undefined) return undefined
  return new Response(request.method === "HEAD" ? null : bytes, { headers: { "content-type": type } })
}

function decodePath(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path)
    return decoded.includes("\0") ? undefined : decoded
  } catch {
    return undefined
  }
}
