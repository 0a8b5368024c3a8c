/**
 * A full disk, under load: what cannot be kept is refused and not accepted, the process lives, and all goes on by itself when
 * there is room. Needs root, to mount a small disk.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import * as z from "zod"
import { canMount, mountSmallDisk, type SmallDisk } from "../testkit/small-disk.ts"
import { openBusy } from "./busy.ts"
import { enter, type Client } from "./client.ts"
import { nodeHost } from "./node-host.ts"
import { openRecordFile } from "./record.ts"
import { openStage, type Stage } from "./stage.ts"
import { bytesIn } from "./stored-texts.ts"

const chatIds = [7_001, 7_002]
/** Writes while the disk is full. */
const lateChatId = 7_003
const Loop = z.object({ id: z.string() })
const refused =
  '503 {"error":{"type":"internal_error","code":"storage_failed","message":"The gateway cannot write to its disk right now. Nothing was accepted: try again."}}'

/** A gateway whose data lie there; it ends before the disk does. */
async function openStageOn(disk: SmallDisk, dataDirectory: string): Promise<Stage> {
  onTestFinished(() => disk.close())
  const stage = await openStage(nodeHost("embedded"), { DATA_DIR: dataDirectory })
  onTestFinished(() => stage.close())
  return stage
}

/** Until room is refused for good: a database may still find some in pages of its own. */
async function fillUntil(disk: SmallDisk, isFull: () => Promise<boolean>): Promise<void> {
  const check = async () => {
    disk.fill()
    return isFull()
  }
  await expect.poll(check).toBe(true)
}

/** Whether a message is taken; its answer is not waited for. */
async function askBriefly(program: Client, loopId: string): Promise<string> {
  const path = `/api/v1/loops/${loopId}/messages`
  try {
    await (await program.open("POST", path, { json: { content: "say: hello" } })).close()
    return "accepted"
  } catch (error) {
    return String(error).replace(`Error: POST ${path}: `, "")
  }
}

test.skipIf(!canMount())(
  "a full disk refuses new messages with 503, loses none that was accepted, and is served again when there is room",
  async () => {
    const disk = mountSmallDisk(32)
    const stage = await openStageOn(disk, join(disk.path, "data"))
    const busy = await openBusy({ stage, chatIds, programs: 2, otherChatIds: [lateChatId] })
    const { id } = (await busy.program.send("POST", "/api/v1/loops", { json: {} })).read(Loop)
    await busy.answered(8)
    const ask = () => askBriefly(busy.program, id)
    const asked: string[] = []
    await fillUntil(disk, async () => {
      asked.push(await ask())
      return asked.length >= 3 && asked.slice(-3).every((outcome) => outcome === refused)
    })
    expect(asked.filter((outcome) => outcome !== "accepted" && outcome !== refused)).toEqual([])
    const { telegram } = stage
    const { updateId } = telegram.pushText({ chatId: lateChatId, text: "say: late" })
    const isRefused = () => telegram.deliveries.some((each) => each.updateId === updateId && each.status === 503)
    await telegram.waitFor("the refusal of an update", isRefused)
    // Asked in the moment in which a commit of the Ledger is lost, it says so.
    await expect.poll(async () => (await fetch(`${stage.gateway.url}/api/health`)).status).toBe(200)
    disk.free()
    await expect.poll(ask).toBe("accepted")
    await telegram.waitForSent(({ chatId, text }) => chatId === lateChatId && text === "late")
    await busy.answered(8)
    const record = openRecordFile(join(disk.path, "data", "gateway.db"))
    await busy.settle(record)
    record.close()
    expect(telegram.sentTo(lateChatId)).toHaveLength(1)
  },
  180_000,
)

test.skipIf(!canMount())(
  "a database that cannot grow keeps nobody from being answered, and has everything once there is room",
  async () => {
    const disk = mountSmallDisk(16)
    const directory = mkdtempSync(join(tmpdir(), "loop-disk-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    mkdirSync(join(directory, "data"))
    symlinkSync(join(disk.path, "gateway.db"), join(directory, "data", "gateway.db"))
    const stage = await openStageOn(disk, join(directory, "data"))
    const busy = await openBusy({ stage, chatIds, programs: 2 })
    await busy.answered(8)
    let groups = 0
    const create = async () => {
      const json = { name: `group ${(groups += 1)}` }
      return (await busy.program.send("POST", "/api/agent-groups", { json })).outcome
    }
    await fillUntil(disk, async () => (await create()) === "503 database_unavailable")
    await busy.answered(20)
    disk.free()
    await expect.poll(create).toBe("ok")
    const record = openRecordFile(join(disk.path, "gateway.db"))
    await busy.settle(record)
    record.close()
  },
  180_000,
)

test.skipIf(!canMount())(
  "an erasure on a full disk is said to have failed, and repeated when there is room it leaves nothing",
  async () => {
    const disk = mountSmallDisk(32)
    const stage = await openStageOn(disk, join(disk.path, "data"))
    const admin = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
    const { id } = (await admin.send("POST", "/api/v1/loops", { json: { title: "qxtitle" } })).read(Loop)
    const events = await admin.open("POST", `/api/v1/loops/${id}/messages`, { json: { content: "say: qxword" } })
    await events.rest()
    const found = async () => {
      const texts = await bytesIn(join(disk.path, "data"))
      return ["qxtitle", "qxword", id.slice(5)].filter((word) => texts.some((text) => text.includes(word)))
    }
    await expect.poll(found).toHaveLength(3)
    const erase = async () => (await admin.send("DELETE", `/api/conversations/${id}`)).status
    const other = (await admin.send("POST", "/api/v1/loops", { json: {} })).read(Loop)
    await fillUntil(disk, async () => (await askBriefly(admin, other.id)) === refused)
    expect(await erase()).toBe(503)
    disk.free()
    // 404: it went on by itself.
    await expect.poll(async () => [204, 404].includes(await erase())).toBe(true)
    expect(await found()).toEqual([])
  },
  180_000,
)
