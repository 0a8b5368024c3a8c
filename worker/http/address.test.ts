import { describe, expect, test } from "vitest"
import { addressKey, clientAddress } from "./address.ts"

describe("addressKey", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:0DB8:0000:0000:ffff::1", "2001:db8:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
  ])("%s is limited as %s", (address, key) => {
    expect(addressKey(address)).toBe(key)
  })

  test.each([
    "",
    "unknown",
    "256.1.1.1",
    "1.2.3",
    "1:2:3",
    "1::2::3",
    ":::",
    "12345::",
    "::1.2.3.400",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
  ])("%j shares the key of what cannot be read", (address) => {
    expect(addressKey(address)).toBe("unknown")
  })
})

describe("clientAddress", () => {
  const of = (forwarded: string | null, trustProxy: boolean) =>
    clientAddress(new Headers(forwarded === null ? {} : { "x-forwarded-for": forwarded }), "10.0.0.1", trustProxy)

  test.each([
    [null, true, "10.0.0.1"],
    ["192.0.2.1", false, "10.0.0.1"],
    ["192.0.2.1", true, "192.0.2.1"],
    ["6.6.6.6, 192.0.2.1", true, "192.0.2.1"],
    ["6.6.6.6,  2001:db8::1 ", true, "2001:db8::1"],
    ["192.0.2.1:4711", true, "192.0.2.1"],
    ["[2001:db8::1]:4711", true, "2001:db8::1"],
    ["192.0.2.1, nonsense", true, "10.0.0.1"],
    ["192.0.2.1, ", true, "10.0.0.1"],
  ])("with %j and trust %s is %s", (forwarded, trustProxy, address) => {
    expect(of(forwarded, trustProxy)).toBe(address)
  })
})
