/** The scripts of `page/` as one expression for Playwright: the world that they run in has no modules and no types. */
import { readFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"

/** Name of the selector engine: `loop-page=read`. */
export const engineName = "loop-page"

let registered: Promise<void> | undefined

/** Tells Playwright of the engine, once a process: it knows no way to take one back. */
export function registerPageScript(): Promise<void> {
  registered ??= import("playwright-core").then(({ selectors }) =>
    selectors.register(engineName, { content: pageScript() }, { contentScript: true }),
  )
  return registered
}

/** In the order in which they use each other. */
const files = ["elements.ts", "sight.ts", "reading.ts"]

function pageScript(): string {
  const sources = files.map((name) => {
    const source = readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8")
    return stripTypeScriptTypes(source)
      .replace(/^import [^"]*"[^"]*"$/gm, "")
      .replace(/^export /gm, "")
  })
  return `(() => {\n${sources.join("\n")}\nreturn createReadingEngine()\n})()`
}
