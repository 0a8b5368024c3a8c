/** What a URL shows, as a table of what is asked for and of the ways around it. */
import { describe, expect, test } from "vitest"
import { parseAllowance } from "./address.ts"
import { mayAskFor, portOf, type EgressRules } from "./target.ts"

const own = { allowances: [], ownOrigins: ["https://gateway.example"] }
const ask = (url: string, rules: EgressRules = own) => mayAskFor(new URL(url), rules)

test.each(["https://example.com/", "http://example.com:8080/a?b", "https://gateway.example:8443/", "http://1.1.1.1/"])(
  "%s may be asked for",
  (url) => {
    expect(ask(url)).toBe(true)
  },
)

describe("refused as it stands is", () => {
  test.each([
    ["a file", "file:///etc/passwd"],
    ["another scheme", "ftp://example.com/"],
    ["data", "data:text/html,hello"],
    ["the gateway itself", "https://gateway.example/api"],
    ["the gateway itself, in capitals and with a dot", "https://GATEWAY.example./"],
    ["localhost", "http://localhost:3000/"],
    ["a name below localhost", "http://a.localhost./"],
    ["this machine in decimal", "http://2130706433/"],
    ["this machine in octal", "http://0177.0.0.1/"],
    ["this machine in hexadecimal", "http://0x7f000001/"],
    ["IPv6 loopback", "http://[::1]/"],
    ["IPv4-mapped IPv6", "http://[::ffff:127.0.0.1]/"],
    ["6to4", "http://[2002:7f00:1::]/"],
    ["NAT64", "http://[64:ff9b::7f00:1]/"],
    ["cloud metadata", "http://169.254.169.254/latest"],
    ["mail", "http://example.com:25/"],
    ["mail under TLS", "https://example.com:465/"],
  ])("%s: %s", (_, url) => {
    expect(ask(url)).toBe(false)
  })
})

test("an allowance opens an address on its port, and never the gateway's own origin or a port of mail", () => {
  const allowances = ["127.0.0.1/32:8080", "127.0.0.1/32:25", "127.0.0.1/32:3000"].flatMap((entry) => {
    const allowance = parseAllowance(entry)
    return allowance === undefined ? [] : [allowance]
  })
  const rules = { allowances, ownOrigins: ["http://127.0.0.1:3000"] }
  expect(ask("http://127.0.0.1:8080/", rules)).toBe(true)
  expect(ask("http://127.0.0.1:8081/", rules)).toBe(false)
  expect(ask("http://127.0.0.1:3000/", rules)).toBe(false)
  expect(ask("http://127.0.0.1:25/", rules)).toBe(false)
})

test("a URL without a port leads to its scheme's", () => {
  expect([portOf(new URL("http://a/")), portOf(new URL("https://a/")), portOf(new URL("https://a:81/"))]).toEqual([
    80, 443, 81,
  ])
})
