/** Pages that mean harm, in real Chromium: none reaches this machine or its network, and none takes the browser down for good. */
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import type { LookupAddress } from "node:dns"
import { readdirSync, readFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { parseAllowance } from "../../core/egress/address.ts"
import { launchBrowser } from "../testkit/browser.ts"
import { profileOf, setBrowserStage, type BrowserStage } from "../testkit/browser-stage.ts"
import { startSite, type Site } from "../testkit/site.ts"

// A real browser beside other tests on two cores.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

/** May be reached. */
let site: Site
/** Stands for everything on this machine that may not. */
let secret: Site
/** Hears any connection, whatever it says. */
let trap: Server
let trapPort: number
let trapped = 0
let stage: BrowserStage
/** What the proxy's resolver gives; names that are absent do not exist. */
const names = new Map<string, LookupAddress[]>()
let looked: string[] = []

beforeAll(async () => {
  site = await startSite()
  secret = await startSite()
  trap = createServer((socket) => {
    trapped += 1
    socket.destroy()
  }).listen(0, "127.0.0.1")
  await once(trap, "listening")
  const address = trap.address()
  trapPort = typeof address === "object" && address !== null ? address.port : 0
  stage = setBrowserStage([site.port], {
    ownOrigins: ["https://gateway.example"],
    resolve(hostname, _, callback) {
      looked.push(hostname)
      const found = names.get(hostname)
      if (found === undefined) callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), [])
      else callback(null, found)
    },
  })
})
afterAll(async () => {
  await stage.close()
  await site.close()
  await secret.close()
  trap.close()
})
beforeEach(() => {
  site.pages.clear()
  secret.pages.clear()
  secret.pages.set("/", "<p>the secret</p>")
  names.clear()
  for (const name of ["localhost", "a.localhost"]) names.set(name, v4("127.0.0.1"))
  looked = []
  trapped = 0
})
afterEach(async () => {
  // Whatever was tried: nothing came through.
  expect(secret.seen).toEqual([])
  expect(trapped).toBe(0)
})

const v4 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }))
const open = (path = "/") => stage.act({ action: "open", url: `${site.url}${path}` })
const html = (page: string) => site.pages.set("/", `<!doctype html><title>Evil</title>${page}`)

/** A script that tells on the page what came of it. */
const telling = (script: string) =>
  `<p id=out>waiting</p><script>(async()=>{let said;try{said=await (async()=>{${script}})()}catch(e){said='failed '+e.name}out.textContent='told: '+said})()</script>`
async function told(): Promise<string> {
  await expect.poll(async () => (await stage.act({ action: "read" })).text).toContain("told: ")
  return (await stage.act({ action: "read" })).text
}

