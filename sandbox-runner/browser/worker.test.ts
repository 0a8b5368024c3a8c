/** A conversation's browser: its steps, what it keeps and for whom, and how it ends. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { profileOf, setBrowserStage, type BrowserStage } from "../testkit/browser-stage.ts"
import { startSite, type Site } from "../testkit/site.ts"

// A real browser beside other tests on two cores.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

let site: Site
let stage: BrowserStage

beforeAll(async () => {
  site = await startSite()
  stage = setBrowserStage([site.port])
})
afterAll(async () => {
  await stage.close()
  await site.close()
})
beforeEach(() => {
  site.pages.clear()
  site.seen.length = 0
})

const page = (path: string, html: string) => site.pages.set(path, `<!doctype html><title>${path}</title>${html}`)
const open = (path = "/", options = {}) => stage.act({ action: "open", url: `${site.url}${path}` }, options)

describe("steps", () => {
  test("open tells address, title and text of where it ended", async () => {
    site.pages.set("/", (_, response) => response.writeHead(302, { location: "/there" }).end())
    page("/there", "<h1>Hello</h1>")
    expect(await open()).toEqual({ kind: "browser.act", url: `${site.url}/there`, title: "/there", text: "# Hello" })
  })

  test("a form is filled and sent, whatever its fields", async () => {
    page(
      "/",
      `<form action=/sent method=post><input name=name aria-label=Name><input name=day type=date><textarea name=say></textarea>
       <select name=size><option value=s>Small<option value=l>Large</select><input type=checkbox name=ok><input type=radio name=r value=1><button>Send</button></form>`,
    )
    page("/sent", "<p>Thanks</p>")
    await open()
    await stage.act({ action: "fill", ref: 1, text: "Ann & Bob" })
    await stage.act({ action: "fill", ref: 2, text: "2026-12-31" })
    await stage.act({ action: "fill", ref: 3, text: "two\nlines" })
    await stage.act({ action: "fill", ref: 4, text: "Large" })
    await stage.act({ action: "fill", ref: 5, text: "on" })
    const { text } = await stage.act({ action: "click", ref: 6 })
    expect(text).toContain('[1] (text "Name": "Ann & Bob")')
    expect((await stage.act({ action: "click", ref: 7 })).text).toBe("Thanks")
    const sent = new URLSearchParams(site.seen.at(-1)?.body)
    expect(Object.fromEntries(sent)).toEqual({
      name: "Ann & Bob",
      day: "2026-12-31",
      say: "two\r\nlines",
      size: "l",
      ok: "on",
      r: "1",
    })
  })

  test("a search is sent by Enter", async () => {
    page("/", "<form action=/found><input name=q></form>")
    page("/found", "<p>one result</p>")
    await open()
    expect((await stage.act({ action: "fill", ref: 1, text: "owls", submit: true })).text).toBe("one result")
    expect(site.seen.at(-1)?.url).toBe("/found?q=owls")
  })

  test.each([
    ["<input type=date>", "tomorrow", "2026-12-31"],
    ["<input type=number>", "many", "number"],
    ["<select><option>A</select>", "C", "no such choice"],
    ["<input type=checkbox>", "perhaps", "on or off"],
    ["<input type=file>", "/etc/passwd", "Files cannot be given"],
    ["<button>x</button>", "text", "click it"],
  ])("%s does not take %s, and says why", async (html, text, why) => {
    page("/", html)
    await open()
    const failure = await stage.failure({ action: "fill", ref: 1, text })
    expect(failure).toMatchObject({ code: "invalid", message: expect.stringContaining(why) })
  })

  test("a click tells the page as it then is, also when it changes in place and later", async () => {
    page("/later", "late news")
    page(
      "/",
      "<button onclick=\"fetch('/later').then(r=>r.text()).then(t=>out.innerHTML=t)\">load</button><div id=out></div>",
    )
    await open()
    expect((await stage.act({ action: "click", ref: 1 })).text).toContain("late news")
  })

  test("a link that opens a window is followed, and back returns to where it was", async () => {
    page("/", "<p>first</p><a href=/second target=_blank>go</a>")
    page("/second", "<p>second</p>")
    await open()
    const { text } = await stage.act({ action: "click", ref: 1 })
    expect(text).toBe("(A new window opened; this is its page. The action back returns.)\nsecond")
    expect((await stage.act({ action: "back" })).text).toContain("first")
  })

  test("back goes back, and says when there is nothing behind", async () => {
    await stage.erase(profileOf(0))
    page("/", "<p>first</p>")
    page("/b", "<p>second</p>")
    await open()
    await open("/b")
    expect((await stage.act({ action: "back" })).text).toBe("first")
    expect(await stage.failure({ action: "back" })).toMatchObject({ code: "not_found" })
  })

  test("a number that no reading gave, or whose element is gone, is not found", async () => {
    page("/", "<button onclick='this.remove()'>go</button><button>stays</button>")
    await open()
    expect(await stage.failure({ action: "click", ref: 99 })).toEqual({
      code: "not_found",
      message: "There is no element [99] any more: read the page again and use its numbers.",
    })
    await stage.act({ action: "click", ref: 1 })
    expect((await stage.failure({ action: "click", ref: 2 })).code).toBe("not_found")
  })

  test("what lies under something else cannot be clicked, and the model is told so", async () => {
    page("/", "<button>under</button><div style='position:fixed;inset:0;background:#0008'></div>")
    await open()
    expect((await stage.failure({ action: "click", ref: 1 })).message).toContain(
      "something else on the page lies over it",
    )
  })

  test("a status that is none of success is told beside the page", async () => {
    site.pages.set("/", (_, response) => response.writeHead(404, { "content-type": "text/html" }).end("<p>gone</p>"))
    expect((await open()).text).toBe("(The site answered with status 404.)\ngone")
  })

  test("what is no page, or wants a password by HTTP, is told as what it is", async () => {
    const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    site.pages.set("/dot", (_, response) =>
      response.writeHead(200, { "content-type": "image/png" }).end(Buffer.from(dot, "base64")),
    )
    expect((await open("/dot")).text).toBe(
      "(The address holds image/png, which has no text here: take a screenshot to see it.)",
    )
    site.pages.set("/", (_, response) => response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end())
    const failure = await stage.failure({ action: "open", url: `${site.url}/` })
    expect(failure).toMatchObject({ code: "not_found", message: expect.stringContaining("user name and password") })
  })

  test("what a page says in a dialog is told", async () => {
    page("/", "<p>text</p><script>setTimeout(()=>alert('Watch out'),10)</script>")
    expect((await open()).text).toBe("(The page showed a dialog, which was dismissed: Watch out)\ntext")
  })

  test("a site that does not answer, and one without a valid certificate, are not found", async () => {
    const other = setBrowserStage([site.port, 1])
    expect(await other.failure({ action: "open", url: "http://127.0.0.1:1/" })).toMatchObject({ code: "not_found" })
    const tls = await other.failure({ action: "open", url: `https://127.0.0.1:${site.port}/` })
    expect(tls).toMatchObject({ code: "not_found", message: expect.stringContaining("certificate") })
    await other.close()
  })

  test("a screenshot shows what is there, and the whole page where asked", async () => {
    page(
      "/",
      "<body style='margin:0'><div style='height:3000px;background:#f00'></div><div style='height:90000px;background:#00f'></div>",
    )
    await open()
    const sizeOf = async (wholePage: boolean) => {
      const { picture, text } = await stage.act({ action: "screenshot", wholePage })
      expect(text).toBe("")
      expect(picture?.mediaType).toBe("image/jpeg")
      return jpegSize(Buffer.from(picture?.base64 ?? "", "base64"))
    }
    expect(await sizeOf(false)).toEqual({ width: 1280, height: 800 })
    expect(await sizeOf(true)).toEqual({ width: 1280, height: 7_900 })
  })
})

/** Of the first frame header (ITU T.81 B.2.2). */
function jpegSize(bytes: Buffer): { width: number; height: number } {
  let at = 2
  while (at < bytes.length && !(bytes[at + 1] === 0xc0 || bytes[at + 1] === 0xc2)) at += 2 + bytes.readUInt16BE(at + 2)
  return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
}

