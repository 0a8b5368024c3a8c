/**
 * A process of its own that erases objects one after the other: `<directory> <how many are gone>`. Says before each that it begins,
 * and after each that it is done. Without a number it only opens the file, as a gateway does that starts.
 */
import { existsSync } from "node:fs"
import { once } from "node:events"
import { join } from "node:path"
import { ObjectStore } from "../host/objects/store.ts"
import { openBareObjects } from "./bare-objects.ts"
import { goers, mingledRows } from "./mingled-rows.ts"

const [directory = "", gone] = process.argv.slice(2)
const path = join(directory, "objects.db")
if (!existsSync(path)) await fill()

const objects = openBareObjects(directory)
const say = (line: string) => process.stdout.write(`${line}\n`)
for (const id of gone === undefined ? [] : goers.slice(Number(gone))) {
  say(`erasing ${id}`)
  await objects.reach("channel", id).call("erase", {})
  say(`erased ${id}`)
}
await once(process.stdin.resume(), "end")

async function fill(): Promise<void> {
  const store = new ObjectStore({ path, onAlarmsChanged() {} })
  for (const [object, key, text] of mingledRows) {
    store.put({ batch: undefined, lose() {} }, `channel/${object}`, key, JSON.stringify(text))
  }
  await store.close()
}