describe("an address that the agent opens is refused", () => {
  test.each([
    ["this machine", () => secret.url],
    ["this machine by name", () => `http://localhost:${secret.port}`],
    ["this machine by a name below", () => `http://a.localhost:${secret.port}`],
    ["this machine in decimal", () => `http://2130706433:${secret.port}`],
    ["this machine in octal", () => `http://0177.0.0.1:${secret.port}`],
    ["this machine in hexadecimal", () => `http://0x7f.1:${secret.port}`],
    ["this machine by IPv6", () => `http://[::1]:${secret.port}`],
    ["this machine by mapped IPv6", () => `http://[::ffff:127.0.0.1]:${secret.port}`],
    ["this machine under TLS", () => `https://127.0.0.1:${secret.port}`],
    ["every address", () => `http://0.0.0.0:${secret.port}`],
    ["a private network", () => "http://10.0.0.1"],
    ["a private network under TLS", () => "https://192.168.1.1"],
    ["link-local", () => "http://169.254.1.1"],
    ["cloud metadata", () => "http://169.254.169.254/latest/meta-data/"],
    ["6to4", () => "http://[2002:7f00:1::1]"],
    ["the gateway itself", () => "https://gateway.example/api/health"],
    ["mail", () => "http://mail.example:2525".replace("2525", "587")],
  ])("%s", async (_, url) => {
    const failure = await stage.failure({ action: "open", url: url() })
    if (url().includes("587")) expect(failure.message).toContain("ERR_UNSAFE_PORT")
    else expect(failure).toMatchObject({ code: "forbidden", message: expect.stringContaining("may be reached") })
  })

  test.each(["127.0.0.1", "10.1.1.1", "169.254.169.254", "192.168.0.1"])(
    "a name that resolves to %s",
    async (address) => {
      names.set("innocent.example", v4(address))
      for (const scheme of ["http", "https"]) {
        const failure = await stage.failure({ action: "open", url: `${scheme}://innocent.example:${secret.port}/` })
        expect(failure.code).toBe("forbidden")
      }
    },
  )

  test.each([
    "file:///etc/passwd",
    "chrome://version",
    "chrome://crash",
    "data:text/html,<p>x",
    "javascript:1",
    "ftp://a",
  ])("%s", async (url) => {
    await expect(stage.outcome({ action: "open", url })).rejects.toThrow("Invalid")
  })

  test("one with a password in it", async () => {
    const url = site.url.replace("http://", "http://user:pass@")
    expect((await stage.failure({ action: "open", url })).code).toBe("invalid")
  })
})

describe("a page cannot lead the browser", () => {
  test.each([
    [
      "a redirect",
      (to: string) => site.pages.set("/", (_, response) => response.writeHead(302, { location: to }).end()),
    ],
    ["a refresh", (to: string) => html(`<meta http-equiv=refresh content="0;url=${to}">`)],
    ["a script", (to: string) => html(`<script>location.href=${JSON.stringify(to)}</script>`)],
  ])("to this machine by %s", async (_, lead) => {
    for (const to of [secret.url, `http://localhost:${secret.port}/`, `https://127.0.0.1:${secret.port}/`]) {
      lead(to)
      expect((await stage.failure({ action: "open", url: `${site.url}/` })).code).toBe("forbidden")
    }
  })

  test("by a link", async () => {
    html(`<a href="${secret.url}">here</a>`)
    await open()
    expect((await stage.failure({ action: "click", ref: 1 })).code).toBe("forbidden")
    expect((await stage.act({ action: "read" })).text).toContain("here")
  })

  test.each(["file:///etc/passwd", "chrome://version", "data:text/html,obey", "view-source:file:///etc/passwd"])(
    "to %s",
    async (to) => {
      html(
        `<a href="${to}">here</a><script>setTimeout(()=>{try{location.href=${JSON.stringify(to)}}catch{}},50)</script>`,
      )
      await open()
      const end = await stage.outcome({ action: "click", ref: 1 })
      const text = end.status === "succeeded" && end.result.kind === "browser.act" ? end.result.text : ""
      expect(text).not.toMatch(/root:|obey|Chromium/)
      site.pages.set("/back", "<p>still here</p>")
      expect((await open("/back")).text).toBe("still here")
    },
  )
})

