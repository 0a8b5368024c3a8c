/**
 * The floor: what a turn costs at the least. Two fsynced commits (those of one tick share one) and one model fetch behind a bare
 * HTTP server. `node floor.ts <port> <model url> <directory> [<ms added to each commit>]`
 */
import { createServer } from "node:http"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { slowCommit } from "./slow-disk.ts"

const [port = "0", modelUrl = "", directory = "", delayMs = "0"] = process.argv.slice(2)
const around = slowCommit(Number(delayMs))
const db = new DatabaseSync(join(directory, "floor.db"))
db.exec("pragma journal_mode = wal; pragma synchronous = full; create table kv (k text primary key, v text)")
const put = db.prepare("insert or replace into kv values (?, ?)")

let waiting: { key: string; value: string; settle: () => void }[] = []

/** Resolves when the value is on the disk. */
function commit(key: string, value: string): Promise<void> {
  return new Promise((settle) => {
    if (waiting.length === 0) setImmediate(commitWaiting)
    waiting.push({ key, value, settle })
  })
}

function commitWaiting(): void {
  const together = waiting
  waiting = []
  db.exec("begin")
  for (const { key, value } of together) put.run(key, value)
  around(() => db.exec("commit"))
  for (const { settle } of together) settle()
}

const modelCall = {
  method: "POST",
  headers: { "content-type": "application/json", authorization: "Bearer floor" },
  body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] }),
}
let turns = 0

createServer(async (request, response) => {
  if (request.method === "GET") return void response.end("up")
  let text = ""
  for await (const part of request) text += String(part)
  const turn = (turns += 1)
  await commit(`in${turn}`, text)
  const answer = await fetch(`${modelUrl}/v1/chat/completions`, modelCall)
  const json = JSON.stringify(await answer.json())
  await commit(`out${turn}`, json)
  response.setHeader("content-type", "application/json")
  response.end(json)
}).listen(Number(port), "127.0.0.1")
