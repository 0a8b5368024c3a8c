/** How long a turn takes and how many fit into a second, beside the floor: both measured in turns, on the same machine. */
import { Pool } from "undici"
import type { Program } from "../testkit/program.ts"
import { median, quantile, ratePerSecond, rest, rssBytes, timeEach, type Work } from "./measure.ts"
import { createFloor, startBenchGateway, type BenchGateway } from "./programs.ts"
import type { Row } from "./table.ts"

const sessions = 32
const warmUpTurns = 200
const rounds = 5
const turnsPerRound = 150
const crowdedRounds = 3
const crowdedMs = 4_000
/** Each round starts when what the one before left behind (projections, garbage) is done. */
const restMs = 500

interface Contest {
  readonly gateway: BenchGateway
  readonly loops: readonly string[]
  readonly gatewayTurn: Work
  readonly floor: Program
  readonly floorTurn: Work
  close(): Promise<void>
}

async function openContest(modelUrl: string, commitDelayMs: number): Promise<Contest> {
  const floor = await createFloor(modelUrl, commitDelayMs)
  await floor.start()
  const pool = new Pool(floor.url, { connections: sessions })
  const gateway = await startBenchGateway(modelUrl, { commitDelayMs })
  const loops: string[] = []
  for (let session = 0; session < sessions; session += 1) loops.push(await gateway.client.createLoop())
  const [first = ""] = loops
  return {
    gateway,
    loops,
    gatewayTurn: () => gateway.client.turn(first),
    floor,
    async floorTurn() {
      const body = JSON.stringify({ content: "Good morning, how are things?" })
      const answer = await pool.request({ method: "POST", path: "/", body })
      await answer.body.text()
    },
    async close() {
      await pool.destroy()
      await gateway.client.close()
      await gateway.program.dispose()
      await floor.dispose()
    },
  }
}

/** The rows on speed, and on the memory of a gateway that has worked hard. */
export async function measureSpeed(modelUrl: string): Promise<Row[]> {
  const contest = await openContest(modelUrl, 0)
  const { gateway, loops, gatewayTurn, floor, floorTurn } = contest
  try {
    await timeEach(floorTurn, warmUpTurns)
    await timeEach(gatewayTurn, warmUpTurns)
    const times = await alternate(rounds, restMs, {
      floor: () => timeEach(floorTurn, turnsPerRound),
      gateway: () => timeEach(gatewayTurn, turnsPerRound),
    })
    const before = await gateway.counters()
    await timeEach(gatewayTurn, turnsPerRound)
    const after = await gateway.counters()
    const floorCrowd = Array.from({ length: sessions }, () => floorTurn)
    const crowd = loops.map((loop) => () => gateway.client.turn(loop))
    const rates = await alternate(crowdedRounds, restMs, {
      floor: async () => [await ratePerSecond(floorCrowd, crowdedMs)],
      gateway: async () => [await ratePerSecond(crowd, crowdedMs)],
    })
    const loaded = await rssBytes(gateway.program.pid())
    const perTurn = (count: number) => (count / turnsPerRound).toFixed(2)
    const objectCommits = after.objectCommits - before.objectCommits
    return [
      timeRow("time per turn, 1 session, p50", times, 0.5, "≤ 3× floor"),
      timeRow("time per turn, 1 session, p99", times, 0.99, ""),
      rateRow(`turns/s, ${sessions} sessions`, median(rates.gateway), median(rates.floor)),
      {
        measure: "fsyncs per turn, 1 session (object store + libSQL)",
        gateway: `${perTurn(after.commits - before.commits)} (${perTurn(objectCommits)} + ${perTurn(after.commits - before.commits - objectCommits)})`,
        floor: "2.00",
        ratio: ((after.commits - before.commits) / turnsPerRound / 2).toFixed(1),
        aim: "",
        met: null,
      },
      {
        measure: `memory after the load of ${sessions} sessions (RSS)`,
        gateway: megabytes(loaded),
        floor: megabytes(await rssBytes(floor.pid())),
        ratio: "",
        aim: "",
        met: null,
      },
    ]
  } finally {
    await contest.close()
  }
}

/** The same turn on a disk that takes `commitDelayMs` longer for each commit. */
export async function measureSlowDisk(modelUrl: string, commitDelayMs: number): Promise<Row[]> {
  const contest = await openContest(modelUrl, commitDelayMs)
  try {
    await timeEach(contest.floorTurn, 20)
    await timeEach(contest.gatewayTurn, 20)
    const times = await alternate(3, restMs, {
      floor: () => timeEach(contest.floorTurn, 30),
      gateway: () => timeEach(contest.gatewayTurn, 30),
    })
    return [
      timeRow(`time per turn, 1 session, p50, ${commitDelayMs} ms added to each commit`, times, 0.5, "≤ 3× floor"),
    ]
  } finally {
    await contest.close()
  }
}

interface Both {
  readonly floor: number[]
  readonly gateway: number[]
}

/** Takes turns, so that what else the machine does meets both alike. */
async function alternate(
  times: number,
  pauseMs: number,
  of: { floor: () => Promise<number[]>; gateway: () => Promise<number[]> },
): Promise<Both> {
  const both: Both = { floor: [], gateway: [] }
  for (let round = 0; round < times; round += 1) {
    both.floor.push(...(await of.floor()))
    await rest(pauseMs)
    both.gateway.push(...(await of.gateway()))
    await rest(pauseMs)
  }
  return both
}

function timeRow(measure: string, times: Both, q: number, aim: string): Row {
  const gateway = quantile(times.gateway, q)
  const floor = quantile(times.floor, q)
  return {
    measure,
    gateway: `${gateway.toFixed(1)} ms`,
    floor: `${floor.toFixed(1)} ms`,
    ratio: (gateway / floor).toFixed(1),
    aim,
    met: aim === "" ? null : gateway <= 3 * floor,
  }
}

function rateRow(measure: string, gateway: number, floor: number): Row {
  return {
    measure,
    gateway: gateway.toFixed(0),
    floor: floor.toFixed(0),
    ratio: (gateway / floor).toFixed(2),
    aim: "≥ 1/3 of the floor",
    met: gateway >= floor / 3,
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MB`
}
