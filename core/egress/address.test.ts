/** Which addresses an agent may reach: a table of both worlds, and of the ways to write a private one so that it looks public. */
import { describe, expect, test } from "vitest"
import { isLiteralAddress, mayReach, parseAllowance } from "./address.ts"

describe("without allowances", () => {
  test.each([
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "[2606:4700:4700::1111]",
    "2a00:1450:4001:80b::200e",
    "64:ff9b::1.1.1.1",
  ])("%s is public", (address) => {
    expect(mayReach(address, 443, [])).toBe(true)
  })

  test.each([
    ["this host", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["loopback", "127.0.0.1"],
    ["any loopback", "127.255.255.254"],
    ["private", "10.0.0.1"],
    ["private", "172.16.0.1"],
    ["private", "172.31.255.255"],
    ["private", "192.168.1.1"],
    ["link-local, cloud metadata", "169.254.169.254"],
    ["Azure's metadata", "168.63.129.16"],
    ["carrier-grade NAT", "100.64.0.1"],
    ["Alibaba's metadata", "100.100.100.200"],
    ["benchmarking", "198.18.0.1"],
    ["documentation", "203.0.113.1"],
    ["protocol assignments, Oracle's metadata", "192.0.0.192"],
    ["multicast", "224.0.0.1"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["loopback", "::1"],
    ["unspecified", "::"],
    ["unique local", "fd00::1"],
    ["AWS metadata", "fd00:ec2::254"],
    ["link-local", "fe80::1"],
    ["with a zone", "fe80::1%eth0"],
    ["site-local", "fec0::1"],
    ["multicast", "ff02::1"],
    ["mapped loopback", "::ffff:127.0.0.1"],
    ["mapped public", "::ffff:1.1.1.1"],
    ["compatible loopback", "::127.0.0.1"],
    ["translated loopback", "64:ff9b::7f00:1"],
    ["translated metadata", "64:ff9b::a9fe:a9fe"],
    ["local translation", "64:ff9b:1::1"],
    ["6to4 of a private one", "2002:a00:1::"],
    ["Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    ["documentation", "2001:db8::1"],
    ["never given out", "4000::1"],
    ["not an address", "localhost"],
    ["not an address", ""],
  ])("%s is refused: %s", (_, address) => {
    expect(mayReach(address, 80, [])).toBe(false)
  })
})

describe("allowances", () => {
  const allow = (...entries: string[]) => entries.flatMap((entry) => parseAllowance(entry) ?? [])

  test("open their range on their port alone", () => {
    const allowances = allow("10.1.0.0/16:8080", "[fd00::]/8:443")
    expect(mayReach("10.1.2.3", 8080, allowances)).toBe(true)
    expect(mayReach("10.1.2.3", 8081, allowances)).toBe(false)
    expect(mayReach("10.2.0.1", 8080, allowances)).toBe(false)
    expect(mayReach("fd12::1", 443, allowances)).toBe(true)
    expect(mayReach("::1", 443, allowances)).toBe(false)
  })

  test("an IPv4 range does not open the same address mapped into IPv6", () => {
    expect(mayReach("::ffff:10.1.2.3", 8080, allow("10.1.0.0/16:8080"))).toBe(false)
  })

  test.each(["", "10.0.0.1", "10.0.0.1:80", "10.0.0.0/33:80", "10.0.0.0/8:0", "10.0.0.0/8:65536", "host/8:80", "*:80"])(
    "%j is none",
    (entry) => {
      expect(parseAllowance(entry)).toBeUndefined()
    },
  )

  test("IPv6 may stand with and without brackets", () => {
    expect(parseAllowance("fd00::/8:443")).toEqual(parseAllowance("[fd00::]/8:443"))
  })
})

test.each([
  ["127.0.0.1", true],
  ["[::1]", true],
  ["example.com", false],
  ["localhost", false],
])("a literal address is told from a name: %s", (hostname, isLiteral) => {
  expect(isLiteralAddress(hostname)).toBe(isLiteral)
})
