/** How often a segment goes to a libSQL server: counted by a proxy before the real one. */
import { startCountingProxy } from "../testkit/counting-proxy.ts"
import { hasSqld, startSqld } from "../testkit/sqld.ts"
import { timeEach } from "./measure.ts"
import { startBenchGateway } from "./programs.ts"
import type { Row } from "./table.ts"

const turns = 100

export async function measureRoundTrips(modelUrl: string): Promise<Row[]> {
  if (!hasSqld()) return []
  const sqld = await startSqld()
  const proxy = await startCountingProxy({ upstream: sqld.url })
  const gateway = await startBenchGateway(modelUrl, { libsqlUrl: proxy.url })
  try {
    const loop = await gateway.client.createLoop()
    await gateway.client.turn(loop)
    const before = proxy.requestCount
    // Less than the ten seconds for which a token is remembered.
    await timeEach(() => gateway.client.turn(loop), turns)
    const perTurn = (proxy.requestCount - before) / turns
    return [
      {
        measure: "libSQL round trips per segment (sqld behind a proxy)",
        gateway: perTurn.toFixed(2),
        floor: "",
        ratio: "",
        aim: "2",
        met: perTurn <= 2.05,
      },
    ]
  } finally {
    await gateway.client.close()
    await gateway.program.dispose()
    await proxy.close()
    await sqld.stop()
  }
}
