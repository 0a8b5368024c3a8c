/** What a person reads after the start: where to open the page, and what is still missing. */
import { networkInterfaces } from "node:os"

export interface StartedGateway {
  readonly host: string
  readonly port: number
  readonly publicUrl: string | undefined
  readonly dataPath: string
  /** Present while there is no administrator. */
  readonly setupCode: string | undefined
  /** What to set so that a model can answer; null when one can. */
  readonly modelProblem: string | null
  /** What does not do what it seems to. */
  readonly notes: readonly string[]
}

export function banner(started: StartedGateway): string {
  const { setupCode } = started
  const page =
    started.publicUrl ?? `http://${isLocal(started.host) ? "localhost" : nameOf(started.host)}:${started.port}`
  const link = setupCode === undefined ? page : `${page}/setup#code=${setupCode}`
  const lines = [
    "",
    "  Loop Gateway is running.",
    "",
    setupCode === undefined ? `  Open        ${link}` : `  Set it up   ${link}`,
    ...elsewhere(started, setupCode).map((line) => `              ${line}`),
    `  Data        ${started.dataPath}`,
    ...started.notes.map((note) => `  Note        ${note}`),
  ]
  if (started.modelProblem !== null)
    lines.push(
      "",
      `  No model can answer yet. ${started.modelProblem}`,
      "  Or look around without any key: npm run demo",
    )
  return `${lines.join("\n")}\n`
}

/** How to open the page from another machine. */
function elsewhere({ host, port, publicUrl }: StartedGateway, setupCode: string | undefined): string[] {
  if (publicUrl !== undefined) return []
  const path = setupCode === undefined ? "" : `/setup#code=${setupCode}`
  if (!isLocal(host)) {
    const addresses = host === "0.0.0.0" || host === "::" ? ownAddresses() : [host]
    const hosts = addresses.map((address) => `http://${nameOf(address)}:${port}${path}`)
    return [...hosts, "(a name or address other than localhost must be in ALLOWED_HOSTS)"]
  }
  return [
    `From another machine: ssh -L ${port}:localhost:${port} ${process.env.USER ?? "you"}@this-machine, then open the link there;`,
    "or start with HOST=0.0.0.0 ALLOWED_HOSTS=<its name or address>.",
  ]
}

function isLocal(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.")
}

function nameOf(host: string): string {
  return host.includes(":") ? `[${host}]` : host
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? [])
      .filter((address) => !address.internal && address.family === "IPv4")
      .map((address) => address.address),
  )
}