describe("what is kept", () => {
  const cookie =
    "<p id=o></p><script>o.textContent=(document.cookie||'none')+' '+(localStorage.k||'none');document.cookie='who='+location.search.slice(1);localStorage.k=location.search.slice(1)</script>"

  test("belongs to one conversation, and outlives the browser", async () => {
    page("/", cookie)
    const [one, two] = [{ profile: profileOf(1) }, { profile: profileOf(2) }]
    expect((await open("/?ann", one)).text).toBe("none none")
    expect((await open("/?bob", two)).text).toBe("none none")
    expect((await open("/?ann", one)).text).toBe("who=ann ann")
    expect((await open("/?bob", two)).text).toBe("who=bob bob")
    // A third one makes room by the one longest unused, and a fourth by the second.
    await open("/?c", { profile: profileOf(3) })
    await open("/?d", { profile: profileOf(4) })
    expect((await open("/?ann", one)).text).toBe("who=ann ann")
    await stage.worker.close()
    const again = setBrowserStage([site.port], { directory: stage.directory })
    expect((await again.act({ action: "open", url: `${site.url}/?bob` }, two)).text).toBe("who=bob bob")
    expect((await again.act({ action: "read" }, one)).text).toBe("who=ann ann")
    await again.erase(profileOf(1))
    expect((await again.act({ action: "open", url: `${site.url}/?ann` }, one)).text).toBe("none none")
    await again.close()
    stage = setBrowserStage([site.port], { directory: stage.directory })
  })

  test("is read by its owner alone, and is gone when it is erased", async () => {
    page("/", cookie)
    const profile = profileOf(5)
    await open("/?secret", { profile })
    const folder = join(stage.directory, profile)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, "state.json"), "utf8")).toContain("secret")
    expect(await stage.erase(profile)).toEqual({ status: "succeeded", result: { kind: "browser.erase" } })
    expect(existsSync(folder)).toBe(false)
    expect((await stage.failure({ action: "read" }, { profile })).message).toContain("No page is open")
    expect(await stage.erase(profile)).toMatchObject({ status: "succeeded" })
  })

  test("that is damaged on disk does not keep the conversation from the web", async () => {
    page("/", cookie)
    const profile = profileOf(6)
    await open("/?a", { profile })
    await stage.worker.close()
    for (const name of ["state.json", "place.json"]) writeFileSync(join(stage.directory, profile, name), "{garbage")
    stage = setBrowserStage([site.port], { directory: stage.directory })
    expect((await open("/?a", { profile })).text).toBe("none none")
  })

  test("is the page too: after a pause it is read again where it was, but its old numbers are gone", async () => {
    const quick = setBrowserStage([site.port], { idleMs: 1 })
    page("/", "<p>first</p><button>b</button>")
    await quick.act({ action: "open", url: `${site.url}/` })
    await expect
      .poll(() => quick.outcome({ action: "click", ref: 1 }))
      .toMatchObject({
        status: "failed",
        failure: { code: "not_found", message: "The page was closed meanwhile: read it again first." },
      })
    expect((await quick.act({ action: "read" })).text).toContain("first")
    await quick.close()
  })
})