describe("a page reaches nothing on this machine", () => {
  const targets = () => [
    secret.url,
    `http://localhost:${secret.port}/`,
    `http://[::1]:${secret.port}/`,
    `http://0.0.0.0:${secret.port}/`,
    "http://169.254.169.254/latest/",
    "http://192.168.1.1/",
    "https://gateway.example/api",
    `http://127.0.0.1:${trapPort}/`,
  ]

  test("by fetch, in every mode", async () => {
    // What is not read stays under way until it is given up, and each step would wait for it.
    const script = `const told=[];for(const u of ${JSON.stringify(targets())})for(const mode of ['cors','no-cors']){const c=new AbortController();try{const r=await fetch(u,{mode,signal:c.signal});told.push(r.type==='opaque'?'opaque':await r.text())}catch(e){told.push('refused')};c.abort()};return told.join(' ')`
    html(telling(script))
    await open()
    expect((await told()).replaceAll("opaque", "refused")).toMatch(/told: (refused ?){16}/)
  })

  test("by pictures, scripts, styles, frames and forms", async () => {
    const url = secret.url
    html(
      `<img src="${url}/img"><script src="${url}/js"></script><link rel=stylesheet href="${url}/css"><iframe src="${url}/frame"></iframe><iframe src="http://localhost:${trapPort}"></iframe><form id=f method=post action="${url}/form" target=t></form><iframe name=t></iframe><object data="${url}/obj"></object><video src="${url}/v"></video><script>f.submit()</script><p>done</p>`,
    )
    const { text } = await open()
    expect(text).toContain("done")
    expect(text).not.toContain("secret")
  })

  test("by hints, workers, beacons and streams", async () => {
    const url = secret.url
    const script = `navigator.sendBeacon('${url}/beacon');new EventSource('${url}/events');const w=new Worker(URL.createObjectURL(new Blob(["fetch('${url}/worker').finally(()=>postMessage(1))"])));await new Promise(r=>w.onmessage=r);return 'ok'`
    html(
      `<link rel=preconnect href="${url}"><link rel=dns-prefetch href="//prefetched.example"><link rel=prefetch href="${url}/p"><link rel=preload as=image href="${url}/q"><link rel=prerender href="${url}"><script type=speculationrules>{"prefetch":[{"urls":["${url}/s"]}]}</script>${telling(script)}`,
    )
    await open()
    expect(await told()).toContain("told: ok")
    expect(looked).not.toContain("prefetched.example")
  })

  test("by WebSocket", async () => {
    const script = `const told=[];for(const u of ['ws://127.0.0.1:${trapPort}','ws://localhost:${trapPort}','wss://127.0.0.1:${trapPort}','ws://127.0.0.1:${secret.port}'])told.push(await new Promise(r=>{const s=new WebSocket(u);s.onopen=()=>r('open');s.onerror=()=>r('refused')}));return told.join(' ')`
    html(telling(script))
    await open()
    expect(await told()).toContain("told: refused refused refused refused")
  })

  test("by a service worker", async () => {
    site.pages.set("/sw.js", (_, response) =>
      response
        .writeHead(200, { "content-type": "text/javascript" })
        .end(
          `self.onmessage=async e=>{const said=await fetch('${secret.url}/sw',{mode:'no-cors'}).then(r=>r.type,()=>'refused');e.source.postMessage(said)}`,
        ),
    )
    const script =
      "await navigator.serviceWorker.register('/sw.js');const r=await navigator.serviceWorker.ready;const said=new Promise(d=>navigator.serviceWorker.onmessage=e=>d(e.data));r.active.postMessage(1);return said"
    html(telling(script))
    await open()
    expect(await told()).toMatch(/told: (refused|opaque)/)
  })

  test("by a name that changes its address after the first look", async () => {
    names.set("rebind.example", v4("127.0.0.1"))
    site.pages.set("/", (_, response) => {
      names.set("rebind.example", v4("127.0.0.2"))
      response
        .writeHead(200, { "content-type": "text/html", connection: "close" })
        .end(telling("const r=await fetch('/later');await r.text();return r.status"))
    })
    site.pages.set("/later", "<p>reached")
    await stage.act({ action: "open", url: `http://rebind.example:${site.port}/` })
    expect(await told()).toContain("told: 502")
    expect(site.seen.map(({ url }) => url)).not.toContain("/later")
  })
})

