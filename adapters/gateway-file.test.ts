import { describe, expect, test } from "vitest"
import { readGatewayFile } from "./gateway-file.ts"

const mistakes = (text: string) => {
  const read = readGatewayFile(text)
  return read.status === "invalid" ? read.mistakes.map(({ line, column, path }) => `${line}:${column} ${path}`) : []
}

const whole = `# our gateway
groups:
  - name: support
    systemPrompt: |
      You help.
    model: claude-sonnet-5-5
    apiKey: \${SUPPORT_KEY}
channels:
  - name: Home
    kind: telegram
    botToken: \${BOT_TOKEN}
    allowedUserIds: [7]
    group: support
settings:
  timeZone: Europe/Berlin
  home: { channel: Home, chatId: 7 }
`

describe("a file", () => {
  test("is read with its defaults", () => {
    expect(readGatewayFile(whole)).toMatchObject({
      status: "read",
      file: {
        groups: [{ name: "support", systemPrompt: "You help.\n", apiKey: "${SUPPORT_KEY}" }],
        channels: [{ name: "Home", enabled: true, group: "support" }],
        settings: { timeZone: "Europe/Berlin", home: { channel: "Home", chatId: 7 } },
        prune: false,
      },
    })
  })

  test.each(["", "# nothing\n", "---\n", "{}"])("that names nothing is one: %j", (text) => {
    expect(readGatewayFile(text)).toMatchObject({ status: "read", file: { groups: [], channels: [], settings: {} } })
  })

  test.each([
    ["a wrong value", whole.replace("[7]", "[0]"), ["12:22 channels[0].allowedUserIds[0]"]],
    ["a wrong kind", whole.replace("telegram", "pigeon"), ["10:11 channels[0].kind"]],
    ["an unknown key", whole.replace("group: support", "grop: support"), ["13:5 channels[0].grop"]],
    ["an unknown key at the top", `${whole}rules: []\n`, ["17:1 rules"]],
    ["a missing key", "channels:\n  - name: Home\n    kind: telegram\n", ["2:5 channels[0].botToken"]],
    ["a secret in the open", whole.replace("${BOT_TOKEN}", "123456:ABC"), ["11:15 channels[0].botToken"]],
    ["several at once", "groups: [{name: ''}]\nprune: maybe\n", ["1:17 groups[0].name", "2:8 prune"]],
    ["a list where a map belongs", "- a\n", ["1:1 "]],
    ["a time zone of nowhere", "settings:\n  timeZone: Mars/Olympus\n", ["2:13 settings.timeZone"]],
  ])("with %s says where", (_, text, places) => {
    expect(mistakes(text)).toEqual(places)
  })

  test.each([
    ["an open quote", 'groups:\n  - name: "a\n'],
    ["a key twice", "prune: true\nprune: false\n"],
    ["two documents", "prune: true\n---\nprune: true\n"],
    ["a tab", "groups:\n\t- name: a\n"],
    ["an alias of nothing", "groups: *none\n"],
  ])("that is no YAML says where: %s", (_, text) => {
    const [first = ""] = mistakes(text)
    expect(first).toMatch(/^\d+:\d+ $/)
  })

  test("repeats no value, not even one that stands in a wrong place", () => {
    for (const text of [
      whole.replace("${BOT_TOKEN}", "hunter2:hunter2"),
      'groups:\n  - name: a\n "hunter2"\n',
      "channels: hunter2",
      "hunter2: [",
      'a: "x" "hunter2"\n',
    ]) {
      const read = readGatewayFile(text)
      expect(read.status).toBe("invalid")
      const told = read.status === "invalid" ? read.mistakes.map(({ message }) => message).join() : ""
      expect(told).not.toContain("hunter2")
    }
  })

  test("says what is wrong in plain words, and once a line", () => {
    const told = (text: string) => {
      const read = readGatewayFile(text)
      return read.status === "invalid" ? read.mistakes.map(({ line, path, message }) => [line, path, message]) : []
    }
    expect(told("groups:\n  - name: a\n    budgetMaxTokensDay: abc\n")).toEqual([
      [3, "groups[0].budgetMaxTokensDay", "must be a number"],
    ])
    expect(told("groups:\n  - name: a\n\t- x\n")).toEqual([[3, "", "Tabs are not allowed as indentation"]])
  })

  test("that grows by aliases of aliases, or is huge, is refused in no time", () => {
    const lists = Array.from({ length: 30 }, (_, at) => `x${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`)
    expect(readGatewayFile(`x0: &a0 [1]\n${lists.join("\n")}\n`).status).toBe("invalid")
    expect(readGatewayFile(" ".repeat(2_000_000)).status).toBe("invalid")
  })

  test("names the place of what is only seen later", () => {
    const read = readGatewayFile(whole)
    if (read.status !== "read") throw new Error("not read")
    expect(read.mistakeAt(["channels", 0, "group"], "no")).toEqual({
      line: 13,
      column: 12,
      path: "channels[0].group",
      message: "no",
    })
  })
})
