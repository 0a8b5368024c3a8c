/** The page's files: built when their sources are newer, then served from disk. */
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { extname, join, normalize, sep } from "node:path"
import { gzipSync } from "node:zlib"
import { StartProblem } from "./start-problem.ts"

const root = join(import.meta.dirname, "../..")
const built = join(root, "dashboard/dist")

/** What the build reads; a newer file among them makes it old. */
const sources = ["dashboard", "core", "package-lock.json"]

/** Builds the dashboard if it is missing or older than its sources. @throws StartProblem when the build fails */
export function buildDashboard(say: (line: string) => void): void {
  buildWhereOld(say)
  compressAssets(built)
}

/**
 * Puts a compressed copy beside each asset that has none: on a slow line the page is there in a third of the time. A name below
 * assets/ has the hash of its content, so a copy is never old.
 * @param page - the folder of the built page
 */
export function compressAssets(page: string): void {
  const folder = join(page, "assets")
  const names = new Set(readdirSync(folder))
  for (const name of names) {
    if (![".js", ".css"].includes(extname(name)) || names.has(`${name}.gz`)) continue
    const file = join(folder, name)
    const own = `${file}.${process.pid}.new`
    try {
      writeFileSync(own, gzipSync(readFileSync(file)))
      // Whole at once: another gateway may serve from here already.
      renameSync(own, `${file}.gz`)
    } catch {
      // A folder that cannot be written to serves the files as they are.
      return
    }
  }
}

function buildWhereOld(say: (line: string) => void): void {
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
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(request.headers.get("accept-encoding") ?? "")
  const small = takesGzip ? await readFile(`${file}.gz`).catch(() => undefined) : undefined
  const bytes = small ?? (await readFile(file).catch(() => undefined))
  if (bytes === undefined) return undefined
  const headers = {
    "content-type": type,
    vary: "accept-encoding",
    ...(small === undefined ? {} : { "content-encoding": "gzip" }),
  }
  return new Response(request.method === "HEAD" ? null : bytes, { headers })
}

function decodePath(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path)
    return decoded.includes("\0") ? undefined : decoded
  } catch {
    return undefined
  }
}
