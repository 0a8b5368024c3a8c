/**
 * Starts Chromium as another user, in its own sandbox, with nothing of our environment and no way to the network but a proxy.
 * Without the sandbox only where the operator said so.
 */
import { constants } from "node:fs"
import { access, chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { registerPageScript } from "./page-script.ts"

export interface ChromiumOptions {
  /** CHROMIUM_PATH */
  readonly path: string
  /** CHROMIUM_USER: whom it runs as. Only root can make it someone else; `nobody` where root names none. */
  readonly user?: string
  /** CHROMIUM_NO_SANDBOX: a weakness in Chromium then gives a page all that its user may do. */
  readonly noSandbox: boolean
}

export interface Chromium {
  readonly browser: Browser
  /** Ends it and removes what it wrote. */
  close(): Promise<void>
}

const startTimeoutMs = 30_000
/** What Chromium writes lies where its user may write, and with the number of the process that it belongs to. */
const homePrefix = "loop-gateway-chromium-"
/** Part of util-linux, which no Debian lacks. */
const setprivPath = "/usr/bin/setpriv"

/** Why it cannot start, as a sentence on what to do; undefined when it can, as far as files and users tell. */
export async function chromiumProblem(options: ChromiumOptions): Promise<string | undefined> {
  if (!(await isExecutable(options.path)))
    return `There is no Chromium at ${options.path}: apt-get install chromium, or set CHROMIUM_PATH.`
  const runsAs = await findUser(options)
  if ("problem" in runsAs) return runsAs.problem
  if (runsAs.ids !== undefined && !(await isExecutable(setprivPath)))
    return `Chromium must not run as root, and ${setprivPath} is missing: install util-linux, or start as another user.`
  return undefined
}

/** @throws Error with a sentence for the operator */
export async function startChromium(options: ChromiumOptions): Promise<Chromium> {
  // Loaded when it is needed: a gateway whose agents use no browser saves a second of its start and 80 MB (measured).
  const { chromium } = await import("playwright-core")
  await registerPageScript()
  const problem = await chromiumProblem(options)
  if (problem !== undefined) throw new Error(problem)
  const runsAs = await findUser(options)
  const ids = "problem" in runsAs ? undefined : runsAs.ids
  await removeLeftovers()
  const home = await mkdtemp(join(tmpdir(), `${homePrefix}${process.pid}-`))
  try {
    if (ids !== undefined) await chown(home, ids.uid, ids.gid)
    const own = ["--remote-debugging-pipe", `--user-data-dir=${home}`, ...switches]
    if (options.noSandbox) own.push("--no-sandbox")
    const [executablePath, args] =
      ids === undefined
        ? [options.path, own]
        : [
            setprivPath,
            [
              `--reuid=${ids.uid}`,
              `--regid=${ids.gid}`,
              "--clear-groups",
              "--no-new-privs",
              "--",
              options.path,
              ...own,
            ],
          ]
    const browser = await chromium.launch({
      executablePath,
      args,
      ignoreDefaultArgs: true,
      // No key of ours, and nothing of the desktop: a page that gets out of its renderer finds neither.
      env: { PATH: "/usr/bin:/bin", HOME: home, LANG: "C.UTF-8", TZ: "UTC" },
      // The process that we are part of ends it by `close`; when it is killed, Chromium ends with its pipe.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      timeout: startTimeoutMs,
    })
    return {
      browser,
      async close() {
        await browser.close().catch(() => {})
        await rm(home, { recursive: true, force: true, maxRetries: 5 })
      },
    }
  } catch (error) {
    await rm(home, { recursive: true, force: true })
    throw new Error(startProblem(error), { cause: error })
  }
}

/** Of processes that were killed before they could remove it themselves. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = new RegExp(`^${homePrefix}(\\d+)-`).exec(name) ?? []
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Someone else's process is one too.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Nothing leaves but by the proxy of a conversation, and nothing is asked of who started it. */
const switches: readonly string[] = [
  "--headless",
  "--no-startup-window",
  "--hide-scrollbars",
  "--mute-audio",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--force-color-profile=srgb",
  "--password-store=basic",
  "--use-mock-keychain",
  // What no conversation's page asked for meets a port where nothing listens and only root could.
  "--proxy-server=http://127.0.0.1:1",
  // Without it, Chromium goes to loopback and link-local addresses past every proxy.
  "--proxy-bypass-list=<-loopback>",
  // The proxy resolves names. Its own address is the only one that is not turned away.
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
  "--dns-prefetch-disable",
  "--disable-quic",
  // WebRTC speaks UDP past the proxy; the second is its name in older versions.
  "--webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--no-pings",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-component-extensions-with-background-pages",
  "--disable-client-side-phishing-detection",
  "--disable-domain-reliability",
  "--disable-field-trial-config",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
  "--disable-breakpad",
  "--disable-crash-reporter",
  "--metrics-recording-only",
  "--disable-search-engine-choice-screen",
  "--disable-notifications",
  "--disable-speech-api",
  "--disable-print-preview",
  "--deny-permission-prompts",
  "--noerrdialogs",
  "--no-first-run",
  "--no-default-browser-check",
  "--no-service-autorun",
  // Pages that were left behind must not go on in memory, nor ask whether to send a form again.
  "--disable-back-forward-cache",
  "--disable-prompt-on-repost",
  "--allow-pre-commit-input",
  "--renderer-process-limit=12",
  "--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,MediaRouter,DialMediaRouteProvider,PaintHolding,OptimizationHints,NetworkTimeServiceQuerying,PreconnectToSearch,AutofillServerCommunication,Translate,AsyncDns,DnsOverHttps,CertificateTransparencyComponentUpdater",
  "--enable-features=CDPScreenshotNewSurface,SkipListAccountsWithoutGaiaCookies",
]

type RunsAs =
  | { readonly ids: { readonly uid: number; readonly gid: number } | undefined }
  | { readonly problem: string }

/** Whom it has to become; nobody else when we are not root. */
async function findUser({ user }: ChromiumOptions): Promise<RunsAs> {
  const isRoot = process.getuid?.() === 0
  if (!isRoot)
    return user === undefined
      ? { ids: undefined }
      : { problem: "CHROMIUM_USER works only where the gateway runs as root." }
  const name = user ?? "nobody"
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(":").map(Number) ?? []
  if (uid === undefined || gid === undefined)
    return { problem: `CHROMIUM_USER: there is no user ${name} on this machine.` }
  if (uid === 0) return { problem: "CHROMIUM_USER must not be root." }
  return { ids: { uid, gid } }
}

/** What Chromium says of itself when it does not start, as something to do. */
function startProblem(error: unknown): string {
  const said = error instanceof Error ? error.message : ""
  if (/no usable sandbox|sandbox_host_linux|Operation not permitted.*clone|zygote_host_impl|namespace/i.test(said))
    return "Chromium finds no sandbox here: allow user namespaces on this machine (or in this container), or set CHROMIUM_NO_SANDBOX=true."
  if (/error while loading shared libraries/.test(said))
    return "Chromium lacks libraries: install it by apt-get install chromium."
  return "Chromium does not start. Run it by hand to see why."
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
