/**
 * `npm run apply -- loop-gateway.yaml`: sends a configuration file to a running gateway, here or on Cloudflare, with the secrets that
 * it names. GATEWAY_URL and GATEWAY_TOKEN (a token with `access:write`) come from the environment or .env.
 */
import { readFileSync } from "node:fs"
import { loadEnvFile } from "node:process"
import { FileReport, secretsOf } from "../core/gateway-file.ts"
import { ErrorBody } from "../core/errors.ts"
import { readGatewayFile } from "../adapters/gateway-file.ts"

export interface ApplyCommand {
  readonly path: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly say: (line: string) => void
}

/** A gateway far away may have to wake up, and a file of many channels connects each. */
const timeoutMs = 60_000

/** @returns the exit code: 0 when the gateway is as the file says */
export async function applyFile({ path, environment, say }: ApplyCommand): Promise<number> {
  const { GATEWAY_URL: url, GATEWAY_TOKEN: token } = environment
  if (url === undefined || token === undefined) {
    say("Set GATEWAY_URL to the gateway's address and GATEWAY_TOKEN to a token with the scope access:write.")
    return 1
  }
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch {
    say(`${path} cannot be read.`)
    return 1
  }
  const read = readGatewayFile(text)
  if (read.status === "invalid") return tell(path, read, say)
  const secrets = secretsOf(read.file).flatMap((name) => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return send(new URL("/api/config-file/apply", url), token, { path, text, secrets: Object.fromEntries(secrets), say })
}

async function send(
  url: URL,
  token: string,
  { path, say, ...body }: { path: string; text: string; secrets: Record<string, string>; say: ApplyCommand["say"] },
): Promise<number> {
  let response: Response
  let answer: unknown
  try {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const signal = AbortSignal.timeout(timeoutMs)
    // A redirect would carry the secrets to an address that nobody named.
    response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), redirect: "error", signal })
    answer = await response.json()
  } catch {
    say(`${url.origin} does not answer as a gateway. Check GATEWAY_URL.`)
    return 1
  }
  const report = FileReport.safeParse(answer)
  if (response.ok && report.success) return tell(path, report.data, say)
  const refused = ErrorBody.safeParse(answer)
  say(refused.success ? refused.data.error.message : `${url.origin} answered ${response.status}.`)
  return 1
}

function tell(path: string, report: FileReport, say: ApplyCommand["say"]): number {
  if (report.status === "invalid") {
    for (const { line, column, path: place, message } of report.mistakes)
      say(`${path}:${line}:${column} ${place === "" ? "" : `${place}: `}${message}`)
    say("Nothing was changed.")
    return 1
  }
  for (const done of ["created", "updated", "deleted", "released"] as const)
    for (const name of report[done]) say(`${done} ${name}`)
  say(`${report.unchanged.length} unchanged.`)
  return 0
}

if (import.meta.main) {
  try {
    loadEnvFile(".env")
  } catch {
    // There is none: the environment alone counts.
  }
  const [, , path = "loop-gateway.yaml"] = process.argv
  process.exitCode = await applyFile({
    path,
    environment: process.env,
    say: (line) => process.stdout.write(`${line}\n`),
  })
}
