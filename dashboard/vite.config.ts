/** How the page is built: separate files only, since the Content-Security-Policy allows no inline script, style or font. */
import { createRequire } from "node:module"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const fromCore = createRequire(new URL("../core/package.json", import.meta.url))

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react()],
  // One copy of zod: core's. The root may hoist another version for the sake of an SDK.
  resolve: { alias: { zod: dirname(fromCore.resolve("zod/package.json")) } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": "http://127.0.0.1:3000" } },
})
