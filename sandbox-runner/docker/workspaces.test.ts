/** What is stored of a conversation's files: whole or as it was, and nothing beside it. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { afterEach, beforeEach, expect, test } from "vitest"
import { canMount, mountSmallDisk } from "../testkit/small-disk.ts"
import { newWorkspace } from "../testkit/sandboxes.ts"
import { ArchiveProblem } from "./archive.ts"
import { openWorkspaces } from "./workspaces.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "loop-workspaces-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}
async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(3_000_000)
  throw new Error("cut off")
}
const stored = async (from: ReturnType<typeof openWorkspaces>, workspace: ReturnType<typeof newWorkspace>) => {
  const archive = await from.read(workspace)
  return archive === undefined ? undefined : (await buffer(archive)).toString()
}

test("what was saved is read again, by the next process too", async () => {
  const workspace = newWorkspace()
  await openWorkspaces(directory).save(workspace, pieces("one", "two"))
  expect(await stored(openWorkspaces(directory), workspace)).toBe("onetwo")
  expect(await stored(openWorkspaces(directory), newWorkspace())).toBeUndefined()
})

test("an archive that breaks off leaves the one before, and nothing else", async () => {
  const workspaces = openWorkspaces(directory)
  const workspace = newWorkspace()
  await workspaces.save(workspace, pieces("before"))
  await expect(workspaces.save(workspace, broken())).rejects.toThrow("cut off")
  expect(await stored(workspaces, workspace)).toBe("before")
  expect(readdirSync(directory).toSorted()).toEqual([`${workspace}.tar`, "owner"])
})

test("what a crash left half written is removed at the next start", async () => {
  const workspaces = openWorkspaces(directory)
  const workspace = newWorkspace()
  await workspaces.save(workspace, pieces("before"))
  writeFileSync(join(directory, `${workspace}.tar.unfinished`), "half")
  expect(await stored(openWorkspaces(directory), workspace)).toBe("before")
  expect(readdirSync(directory).toSorted()).toEqual([`${workspace}.tar`, "owner"])
})

test("no files left, no archive left", async () => {
  const workspaces = openWorkspaces(directory)
  const workspace = newWorkspace()
  await workspaces.save(workspace, pieces("before"))
  await workspaces.save(workspace, pieces())
  expect(await stored(workspaces, workspace)).toBeUndefined()
  expect(readdirSync(directory)).toEqual(["owner"])
  await workspaces.erase(workspace)
})

test("only this user reads them", async () => {
  const workspaces = openWorkspaces(join(directory, "below"))
  const workspace = newWorkspace()
  await workspaces.save(workspace, pieces("mine"))
  expect(statSync(join(directory, "below")).mode & 0o777).toBe(0o700)
  expect(statSync(join(directory, "below", `${workspace}.tar`)).mode & 0o777).toBe(0o600)
})

test("the owner's name stays over restarts, and a damaged one is made anew", () => {
  const { owner } = openWorkspaces(directory)
  expect(owner).toMatch(/^[0-9a-f]{16}$/)
  expect(openWorkspaces(directory).owner).toBe(owner)
  writeFileSync(join(directory, "owner"), "../../x")
  expect(openWorkspaces(directory).owner).toMatch(/^[0-9a-f]{16}$/)
})

test.skipIf(!canMount())("a disk that has no room beside what the gateway needs keeps the archive before", async () => {
  const disk = mountSmallDisk(50)
  try {
    const workspaces = openWorkspaces(disk.path)
    const saving = workspaces.save(newWorkspace(), pieces("x"))
    await expect(saving).rejects.toThrow(ArchiveProblem)
    await expect(saving).rejects.toMatchObject({ reason: "size" })
    expect(readdirSync(disk.path)).toEqual(["owner"])
  } finally {
    disk.close()
  }
})