describe("an end", () => {
  test("of time or by a call back comes at once, and the next step works", async () => {
    site.pages.set("/", () => {})
    page("/fine", "<p>fine</p>")
    expect((await stage.outcome({ action: "open", url: `${site.url}/` }, { timeoutMs: 1_500 })).status).toBe(
      "timed_out",
    )
    const stop = new AbortController()
    const waiting = stage.outcome({ action: "open", url: `${site.url}/` }, { signal: stop.signal })
    await expect.poll(() => site.seen.length).toBe(2)
    stop.abort()
    expect(await waiting).toEqual({ status: "canceled" })
    expect((await open("/fine")).text).toBe("fine")
  })

  test("more conversations at once than may be open wait for each other, and all are served", async () => {
    page("/", "<p>served</p>")
    const all = await Promise.all([1, 2, 3, 4, 5].map((digit) => open("/", { profile: profileOf(digit) })))
    expect(all.map(({ text }) => text)).toEqual(Array(5).fill("served"))
  })

  test("steps of one conversation run one after the other", async () => {
    page("/", "<button onclick='this.textContent+=1'>n</button>")
    await open()
    await Promise.all([1, 2, 3].map(() => stage.outcome({ action: "click", ref: 1 })))
    expect((await stage.act({ action: "read" })).text).toContain("n111")
  })

  test("close ends what runs", async () => {
    site.pages.set("/", () => {})
    const own = setBrowserStage([site.port])
    const waiting = own.outcome({ action: "open", url: `${site.url}/` })
    await expect.poll(() => site.seen.length).toBe(1)
    await own.worker.close()
    expect((await waiting).status).toBe("failed")
    await own.close()
  })
})

describe("without a browser that works", () => {
  test.each([
    ["no Chromium", { path: "/nowhere/chromium", noSandbox: false }, "apt-get install chromium, or set CHROMIUM_PATH"],
    ["one that is none", { path: "/bin/false", noSandbox: false }, "Chromium does not start"],
    ["an unknown user", { path: "/bin/false", noSandbox: false, user: "nobody-here" }, "CHROMIUM_USER"],
    ["root as its user", { path: "/bin/false", noSandbox: false, user: "root" }, "CHROMIUM_USER"],
  ])("%s is said by state and by the step", async (_, chromium, problem) => {
    const own = setBrowserStage([site.port], { chromium })
    const failure = await own.failure({ action: "open", url: site.url })
    expect(failure).toMatchObject({ code: "unavailable", message: expect.stringContaining(problem) })
    expect(await own.worker.state()).toEqual({ status: "unavailable", problem: failure.message })
    await own.close()
  })

  test("state says what was given up for it", async () => {
    expect(await stage.worker.state()).toEqual({ status: "ok" })
    const own = setBrowserStage([], { chromium: { path: "/bin/true", noSandbox: true } })
    expect(await own.worker.state()).toEqual({
      status: "ok",
      notice: "Chromium runs without its own sandbox (CHROMIUM_NO_SANDBOX=true).",
    })
    await own.close()
  })

  test("a script is not for it", async () => {
    const context = { id: "cmd_1", signal: new AbortController().signal, onOutput: async () => {} }
    const { CommandId } = await import("../../core/runner/command.ts")
    const work = { kind: "sandbox.erase" as const, workspace: profileOf(0) }
    expect(await stage.worker.run(work, { ...context, id: CommandId.parse(context.id) })).toMatchObject({
      status: "rejected",
    })
  })
})
