/** How the page is built: separate files only, since the Content-Security-Policy allows no inline script, style or font. */
import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig(({ command }) => {
  // Whoever builds, a test runner too, gets React as people get it.
  if (command === "build") process.env["NODE_ENV"] = "production"
  return {
    root: fileURLToPath(new URL(".", import.meta.url)),
    plugins: [react()],
    build: {
      outDir: "dist",
      emptyOutDir: true,
      target: "es2022",
      // light-dark() stays as written.
      cssTarget: ["chrome123", "firefox120", "safari17.5"],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
    server: { proxy: { "/api": "http://127.0.0.1:3000" } },
  }
})
