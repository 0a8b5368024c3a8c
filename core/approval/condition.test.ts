import { describe, expect, test } from "vitest"
import { sha256 } from "../sha256.ts"
import { type Condition, conditionOf, fits, hopsOf } from "./condition.ts"
import { hostOf } from "./host.ts"

const inObject = { runsIn: "object" } as const
const onRunner = { runsIn: "runner" } as const
const argv = (...words: string[]) => ({ form: "argv", argv: words })
const git: Condition = {
  kind: "argv",
  program: "git",
  arguments: [{ match: "equals", text: "log" }, { match: "any" }, { match: "starts_with", text: "src/" }],
}

describe("a condition on arguments", () => {
  test.each([
    ["the same shape", argv("git", "log", "main", "src/a.ts"), true],
    ["another program of that name", argv("/tmp/git", "log", "main", "src/a.ts"), false],
    ["an argument more", argv("git", "log", "main", "src/a.ts", "-x"), false],
    ["an argument less", argv("git", "log", "main"), false],
    ["an option where any argument may stand", argv("git", "log", "--output=/etc/x", "src/a.ts"), false],
    ["a prefix that is left again", argv("git", "log", "main", "src/../../etc/passwd"), false],
    ["two arguments in one", argv("git log", "main", "src/a.ts"), false],
    ["a shell's text", { form: "script", language: "bash", script: "git log main src/a.ts" }, false],
    ["something fed to it", { ...argv("git", "log", "main", "src/a.ts"), stdin: "more" }, false],
    ["no program at all", { argv: "git" }, false],
  ])("with %s: %#", (_, input, expected) => {
    expect(fits(git, onRunner, input)).toBe(expected)
  })
})

describe("a condition on an address", () => {
  const exact: Condition = { kind: "url", host: "example.org", subdomains: false, method: "GET" }
  const below: Condition = { ...exact, subdomains: true, method: null }
  test.each([
    [exact, "https://example.org/a?b", true],
    [exact, "https://EXAMPLE.org./", true],
    [exact, "https://example.org:8443/", true],
    [exact, "https://www.example.org/", false],
    [below, "https://www.example.org/", true],
    [below, "https://badexample.org/", false],
    [below, "https://example.org.evil.net/", false],
    [below, "https://example.org@evil.net/", false],
    [below, "https://evil.net/?example.org", false],
    [below, "https://evil.net#.example.org", false],
    [below, "https://evil.net\\.example.org", false],
    [below, "https://ex\tample.org/", false],
    [below, "https://evil.net%2f.example.org/", false],
    [below, "ftp://example.org/", false],
    [below, "example.org", false],
  ])("%o takes %s: %s", (condition, url, expected) => {
    expect(fits(condition, inObject, { url })).toBe(expected)
  })

  test("holds for its method alone", () => {
    expect(fits(exact, inObject, { url: "https://example.org/", method: "POST" })).toBe(false)
    expect(fits(below, inObject, { url: "https://example.org/", method: "POST" })).toBe(true)
  })

  test("never holds for what a browser on a runner does: its redirects are out of reach", () => {
    expect(fits(below, onRunner, { url: "https://example.org/" })).toBe(false)
  })

  test("binds every hop", () => {
    expect(hopsOf(below)).toEqual([{ host: "example.org", subdomains: true }])
  })
})

describe("a condition on a script", () => {
  const script = "echo hello\n"
  const condition: Condition = { kind: "script", language: "bash", sha256: sha256(script) }
  test.each([
    ["the same text", { form: "script", language: "bash", script }, true],
    ["one blank more", { form: "script", language: "bash", script: `${script} ` }, false],
    ["another language", { form: "script", language: "python", script }, false],
    ["something fed to it", { form: "script", language: "bash", script, stdin: "x" }, false],
  ])("%s: %#", (_, input, expected) => {
    expect(fits(condition, onRunner, input)).toBe(expected)
  })
})

describe("always for this", () => {
  test.each([
    ["arguments", argv("rm", "-rf", "a*"), argv("rm", "-rf", "ab")],
    ["a script", { form: "script", language: "node", script: "1" }, { form: "script", language: "node", script: "2" }],
  ])("allows %s exactly, and nothing else", (_, input, other) => {
    const condition = conditionOf(onRunner, input)
    expect(condition && fits(condition, onRunner, input)).toBe(true)
    expect(condition && fits(condition, onRunner, other)).toBe(false)
  })

  test("allows a host with its method, not below it", () => {
    expect(conditionOf(inObject, { url: "https://shop.example.org/buy", method: "post" })).toEqual({
      kind: "url",
      host: "shop.example.org",
      subdomains: false,
      method: "POST",
    })
  })

  test.each([[{}], [{ text: "x" }], [{ ...argv("cat"), stdin: "x" }], [{ url: "https://a@b/" }]])(
    "makes no rule of what has none: %o",
    (input) => {
      expect(conditionOf(inObject, input)).toBeUndefined()
    },
  )
})

test.each([
  ["https://a.b/c", "a.b"],
  ["http://127.0.0.1:80", "127.0.0.1"],
  ["https://a b/", undefined],
  ["https:a.b", undefined],
  ["https://user:pass@a.b/", undefined],
  ["https://a.b\n.c/", undefined],
])("the host of %j is %s", (address, host) => {
  expect(hostOf(address)).toBe(host)
})
