/** How long a person waits longer because a provider fails: until another stands in, and once it is known to be down. */
import { say } from "../testkit/model-script.ts"
import { startScriptedModel } from "../testkit/scripted-model.ts"
import { median, timeEach } from "./measure.ts"
import { startBenchGateway } from "./programs.ts"
import type { Row } from "./table.ts"

const usualTurns = 50
const knownTurns = 50
/** Two pauses of 250 ms and 1 s are part of it; `switchWithinMs` bounds it at 10 s. */
const aimFirstMs = 5_000
const aimKnownMs = 20

export async function measureSwitch(modelUrl: string): Promise<Row[]> {
  let isDown = false
  const first = await startScriptedModel({
    recordRequests: false,
    script: () => (isDown ? { kind: "error", status: 529 } : say("fine")),
  })
  const gateway = await startBenchGateway(modelUrl, {
    environment: {
      ANTHROPIC_API_KEY: "bench",
      ANTHROPIC_BASE_URL: first.url,
      DEFAULT_MODEL: "claude-bench",
      FALLBACK_ENABLED: "true",
      FALLBACK_OPENAI_MODEL: "gpt-bench",
    },
  })
  try {
    const loop = await gateway.client.createLoop()
    const turn = () => gateway.client.turn(loop)
    const usual = median(await timeEach(turn, usualTurns))
    isDown = true
    const [failing = 0] = await timeEach(turn, 1)
    // The second turn opens the breaker.
    await turn()
    const known = median(await timeEach(turn, knownTurns))
    return [
      row("time to switch: the provider answers 529, two retries included", failing - usual, aimFirstMs),
      row("time to switch while the provider is known to be down, p50", known - usual, aimKnownMs),
    ]
  } finally {
    await gateway.client.close()
    await gateway.program.dispose()
    await first.close()
  }
}

function row(measure: string, ms: number, aimMs: number): Row {
  const shown = `${Math.max(0, ms).toFixed(ms < 100 ? 1 : 0)} ms`
  return {
    measure,
    gateway: shown,
    floor: "",
    ratio: "",
    aim: `< ${aimMs.toLocaleString("en-US")} ms`,
    met: ms < aimMs,
  }
}
