import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { readOwnership } from "../../adapters/store/ownership.ts"
import { writeSettings } from "../../adapters/store/settings.ts"
import { type Edge, openEdge, outcome } from "../testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge()
  session = (await edge.addUser("ada", "admin")).session
})
afterEach(() => edge.close())

const secrets = { SUPPORT_KEY: "sk-support", BOT_TOKEN: "123456:ABC-DEF-first" }
const whole = `groups:
  - name: support
    systemPrompt: You help.
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
const apply = async (text: string, given: Record<string, string> = secrets) => {
  const response = await edge.fetch("/api/config-file/apply", { bearer: session, body: { text, secrets: given } })
  expect(response.status).toBe(200)
  return Object(await response.json())
}
const get = async (path: string) => Object(await (await edge.fetch(path, { bearer: session })).json())
const group = async () => (await get("/api/agent-groups")).data[0]
const channel = async () => (await get("/api/channels")).data[0]
const send = (method: string, path: string, body?: unknown) =>
  outcome(edge.fetch(path, { method, bearer: session, ...(body === undefined ? {} : { body }) }))
const refreshes = () => edge.objects.calls.filter(({ name }) => name === "channel.refresh").length
const reportOf = (part: object) => ({
  status: "applied",
  created: [],
  updated: [],
  unchanged: [],
  released: [],
  deleted: [],
  ...part,
})

describe("a file", () => {
  test("makes what it names, bound and connected, and says so", async () => {
    expect(await apply(whole)).toEqual(
      reportOf({ created: ["group support", "channel Home"], updated: ["setting timeZone", "setting home"] }),
    )
    expect(await group()).toMatchObject({ name: "support", systemPrompt: "You help.", hasApiKey: true, managed: true })
    const { id, groupId, managed, enabled } = await channel()
    expect({ groupId, managed, enabled }).toEqual({ groupId: (await group()).id, managed: true, enabled: true })
    expect(await get("/api/settings")).toMatchObject({
      settings: { timeZone: "Europe/Berlin", home: { channelId: id, chatId: 7 } },
      managed: ["timeZone", "home"],
      updatedBy: "ada",
    })
    expect(refreshes()).toBe(1)
  })

  test("that is applied again changes nothing and wakes nobody", async () => {
    await apply(whole)
    const before = [await group(), await channel(), await get("/api/settings")]
    edge.advance(1_000)
    expect(await apply(whole)).toEqual(
      reportOf({ unchanged: ["group support", "channel Home", "setting timeZone", "setting home"] }),
    )
    expect([await group(), await channel(), await get("/api/settings")]).toEqual(before)
    expect(refreshes()).toBe(1)
  })

  test("changes only what it says anew, and takes out what it no longer says of a thing", async () => {
    await apply(whole)
    const changed = whole.replace("    systemPrompt: You help.\n", "    model: gpt-5\n")
    expect(await apply(changed)).toMatchObject({ updated: ["group support"] })
    expect(await group()).toMatchObject({ systemPrompt: "", model: "gpt-5", hasApiKey: true })
  })

  test("says who stands in for a group's model, with keys by their variables, and leaves it alone where it says nothing", async () => {
    const chain = `    fallbackChainConfig:
      enabled: true
      providers:
        - { type: openai, model: gpt-6-sol, label: second, apiKey: "\${SECOND_KEY}" }
