/** A gateway with hands: the real container engine, a real browser, a site to visit. On Node within it, else on a companion. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { vi } from "vitest"
import * as z from "zod"
import { startSite, type Site } from "../testkit/site.ts"
import { chromiumPath } from "../testkit/browser.ts"
import { spawnChild } from "../testkit/child.ts"
import { agentImage, dockerHost } from "../testkit/sandboxes.ts"
import { openChannel, type ChannelDesk } from "./channel-desk.ts"
import { enter, type Client } from "./client.ts"
import type { E2eHost, Settings } from "./host.ts"
import { openStage, type Stage } from "./stage.ts"

export interface HandsStage extends Stage {
  readonly channel: ChannelDesk
  readonly site: Site
  /** SIGKILL to whoever has the hands, and a start on the same data. */
  restartRunner(): Promise<void>
}

/** `within`: the gateway's own process. `companion`: the program of `npm run runner`, linked over a real socket. */
export type Hands = "within" | "companion"

export async function openHands(host: E2eHost, hands: Hands): Promise<HandsStage> {
  const site = await startSite()
  const settings: Settings = {
    AGENT_CONTAINER_MODE: "true",
    AGENT_IMAGE: agentImage,
    DOCKER_HOST: dockerHost,
    CHROMIUM_PATH: chromiumPath,
    CHROMIUM_NO_SANDBOX: process.env.CHROMIUM_NO_SANDBOX ?? "false",
    EGRESS_ALLOW_PRIVATE: `127.0.0.1/32:${site.port}`,
  }
  const stage = await openStage(
    host,
    hands === "within" ? settings : { EGRESS_ALLOW_PRIVATE: settings.EGRESS_ALLOW_PRIVATE ?? "" },
  )
  await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
  const channel = await openChannel(stage)
  const companion = hands === "companion" ? await openCompanion(stage, channel.admin, settings) : undefined
  await untilLinked(channel.admin)
  return {
    ...stage,
    channel,
    site,
    async restartRunner() {
      await (companion ?? stage).restart()
      await untilLinked(channel.admin)
    },
    async close() {
      await companion?.close()
      await stage.close()
      await site.close()
    },
  }
}

const Runners = z.object({
  data: z.array(
    z.object({ state: z.string(), capabilities: z.array(z.object({ name: z.string(), status: z.string() })) }),
  ),
})

/** Both hands are there and work. `vi.waitFor`, since a hook asks too. */
async function untilLinked(admin: Client): Promise<void> {
  const look = async () => {
    const { data } = (await admin.send("GET", "/api/runners")).read(Runners)
    const online = data.filter(({ state }) => state === "online").flatMap(({ capabilities }) => capabilities)
    const working = online.filter(({ status }) => status === "ok").map(({ name }) => name)
    if (!working.includes("browser") || !working.includes("sandbox")) throw new Error(JSON.stringify(data))
  }
  await vi.waitFor(look, { timeout: 30_000, interval: 100 })
}

const program = join(import.meta.dirname, "../companion/main.ts")

async function openCompanion(stage: Stage, admin: Client, settings: Settings) {
  const json = { label: "companion", capabilities: ["sandbox", "browser"] }
  const { token } = (await admin.sendForSecret("POST", "/api/runners/tokens", { json })).read(
    z.object({ token: z.string() }),
  )
  stage.transcript.secret(token)
  const directory = await mkdtemp(join(tmpdir(), "loop-companion-"))
  const start = () =>
    spawnChild({
      command: process.execPath,
      args: ["--disable-warning=ExperimentalWarning", program],
      cwd: directory,
      env: { ...settings, GATEWAY_URL: stage.gateway.url, RUNNER_TOKEN: token, DATA_DIR: join(directory, "data") },
    })
  let child = start()
  return {
    async restart() {
      await child.kill9()
      child = start()
    },
    async close() {
      await child.kill9()
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
