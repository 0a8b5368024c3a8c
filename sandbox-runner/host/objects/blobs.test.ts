/** Blobs as files: nothing but whole ones, nowhere but in their directory. */
import { mkdtemp, mkdir, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { fileBlobs } from "./blobs.ts"

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "blobs-"))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const bytes = (text: string) => new TextEncoder().encode(text)

test("no id and no key leads out of the directory", async () => {
  const root = join(directory, "blobs")
  for (const odd of ["../..", "/etc", "a/../../b", "..", "", "\0", "x".repeat(5_000), "C:\\x"]) {
    const blobs = fileBlobs(root, "conversation", odd)
    await blobs.put(odd, bytes(odd))
    expect(await blobs.get(odd)).toEqual(bytes(odd))
  }
  expect(await readdir(directory)).toEqual(["blobs"])
  expect(await readdir(root)).toEqual(["conversation"])
})

test("writing leaves nothing beside the blob, and the last writer wins whole", async () => {
  const blobs = fileBlobs(directory, "conversation", "a")
  await Promise.all(Array.from({ length: 20 }, (_, n) => blobs.put("k", bytes(String(n).repeat(1_000)))))
  const [home = ""] = await readdir(join(directory, "conversation"))
  expect(await readdir(join(directory, "conversation", home))).toHaveLength(1)
  const text = new TextDecoder().decode(await blobs.get("k"))
  expect(new Set(text.match(/.{1,2}/g)).size).toBeLessThanOrEqual(2)
})

test("a disk that refuses is storage_failed, and leaves no draft", async () => {
  await writeFile(join(directory, "conversation"), "a file where a directory should be")
  const blobs = fileBlobs(directory, "conversation", "a")
  await expect(blobs.put("k", bytes("x"))).rejects.toMatchObject({ code: "storage_failed" })
  await expect(blobs.get("k")).rejects.toMatchObject({ code: "storage_failed" })
  expect(await readdir(directory)).toEqual(["conversation"])
})

test("what stands where the blob should go stays when the move fails", async () => {
  const blobs = fileBlobs(directory, "conversation", "a")
  await blobs.put("k", bytes("x"))
  const [home = ""] = await readdir(join(directory, "conversation"))
  const [name = ""] = await readdir(join(directory, "conversation", home))
  const path = join(directory, "conversation", home, name)
  await rm(path)
  await mkdir(join(path, "inside"), { recursive: true })
  await expect(blobs.put("k", bytes("y"))).rejects.toMatchObject({ code: "storage_failed" })
  expect(await readdir(join(directory, "conversation", home))).toEqual([name])
})
