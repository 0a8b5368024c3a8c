/** The gateway of `npm start` under load, killed 200 times at random moments; more often by `npm run soak`. */
import { expect, test } from "vitest"
import { runRandomKills } from "./random-kills.ts"
import { seedOfRun } from "./random.ts"

const kills = Number(process.env.KILLS ?? 200)
/** A kill and a start take about a second on an idle machine. */
const limitMs = 120_000 + kills * 5_000

test(
  `killed ${kills} times under load, it loses nothing that it accepted and does nothing twice`,
  async () => {
    const seed = seedOfRun()
    console.log(`SEED=${seed} has these kills again`)
    const startedAt = performance.now()
    const tally = await runRandomKills({ seed, kills, people: 4, programs: 4 })
    console.log(`${kills} kills in ${Math.round((performance.now() - startedAt) / 1_000)} s: ${JSON.stringify(tally)}`)
    expect(tally.messages).toBeGreaterThan(kills / 2)
    expect(tally.done).toBeGreaterThan(tally.failed)
  },
  limitMs,
)
