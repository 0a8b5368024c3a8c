/**
 * Makes Node load the gateway's modules in half the time and memory; without it everything works all the same. In JavaScript,
 * because the first TypeScript that Node has no compiled code of loads its TypeScript compiler, which stays (measured: 14 MB).
 */
import { enableCompileCache, flushCompileCache, registerHooks } from "node:module"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"

/** Beside the packages, so that only who may change the code may change what is kept of it. */
const cacheDirectory = join(import.meta.dirname, "../../node_modules/.cache/loop-gateway")

/**
 * Loading leaves much garbage behind, and a heap that grew for it is never given back (measured: 28 MB of resident memory). It runs
 * most code once: what the compilers of hot code take meanwhile stays too (measured: 16 MB at rest, 55 MB after 1,000 turns). The
 * young heap stays as it is (6 MB).
 */
const small = ["--optimize-for-size", "--no-maglev", "--no-turbofan", "--semi-space-growth-factor=1"]
const fast = ["--no-optimize-for-size", "--maglev", "--turbofan", "--semi-space-growth-factor=2"]

let isFast = false

/**
 * Call it before the first `import()` of a module of the gateway's. Twice is as once.
 *
 * For each file of a package Node reads what kind of module it is from the package's package.json; drizzle's has 179 KB, and
 * a hundred files (measured: 1 s and 150 MB of garbage at each start). They are all ECMAScript modules.
 */
export function loadFast() {
  if (isFast) return
  isFast = true
  for (const flag of small) setFlagsFromString(flag)
  enableCompileCache(cacheDirectory)
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context
      if (!specifier.startsWith(".") || parentURL === undefined) return next(specifier, context)
      if (!/\/node_modules\/drizzle-orm\/.+\.js$/.test(parentURL)) return next(specifier, context)
      return { url: new URL(specifier, parentURL).href, format: "module", shortCircuit: true }
    },
  })
}

/**
 * All is loaded. Keeps the compiled code for the next start now: a process that is killed could not.
 * @param {{ staysSmall: boolean }} options - memory is dearer than speed from now on too
 */
export function rememberLoaded({ staysSmall }) {
  flushCompileCache()
  if (staysSmall) return
  for (const flag of fast) setFlagsFromString(flag)
}