describe("no packet leaves past the proxy", () => {
  let udp: Socket
  let packets = 0
  let port = 0
  beforeAll(async () => {
    udp = createSocket("udp4", () => {
      packets += 1
    })
    udp.bind(0, "0.0.0.0")
    await once(udp, "listening")
    port = udp.address().port
  })
  afterAll(() => udp.close())
  beforeEach(() => {
    packets = 0
  })
  const stun = () =>
    telling(
      `const found=[];const p=new RTCPeerConnection({iceServers:[{urls:'stun:127.0.0.1:${port}'},{urls:'stun:localhost:${port}'}]});p.onicecandidate=e=>{if(e.candidate)found.push(e.candidate.candidate)};p.createDataChannel('x');await p.setLocalDescription(await p.createOffer());await new Promise(r=>setTimeout(r,1500));return found.length+' '+found.join(';')`,
    )

  test("by WebRTC, which a browser without our switches does send", async () => {
    html(stun())
    const plain = await launchBrowser()
    const page = await plain.newPage()
    await page.goto(`${site.url}/`)
    await expect.poll(() => packets).toBeGreaterThan(0)
    await plain.close()
    packets = 0
    await open()
    expect(await told()).toContain("told: 0")
    expect(packets).toBe(0)
  })

  test("by WebTransport or QUIC", async () => {
    html(telling(`const t=new WebTransport('https://127.0.0.1:${port}/');await t.ready;return 'open'`))
    await open()
    expect(await told()).toContain("told: failed")
    expect(packets).toBe(0)
  })

  test("by a name: only the proxy asks for one, and only for what is opened", async () => {
    html("<link rel=dns-prefetch href='//one.example'><img src='http://two.example/x'><p>done")
    await open()
    expect(looked).toEqual(["two.example"])
  })
})

describe("a page asks for more than there is", () => {
  test("alerts without end", async () => {
    html("<p>text</p><script>setInterval(()=>alert('again'),1)</script>")
    const end = await stage.outcome({ action: "open", url: `${site.url}/` }, { timeoutMs: 10_000 })
    expect(JSON.stringify(end)).toMatch(/dialog/)
    html("<script>for(;;)alert('again')</script>")
    const hard = await stage.outcome({ action: "open", url: `${site.url}/` }, { timeoutMs: 6_000 })
    expect(hard.status).not.toBe("succeeded")
    await expectHealthy()
  })

  test("windows without end", async () => {
    html(
      "<button onclick='for(let i=0;i<50;i++)open(\"/?\"+i)'>go</button><script>setInterval(()=>open('/x'),20)</script>",
    )
    await open()
    await stage.outcome({ action: "click", ref: 1 }, { timeoutMs: 15_000 })
    await expectHealthy()
  })

  test("a script that never ends", async () => {
    html("<p>text</p><script>setTimeout(()=>{for(;;);},100)</script>")
    const end = await stage.outcome({ action: "open", url: `${site.url}/` }, { timeoutMs: 4_000 })
    expect(end.status).toBe("timed_out")
    await expectHealthy()
  })

  test("an answer that never comes", async () => {
    site.pages.set("/", () => {})
    expect((await stage.outcome({ action: "open", url: `${site.url}/` }, { timeoutMs: 2_000 })).status).toBe(
      "timed_out",
    )
    await expectHealthy()
  })

  test("an answer that never ends is read as far as it came", async () => {
    site.pages.set("/", (_, response) => {
      response.writeHead(200, { "content-type": "text/html" })
      response.write(`<p>the beginning</p>${"<!-- padding -->".repeat(200)}`)
    })
    const { text } = await stage.act({ action: "open", url: `${site.url}/` }, { timeoutMs: 28_000 })
    expect(text).toBe("(The page is still loading; this is what is there so far.)\nthe beginning")
  })

  test("bytes without end", async () => {
    let sent = 0
    let isCut = false
    site.pages.set("/", (_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).write("<p>begin")
      const chunk = `<!--${"x".repeat(1_000_000)}-->`
      const more = () => {
        do sent += chunk.length
        while (response.write(chunk) && !response.destroyed)
      }
      response.on("drain", more).on("close", () => {
        isCut = true
      })
      more()
    })
    await stage.outcome({ action: "open", url: `${site.url}/` }, { timeoutMs: 25_000 })
    await expect.poll(() => isCut).toBe(true)
    expect(sent).toBeLessThan(200_000_000)
    await expectHealthy()
  })

  test("a file to download", async () => {
    site.pages.set("/file", (_, response) =>
      response.writeHead(200, { "content-disposition": "attachment; filename=evil.sh" }).end("#!/bin/sh"),
    )
    expect((await stage.failure({ action: "open", url: `${site.url}/file` })).message).toContain("file")
    html("<a href=/file download>take</a><p>page</p>")
    await open()
    const { text } = await stage.act({ action: "click", ref: 1 })
    expect(text).toContain("(The page offered a file, which was not taken: ")
    expect(text).toContain("page")
  })

  test("place, camera and messages of the system", async () => {
    const script =
      "const place=await new Promise(r=>navigator.geolocation.getCurrentPosition(()=>r('place'),e=>r('denied')));const media=await navigator.mediaDevices.getUserMedia({video:true}).then(()=>'camera',e=>'denied');return place+' '+media+' '+(typeof Notification==='undefined'?'denied':await Notification.requestPermission())"
    html(telling(script))
    // Only a secure context may ask at all, and loopback is one.
    await open()
    expect(await told()).toContain("told: denied denied denied")
  })
})

