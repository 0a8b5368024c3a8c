/**
 * `npm run bench`: measures the gateway beside its floor and prints one table; with `--write` into BENCHMARKS.md too, with
 * `--large` also what takes minutes to prepare. Names of parts, as in `npm run bench -- start edge-mode`, measure those alone.
 */
import { writeFileSync } from "node:fs"
import { loadavg } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { measureEdgeMode } from "./edge-mode.ts"
import { measureGrowth } from "./growth.ts"
import { measureLink } from "./link.ts"
import { createModel } from "./programs.ts"
import { measureRecords } from "./records.ts"
import { measureReservations } from "./reservations.ts"
import { measureRouting } from "./routing.ts"
import { measureRoundTrips } from "./round-trips.ts"
import { measureSandbox } from "./sandbox.ts"
import { measureSlowDisk, measureSpeed } from "./speed.ts"
import { measureStart } from "./start.ts"
import { measureSwitch } from "./switch.ts"
import { describeMachine, toTable, type Row } from "./table.ts"

const slowCommitMs = 20
const note = `Floor: \`sandbox-runner/bench/floor.ts\`, two fsynced commits and one model fetch behind a bare HTTP server: what a turn costs at the
least. Gateway: a message posted to the loop API until its stream has ended with \`done\`. Both in the same run, taking turns, each in
its own process, with the scripted model and the load in two more. An fsync is counted for each commit of the object store and of
the embedded libSQL file; checkpoints of their logs are not. Memory is resident memory, in the last two rows after a full garbage
collection; numbers in parentheses are objects in memory. For the sandbox the floor is the engine alone: a container of the same image
made and started.`

const parts: Readonly<Record<string, (modelUrl: string) => Promise<Row[]>>> = {
  start: measureStart,
  speed: measureSpeed,
  "slow-disk": (url) => measureSlowDisk(url, slowCommitMs),
  "round-trips": measureRoundTrips,
  routing: measureRouting,
  reservations: measureReservations,
  switch: measureSwitch,
  growth: measureGrowth,
  records: measureRecords,
  "edge-mode": measureEdgeMode,
  link: measureLink,
  sandbox: measureSandbox,
}

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean" }, large: { type: "boolean" } },
})
const unknown = chosen.filter((name) => !(name in parts))
if (unknown.length > 0) throw new Error(`No part is named ${unknown.join(", ")}: ${Object.keys(parts).join(", ")}`)
if (options.write === true && chosen.length > 0) throw new Error("--write takes the whole table")

/** What else the machine did: above 1 or so the times below are those of a busy machine. */
const loadBefore = loadavg()[0] ?? 0
const model = await createModel()
try {
  await model.start()
  const rows: Row[] = []
  for (const [name, measure] of Object.entries(parts)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    const found = await measure(model.url)
    for (const row of found) process.stderr.write(`${row.measure}: ${row.gateway}\n`)
    rows.push(...found)
  }
  const table = toTable(rows)
  const origin = `${describeMachine()}, ${new Date().toISOString().slice(0, 10)}, load average ${loadBefore.toFixed(1)} before the run`
  process.stdout.write(`\n${table}\n\n${origin}\n`)
  if (options.write === true) {
    const text = `# Benchmarks\n\n\`npm run bench -- --write\`, ${origin}.\n\n${table}\n\n${note}\n`
    writeFileSync(join(import.meta.dirname, "../../BENCHMARKS.md"), text)
  }
} finally {
  await model.dispose()
}
