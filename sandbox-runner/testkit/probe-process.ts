/**
 * A process of its own with objects that count, told what to do by its arguments: `<directory> count` or `<directory> fill`.
 * Prints one line for each thing that it was promised.
 */
import { once } from "node:events"
import { isLoopError } from "../../core/errors.ts"
import type { NodeObjects } from "../host/objects/objects.ts"
import { openBareObjects } from "./bare-objects.ts"

const [directory = "", mode = ""] = process.argv.slice(2)
const objects = openBareObjects(directory)
const say = (line: string) => process.stdout.write(`${line}\n`)

if (mode === "count") await Promise.all(Array.from({ length: 8 }, (_, n) => countOn(objects, `counter ${n}`)))
if (mode === "fill") await fillUp(objects)
await objects.close()

/** Counts on for ever, saying each number once it is promised. */
async function countOn(host: NodeObjects, id: string): Promise<never> {
  for (let n = 1; ; n += 1) {
    const entries = [
      { key: "first half", value: n },
      { key: "second half", value: n },
    ]
    await host.reach("channel", id).call("transact", { entries, fails: false })
    say(`${id}=${n}`)
  }
}

/** Writes until the disk refuses, says so, and goes on when a line on standard input says that there is room. */
async function fillUp(host: NodeObjects): Promise<void> {
  const put = async (n: number) => host.reach("channel", `filler ${n}`).call("putText", { key: "k", length: 20_000 })
  let stored = 0
  try {
    for (;;) {
      await put(stored)
      stored += 1
    }
  } catch (error) {
    say(`refused ${isLoopError(error) ? error.code : String(error)} after ${stored}`)
  }
  const other = await host
    .reach("channel", "filler 0")
    .call("get", "k")
    .then((text) => (typeof text === "string" ? "readable" : "gone"))
  say(`the first is ${other}`)
  await once(process.stdin, "data")
  await put(stored)
  say("stored again")
  process.stdin.destroy()
}