`
    const named = whole.replace("channels:\n", `${chain}channels:\n`)
    const given = { ...secrets, SECOND_KEY: "sk-second" }
    const second = { type: "openai", model: "gpt-6-sol", label: "second", hasApiKey: true }
    expect(await apply(named)).toMatchObject({
      status: "invalid",
      mistakes: [
        { path: "groups[0].fallbackChainConfig.providers[0].apiKey", message: expect.stringContaining("SECOND_KEY") },
      ],
    })
    expect((await apply(named, given)).created).toContain("group support")
    expect((await group()).fallbackChainConfig).toMatchObject({ enabled: true, providers: [second] })
    expect((await apply(named, given)).unchanged).toContain("group support")
    expect((await apply(named, { ...given, SECOND_KEY: "sk-third" })).updated).toEqual(["group support"])
    await apply(whole)
    expect((await group()).fallbackChainConfig).toMatchObject({ providers: [second] })
    await apply(whole.replace("channels:\n", "    fallbackChainConfig: null\nchannels:\n"))
    expect((await group()).fallbackChainConfig).toBeNull()
  })

  test("follows a secret that changed", async () => {
    await apply(whole)
    const before = await channel()
    expect(await apply(whole, { ...secrets, BOT_TOKEN: "123456:ABC-DEF-second" })).toMatchObject({
      updated: ["channel Home"],
    })
    expect((await channel()).config.botTokenHint).not.toBe(before.config.botTokenHint)
  })

  test("takes over what has the same name", async () => {
    const { id } = Object(
      await (await edge.fetch("/api/agent-groups", { bearer: session, body: { name: "support" } })).json(),
    )
    expect(await apply(whole)).toMatchObject({ updated: ["group support", "setting timeZone", "setting home"] })
    expect(await group()).toMatchObject({ id, managed: true })
  })

  test("reports what it names no more, and gives it back", async () => {
    await apply(whole)
    expect(await apply("groups: []\n")).toEqual(
      reportOf({ released: ["channel Home", "group support", "setting timeZone", "setting home"] }),
    )
    expect(await group()).toMatchObject({ managed: false })
    expect(await send("PUT", `/api/agent-groups/${(await group()).id}`, { model: "m" })).toBe("200")
    expect(await get("/api/settings")).toMatchObject({ settings: { timeZone: "Europe/Berlin" }, managed: [] })
  })

  test("deletes it only when told to, and never what it did not make its own", async () => {
    await edge.fetch("/api/agent-groups", { bearer: session, body: { name: "other" } })
    await apply(whole)
    expect(await apply("prune: true\n")).toMatchObject({ deleted: ["channel Home", "group support"] })
    expect((await get("/api/channels")).data).toEqual([])
    expect((await get("/api/agent-groups")).data).toMatchObject([{ name: "other" }])
  })

  test("that was cut short by the database is finished by the next run", async () => {
    edge.objects.failNext("ledger.setLimit", "peer_unavailable")
    await apply(whole)
    edge.breakDatabase(true)
    const sent = { bearer: session, body: { text: whole.replace("You help.", "You do."), secrets } }
    expect(await outcome(edge.fetch("/api/config-file/apply", sent))).toBe("503 database_unavailable")
    edge.breakDatabase(false)
    expect(await apply(whole.replace("You help.", "You do."))).toMatchObject({ updated: ["group support"] })
  })
})

describe("each change by a file", () => {
  /** What the trail notes and what who watches hears since the last look, things by their names. */
  const told = async () => {
    await edge.settle()
    const [found] = await edge.libsql.read([
      { sql: "select action, actor_name, target_id, details from audit_events order by seq", args: [] },
    ])
    await edge.libsql.write([{ sql: "delete from audit_events", args: [] }])
    const named = (text: string) => text.replace(/grp_\w+/g, "group").replace(/chan_\w+/g, "channel")
    const events = (found?.rows ?? []).map((row) => {
      const { source, ...more } = JSON.parse(String(row.details))
      expect([row.actor_name, source]).toEqual(["ada", "file"])
      return named([row.action, row.target_id, JSON.stringify(more)].join(" "))
    })
    const news = edge.objects.published.splice(0).map(({ event, data }) => named(`${event} ${JSON.stringify(data)}`))
    return { events, news }
  }
  const group = '{"groupId":"group"}'
  const channel = '{"what":"channel","id":"channel"}'
  const gateway = '{"what":"gateway","id":null}'
  /** What belongs to the file changed too. */
  const file = '{"what":"file","id":null}'

  test("is noted in the trail, and told to who watches", async () => {
    await apply(whole)
    expect(await told()).toEqual({
      events: [
        "group_created group {}",
        "channel_created channel {}",
        "channel_bound channel {}",
        'settings_changed gateway {"fields":"timeZone home"}',
      ],
      news: [
        `settings:changed ${gateway}`,
        `group:created ${group}`,
        `settings:changed ${channel}`,
        `group:updated ${group}`,
        `settings:changed ${file}`,
      ],
    })
    const other = whole.replace("You help.", "You do.").replace("    group: support\n", "").replace("Berlin", "Paris")
    await apply(other.replace("[7]", "[7, 8]"))
    expect(await told()).toEqual({
      events: [
        "group_changed group {}",
        "channel_changed channel {}",
        "channel_unbound channel {}",
        'settings_changed gateway {"fields":"timeZone"}',
      ],
      news: [
        `settings:changed ${gateway}`,
        `group:updated ${group}`,
        `settings:changed ${channel}`,
        `group:updated ${group}`,
        `settings:changed ${file}`,
      ],
    })
  })

  test("leaves nothing where there is none: a file that is applied again, and one with a mistake", async () => {
    await apply(whole)
    await told()
    await apply(whole)
    await apply("groups: 1\n")
    expect(await told()).toEqual({ events: [], news: [] })
  })

  test("counts what is given back, and what is deleted", async () => {
    await apply(whole)
    await told()
    await apply("groups: []\n")
    expect(await told()).toEqual({
      events: [
        'channel_changed channel {"released":true}',
        'group_changed group {"released":true}',
        'settings_changed gateway {"released":"timeZone home"}',
      ],
      news: [`settings:changed ${channel}`, `group:updated ${group}`, `settings:changed ${file}`],
    })
    await apply(whole)
    await told()
    await apply("prune: true\n")
    expect((await told()).events.slice(0, 2)).toEqual(["channel_deleted channel {}", "group_deleted group {}"])
  })
})

describe("a bad file", () => {
  const bad = async (text: string, given = secrets) => {
    const before = [await get("/api/agent-groups"), await get("/api/channels"), await get("/api/settings")]
    const report = await apply(text, given)
    expect([await get("/api/agent-groups"), await get("/api/channels"), await get("/api/settings")]).toEqual(before)
    expect(report.status).toBe("invalid")
    return report.mistakes.map(({ line, column, path }: Record<string, string | number>) => `${line}:${column} ${path}`)
  }

  test("changes nothing, and says where each mistake stands", async () => {
    expect(await bad(whole.replace("[7]", "[x]"))).toEqual(["9:22 channels[0].allowedUserIds[0]"])
    expect(await bad(whole, { BOT_TOKEN: "", SUPPORT_KEY: "k" })).toEqual(["8:15 channels[0].botToken"])
    expect(await bad(whole, { BOT_TOKEN: "1:a/../b", SUPPORT_KEY: "k" })).toEqual(["8:15 channels[0].botToken"])
    expect(await bad(whole.replace("group: support", "group: nobody"))).toEqual(["10:12 channels[0].group"])
    expect(await bad(whole.replace("channel: Home", "channel: Away"))).toEqual(["13:20 settings.home.channel"])
    expect(await bad("groups: [{name: a}, {name: a}]\n")).toEqual(["1:28 groups[1].name"])
  })

  test("that names one of two channels of a name is told so", async () => {
    const body = { kind: "telegram", name: "Home", config: { botToken: "123456:ABC" } }
    for (const _ of [1, 2]) await edge.fetch("/api/channels", { bearer: session, body })
    expect(await bad(whole)).toEqual(["6:11 channels[0].name"])
  })

  test("repeats no secret", async () => {
    const body = { text: whole, secrets: { BOT_TOKEN: "hunter2", SUPPORT_KEY: "hun ter2" } }
    const text = await (await edge.fetch("/api/config-file/apply", { bearer: session, body })).text()
    expect(text).toContain("BOT_TOKEN")
    expect(text).not.toMatch(/hunter2|hun ter2/)
  })
})

describe("what the file owns", () => {
  test("is changed only there", async () => {
    await apply(whole)
    const { id } = await group()
    const { id: channelId } = await channel()
    const refused = "409 managed_by_file"
    expect(await send("PUT", `/api/agent-groups/${id}`, { model: "m" })).toBe(refused)
    expect(await send("DELETE", `/api/agent-groups/${id}`)).toBe(refused)
    expect(await send("POST", `/api/agent-groups/${id}/unassign/${channelId}`)).toBe(refused)
    expect(await send("POST", `/api/agent-groups/${id}/assign/${channelId}`)).toBe(refused)
    expect(await send("PUT", `/api/channels/${channelId}`, { enabled: false })).toBe(refused)
    expect(await send("DELETE", `/api/channels/${channelId}`)).toBe(refused)
    const { version } = await get("/api/settings")
    expect(await send("PUT", "/api/settings", { version, settings: { timeZone: "UTC" } })).toBe(refused)
    expect(await send("PUT", "/api/settings", { version, settings: { historyMessages: 5 } })).toBe("200")
  })

  test("is known from an older release too, but for what is no setting any more", async () => {
    const value = { source: "api", groups: [], channels: [], settings: ["retentionDays", "timeZone"] }
    const at = edge.now()
    await writeSettings(edge.libsql, { key: "file", value, version: 0, updatedAt: at, updatedBy: "ada" })
    expect(await get("/api/settings")).toMatchObject({ managed: ["timeZone"] })
  })

  test("is known without a secret of it", async () => {
    await apply(whole)
    expect(JSON.stringify(await readOwnership(edge.libsql))).not.toMatch(/sk-support|ABC-DEF/)
  })
})

test("only an administrator applies one", async () => {
  const { session: bearer } = await edge.addUser("bo", "operator")
  expect(await outcome(edge.fetch("/api/config-file/apply", { bearer, body: { text: "" } }))).toBe("403 role_forbidden")
})
