/** Archives written anew: what passes is what was there. What is refused is in hostile-guard.test.ts, where it comes from a container. */
import { execFileSync } from "node:child_process"
import { buffer } from "node:stream/consumers"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { archiveEnd, cleanArchive, entryHeader, paddingOf, type ArchiveEntry } from "./archive.ts"

const generous = { maxFileBytes: 1_000_000_000, maxFiles: 1_000 }

function archiveOf(entries: readonly (ArchiveEntry & { content: Buffer })[]): Buffer {
  const parts = entries.flatMap((entry) => [
    entryHeader(entry),
    entry.content,
    Buffer.alloc(paddingOf(entry.sizeBytes)),
  ])
  return Buffer.concat([...parts, archiveEnd])
}

function file(path: Buffer, content = Buffer.from("x"), isExecutable = false) {
  return { kind: "file", path, content, sizeBytes: content.length, isExecutable, modifiedAt: 1_000_000_000 } as const
}

async function* cut(bytes: Buffer, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes)
}

const name = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))))
  .filter((bytes) => ![".", ".."].includes(bytes.toString("latin1")))

test("an archive of any names and sizes comes out byte for byte, in whatever pieces it comes in", async () => {
  const entries = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 2_000 }), fc.boolean()), {
    selector: ([path]) => path.toString("latin1"),
    maxLength: 8,
    minLength: 1,
  })
  await fc.assert(
    fc.asyncProperty(entries, fc.integer({ min: 1, max: 3_000 }), async (given, sizeBytes) => {
      const archive = archiveOf(
        given.map(([path, content, isExecutable]) => file(path, Buffer.from(content), isExecutable)),
      )
      expect((await buffer(cleanArchive(cut(archive, sizeBytes), generous))).equals(archive)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test("any damage is refused or harmless: no name leads outside", async () => {
  const directory = { ...file(Buffer.from("d"), Buffer.alloc(0)), kind: "directory" } as const
  const sound = archiveOf([directory, file(Buffer.from("d/a")), file(Buffer.from("long".repeat(50)))])
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      async (changes) => {
        const damaged = Buffer.from(sound)
        for (const [at, value] of changes) damaged[at] = value
        const out = await buffer(cleanArchive(cut(damaged, 512), generous)).catch(() => undefined)
        if (out === undefined || out.length === 0) return
        const names = execFileSync("tar", ["-t", "--quoting-style=escape"], { input: out, encoding: "utf8" }).split(
          "\n",
        )
        expect(names.filter((entry) => entry.startsWith("/") || entry.split("/").includes(".."))).toEqual([])
      },
    ),
    { numRuns: 100 },
  )
})

test("tar itself reads what was written", async () => {
  const long = Buffer.from(`${"n".repeat(120)} ä\n`)
  const archive = await buffer(
    cleanArchive(cut(archiveOf([file(Buffer.from("a"), Buffer.from("hello"), true), file(long)]), 700), generous),
  )
  const listing = execFileSync("tar", ["-tv", "--quoting-style=escape"], {
    input: archive,
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  })
  expect(listing).toMatch(/^-rwxr-xr-x 10001\/10001 +5 .* a$/m)
  expect(listing).toContain(String.raw`${"n".repeat(120)} \303\244\n`)
  expect(execFileSync("tar", ["-xO", "a"], { input: archive, encoding: "utf8" })).toBe("hello")
})

describe("limits:", () => {
  test("as many files as are allowed pass, one more does not", async () => {
    const three = archiveOf(["a", "b", "c"].map((path) => file(Buffer.from(path))))
    await expect(buffer(cleanArchive(cut(three, 512), { ...generous, maxFiles: 3 }))).resolves.toBeInstanceOf(Buffer)
    await expect(buffer(cleanArchive(cut(three, 512), { ...generous, maxFiles: 2 }))).rejects.toMatchObject({
      reason: "size",
    })
  })

  test("sizes count in whole pages, and are refused by what a header says before the bytes come", async () => {
    const two = archiveOf([file(Buffer.from("a")), file(Buffer.from("b"))])
    await expect(buffer(cleanArchive(cut(two, 512), { ...generous, maxFileBytes: 8_192 }))).resolves.toBeInstanceOf(
      Buffer,
    )
    await expect(buffer(cleanArchive(cut(two, 512), { ...generous, maxFileBytes: 8_191 }))).rejects.toMatchObject({
      reason: "size",
    })
  })

  test("an archive without entries is empty", async () => {
    expect((await buffer(cleanArchive(cut(Buffer.from(archiveEnd), 512), generous))).length).toBe(0)
  })
})