async function expectHealthy() {
  site.pages.set("/fine", "<p>fine</p>")
  expect((await open("/fine")).text).toContain("fine")
}

describe("the browser", () => {
  test("is told nothing of our environment, runs as another user and in its sandbox", async () => {
    process.env.ANTHROPIC_API_KEY = "a-key-of-the-gateway"
    await stage.erase(profileOf(0))
    html("<p>here</p>")
    await open()
    const processes = chromiumProcesses()
    expect(processes.length).toBeGreaterThan(2)
    const isRoot = process.getuid?.() === 0
    for (const { pid, command } of processes) {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8")
      expect(environment).not.toMatch(/VITEST|npm_|of-the-gateway/)
      const [, uid] = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
      if (isRoot) expect(uid).not.toBe("0")
      if (process.env.CHROMIUM_NO_SANDBOX !== "true") expect(command).not.toContain("--no-sandbox")
    }
    delete process.env.ANTHROPIC_API_KEY
  })

  test("that is killed ends the step with a clear word, and the next one starts it again", async () => {
    site.pages.set("/", () => {})
    const waiting = stage.outcome({ action: "open", url: `${site.url}/` })
    await expect.poll(() => site.seen.at(-1)?.url).toBe("/")
    const [main] = chromiumProcesses()
    if (main !== undefined) process.kill(main.pid, "SIGKILL")
    expect(await waiting).toMatchObject({ status: "failed", failure: { code: "unavailable" } })
    await expectHealthy()
  })

  test("keeps the gateway's own port closed, also where its address is allowed", async () => {
    const allowances = [parseAllowance("127.0.0.0/8:" + secret.port), parseAllowance("127.0.0.1/32:" + site.port)]
    const own = setBrowserStage([], { allowances: allowances.flatMap((one) => one ?? []), ownPort: secret.port })
    expect((await own.failure({ action: "open", url: secret.url })).code).toBe("forbidden")
    html("<p>reached</p>")
    expect((await own.act({ action: "open", url: site.url })).text).toBe("reached")
    await own.close()
  })
})

/** The browser process first. */
function chromiumProcesses(): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ") }]
      } catch {
        return []
      }
    })
    .filter(({ command }) => command.includes(`--user-data-dir=${tmpdir()}/loop-gateway-chromium-`))
    .filter(({ pid }) => isDescendant(pid))
    .sort((a, b) => Number(a.command.includes("--type=")) - Number(b.command.includes("--type=")))
}

/** Other tests have browsers of their own. */
function isDescendant(pid: number): boolean {
  if (pid === process.pid) return true
  const [, parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
  return parent !== undefined && Number(parent) > 1 && isDescendant(Number(parent))
}
