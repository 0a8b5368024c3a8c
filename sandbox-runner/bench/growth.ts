/** What grows: a long conversation, many conversations, a reader that never reads. */
import { median, rest, runAll, timeEach } from "./measure.ts"
import { startBenchGateway, type BenchGateway } from "./programs.ts"
import { megabytes } from "./speed.ts"
import type { Row } from "./table.ts"

const window = 100
const together = 16
/** The host drops an object ten seconds after its last event and looks every second. */
const leaveMemoryMs = 13_000
const memoryAimMb = 20
const readerEvents = 10_000
const readerAimMb = 5

export async function measureGrowth(modelUrl: string): Promise<Row[]> {
  const gateway = await startBenchGateway(modelUrl)
  try {
    return [
      ...(await measureLongConversation(gateway)),
      await measureUnreadStream(gateway),
      await measureManyConversations(gateway),
    ]
  } finally {
    await gateway.client.close()
    await gateway.program.dispose()
  }
}

/** Both sides' messages count: a turn brings two. */
async function measureLongConversation({ client }: BenchGateway): Promise<Row[]> {
  const other = await client.createLoop()
  await timeEach(() => client.turn(other), 3 * window)
  const loop = await client.createLoop()
  const turn = () => client.turn(loop)
  const at10 = median(await timeEach(turn, window))
  await timeEach(turn, 500 - 1.5 * window)
  const at1000 = median(await timeEach(turn, window))
  await timeEach(turn, 5_000 - 500 - window)
  const at10000 = median(await timeEach(turn, window))
  return [
    {
      measure: "p50 of a turn at 10, 1,000 and 10,000 messages in one conversation",
      gateway: [at10, at1000, at10000].map((ms) => `${ms.toFixed(1)} ms`).join(", "),
      floor: "",
      ratio: (at10000 / at10).toFixed(2),
      aim: "flat",
      met: at10000 <= at10 * 1.25,
    },
  ]
}

async function measureManyConversations(gateway: BenchGateway): Promise<Row> {
  const conversations = 10_000
  const { client } = gateway
  await rest(leaveMemoryMs)
  const before = await gateway.counters()
  await runAll(conversations, together, async () => client.turn(await client.createLoop()))
  const full = await gateway.counters()
  await rest(leaveMemoryMs)
  const after = await gateway.counters()
  const grown = after.rssBytes - before.rssBytes
  return {
    measure: "memory before, after 10,000 conversations with a turn each, and when they have left (RSS)",
    gateway: [before, full, after].map(({ rssBytes, objects }) => `${megabytes(rssBytes)} (${objects})`).join(", "),
    floor: "",
    ratio: "",
    aim: `back within ${memoryAimMb} MB`,
    met: grown <= memoryAimMb * 1024 ** 2,
  }
}

async function measureUnreadStream(gateway: BenchGateway): Promise<Row> {
  const { client } = gateway
  const loop = await client.createLoop()
  // Once with a reader who reads, so that what is measured is the one who does not.
  await client.turn(loop, `long ${readerEvents}`)
  const reader = await client.watchWithoutReading(await client.createLoop())
  const before = await gateway.counters()
  const watched = await client.watchWithoutReading(loop)
  await client.turn(loop, `long ${readerEvents}`)
  const after = await gateway.counters()
  reader.destroy()
  watched.destroy()
  const grown = after.rssBytes - before.rssBytes
  return {
    measure: "memory gained while a reader reads none of 10,000 events (RSS)",
    gateway: megabytes(grown),
    floor: "",
    ratio: "",
    aim: `< ${readerAimMb} MB`,
    met: grown < readerAimMb * 1024 ** 2,
  }
}
