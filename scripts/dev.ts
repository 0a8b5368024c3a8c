/**
 * `npm run dev`: the gateway, started again when one of its modules changes, and the page, built again when one of its does.
 * The gateway serves the page as it does in production, so that origin, cookies and Content-Security-Policy are the same;
 * reload the browser to see a change.
 */
import { join } from "node:path"
import { runTogether } from "./run-together.ts"

const root = join(import.meta.dirname, "..")

const stop = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => resolve())
})
const outcome = await runTogether(
  [
    {
      name: "The build of the page",
      command: process.execPath,
      args: [join(root, "node_modules/vite/bin/vite.js"), "build", "--watch", "--clearScreen=false"],
      cwd: join(root, "dashboard"),
    },
    {
      name: "The gateway",
      command: process.execPath,
      args: [
        "--disable-warning=ExperimentalWarning",
        "--watch",
        "--watch-preserve-output",
        join(root, "scripts/dev-gateway.ts"),
      ],
      cwd: root,
    },
  ],
  stop,
)
if (outcome.status === "ended") {
  process.stderr.write(`${outcome.name} ended.\n`)
  process.exitCode = outcome.code === 0 ? 1 : outcome.code
}
