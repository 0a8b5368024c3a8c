/** The page's files as they are served: small on slow lines, whole for who cannot unpack them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { compressAssets, dashboardFile } from "./dashboard.ts"

let page = ""
beforeEach(() => {
  page = mkdtempSync(join(tmpdir(), "page-"))
  mkdirSync(join(page, "assets"))
})
afterEach(() => rmSync(page, { recursive: true }))
const write = (name: string, text: string) => writeFileSync(join(page, "assets", name), text)

test("each script and style gets one compressed copy, and nothing else does", () => {
  for (const name of ["a-1.js", "b-2.css", "c-3.woff2"]) write(name, name.repeat(1_000))
  compressAssets(page)
  write("a-1.js.gz", "kept")
  compressAssets(page)
  expect(readdirSync(join(page, "assets")).toSorted()).toEqual([
    "a-1.js",
    "a-1.js.gz",
    "b-2.css",
    "b-2.css.gz",
    "c-3.woff2",
  ])
  expect(readFileSync(join(page, "assets/a-1.js.gz"), "utf8")).toBe("kept")
  expect(gunzipSync(readFileSync(join(page, "assets/b-2.css.gz"))).toString()).toBe("b-2.css".repeat(1_000))
})

describe("the built page", () => {
  const get = (path: string, encoding?: string) =>
    dashboardFile(
      new Request(`http://localhost${path}`, {
        headers: encoding === undefined ? {} : { "accept-encoding": encoding },
      }),
    )
  const script = async () => /\/assets\/[\w-]+\.js/.exec((await (await get("/"))?.text()) ?? "")?.[0] ?? ""

  test.each(["gzip", "br, gzip;q=0.5"])("comes small to who takes %s", async (encoding) => {
    const path = await script()
    const [small, whole] = await Promise.all([get(path, encoding), get(path)])
    expect(small?.headers.get("content-encoding")).toBe("gzip")
    expect(small?.headers.get("content-type")).toBe("text/javascript; charset=utf-8")
    expect(small?.headers.get("vary")).toBe("accept-encoding")
    const bytes = Buffer.from((await small?.arrayBuffer()) ?? new ArrayBuffer(0))
    const plain = Buffer.from((await whole?.arrayBuffer()) ?? new ArrayBuffer(0))
    expect(gunzipSync(bytes).equals(plain)).toBe(true)
    expect(bytes.length).toBeLessThan(plain.length / 2)
  })

  test.each([undefined, "br", "gzip;q=0", "gzip; q=0.0, br"])("comes whole to who takes %s", async (encoding) => {
    const whole = await get(await script(), encoding)
    expect(whole?.status).toBe(200)
    expect(whole?.headers.get("content-encoding")).toBeNull()
  })

  test("has no address for the copies themselves", async () => {
    expect(await get(`${await script()}.gz`)).toBeUndefined()
  })
})
