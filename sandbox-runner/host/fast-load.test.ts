/** What runs while the gateway loads, and what stays so in edge mode: asked of V8 itself. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"

/** Hot enough for every compiler of V8's. */
const script = (staysSmall: boolean) => `
import { loadFast, rememberLoaded } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "fast-load.js")).href)}
const work = (name, least) => {
  const run = new Function("n", "let s = 0; for (let i = 0; i < n; i += 1) s = (s * 31 + i) % 65521; return s // " + name)
  for (let i = 0; i < least; i += 1) run(i % 1_000)
}
loadFast()
work("loading", 50_000)
process.stdout.write("LOADED\\n")
rememberLoaded({ staysSmall: ${staysSmall} })
work("serving", 50_000)
`

/** @returns what V8 told of its compilers of hot code, before all was loaded and after */
async function compiledBy(staysSmall: boolean): Promise<{ loading: boolean; serving: boolean }> {
  // At once, not beside the work, whose end on a busy machine might come first.
  const args = ["--trace-opt", "--no-concurrent-recompilation", "--input-type=module", "--eval", script(staysSmall)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 ** 2 })
  const [before = "", after = ""] = stdout.split("LOADED\n")
  const isCompiled = (text: string) => /completed compiling .*(MAGLEV|TURBOFAN)/.test(text)
  return { loading: isCompiled(before), serving: isCompiled(after) }
}

test("nothing is compiled anew for being hot while the gateway loads, all of it afterwards", async () => {
  expect(await compiledBy(false)).toEqual({ loading: false, serving: true })
})

test("in edge mode nothing ever is", async () => {
  expect(await compiledBy(true)).toEqual({ loading: false, serving: false })
})
