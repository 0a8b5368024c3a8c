/** What it costs to have the gateway at all: start-up and memory at rest. */
import type { Program } from "../testkit/program.ts"
import { median, rest, rssBytes } from "./measure.ts"
import { createFloor, createRealGateway } from "./programs.ts"
import { megabytes } from "./speed.ts"
import type { Row } from "./table.ts"

const starts = 5
const restMs = 3_000
const idleAimMb = 120
const startAimMs = 1_500

/** From the start of the process to its first answer, as `npm start` does it with a page that is built already. */
export async function measureStart(modelUrl: string): Promise<Row[]> {
  const gateway = await createRealGateway(modelUrl)
  const floor = await createFloor(modelUrl)
  try {
    // Builds the page where that is due, and makes the database.
    await timeStart(gateway)
    await gateway.stop()
    const times: number[] = []
    for (let start = 0; start < starts; start += 1) {
      times.push(await timeStart(gateway))
      if (start < starts - 1) await gateway.stop()
    }
    const floorMs = await timeStart(floor)
    await rest(restMs)
    const idle = await rssBytes(gateway.pid())
    return [
      {
        measure: "start-up, spawn to first healthy answer",
        gateway: `${median(times).toFixed(0)} ms`,
        floor: `${floorMs.toFixed(0)} ms`,
        ratio: "",
        aim: `≤ ${startAimMs} ms`,
        met: median(times) <= startAimMs,
      },
      {
        measure: "memory at rest after the start (RSS)",
        gateway: megabytes(idle),
        floor: megabytes(await rssBytes(floor.pid())),
        ratio: "",
        aim: `≤ ${idleAimMb} MB`,
        met: idle <= idleAimMb * 1024 ** 2,
      },
    ]
  } finally {
    await gateway.dispose()
    await floor.dispose()
  }
}

async function timeStart(program: Program): Promise<number> {
  const started = performance.now()
  await program.start()
  return performance.now() - started
}
