import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findGroup } from "../../adapters/store/agents.ts"
import { fallbackKeyPlace, StoredFallbackChain } from "../../adapters/store/fallback-chain.ts"
import { GroupId } from "../../core/units.ts"
import { type Edge, openEdge, outcome, type Sent } from "../testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge()
  ;({ session } = await edge.addUser("ada", "operator"))
})
afterEach(() => edge.close())

const groups = (path = "", sent: Sent = {}) => edge.fetch(`/api/agent-groups${path}`, { bearer: session, ...sent })
const make = async (body: object) => (await groups("", { body })).json()
const change = (id: string, body: object) => groups(`/${id}`, { method: "PUT", body })
const stored = async (id: string) => {
  const row = await findGroup(edge.libsql, GroupId.parse(id))
  if (row === undefined) throw new Error("no such group")
  return row
}
const unknown = `grp_${"0".repeat(24)}`

const full = {
  tools: ["current_time"],
  name: "support-bot",
  description: "Helps",
  systemPrompt: "You are a customer support agent...",
  model: "claude-sonnet-4-20250514",
  apiKey: "sk-ant-secret-group-key",
  skills: ["web-browse"],
  budgetMaxTokensDay: 100_000,
  budgetMaxTokensMonth: 2_000_000,
  budgetMaxUsdDay: 2.5,
  budgetMaxUsdMonth: 40.000001,
  conversationMaxTokensDay: 10_000,
  conversationMaxTokensMonth: null,
  conversationMaxUsdDay: null,
  conversationMaxUsdMonth: 0.1,
  hotSwapConfig: {
    enabled: true,
    tiers: [{ model: "claude-haiku", maxComplexity: 40, label: "Haiku (fast)" }],
    escalationThreshold: 40,
    deescalation: true,
  },
  fallbackChainConfig: {
    enabled: true,
    providers: [
      {
        type: "openai",
        model: "gpt-4o",
        apiKey: "sk-secret-openai-key",
        maxRetries: 2,
        timeoutMs: 60_000,
        label: "OpenAI",
      },
      {
        type: "ollama",
        model: "llama3",
        baseUrl: "http://localhost:11434/v1",
        maxRetries: 1,
        timeoutMs: 120_000,
        label: "Ollama",
      },
    ],
  },
}

describe("create", () => {
  test("takes all fields and shows all but the keys", async () => {
    const response = await groups("", { body: full })
    expect(response.status).toBe(201)
    const { apiKey: _, fallbackChainConfig: __, ...plain } = full
    const text = await response.text()
    expect(JSON.parse(text)).toEqual({
      ...plain,
      id: expect.stringMatching(/^grp_[0-9a-f]{24}$/),
      managed: false,
      hasApiKey: true,
      historyMessages: null,
      maxOutputTokens: null,
      fallbackChainConfig: {
        enabled: true,
        providers: [
          { type: "openai", model: "gpt-4o", maxRetries: 2, timeoutMs: 60_000, label: "OpenAI", hasApiKey: true },
          {
            type: "ollama",
            model: "llama3",
            baseUrl: "http://localhost:11434/v1",
            maxRetries: 1,
            timeoutMs: 120_000,
            label: "Ollama",
            hasApiKey: false,
          },
        ],
      },
      channelIds: [],
      createdAt: "2026-09-21T14:13:20.000Z",
      updatedAt: "2026-09-21T14:13:20.000Z",
    })
    expect(text).not.toContain("secret")
    expect(text.toLowerCase()).not.toContain("sealed")
  })

  test("seals each key for its place", async () => {
    const { id } = await make(full)
    const row = await stored(id)
    expect(JSON.stringify(row)).not.toContain("secret")
    const place = { table: "agent_groups", row: id, column: "api_key" }
    expect(edge.vault.open(place, row.apiKeySealed ?? "")).toBe(full.apiKey)
    const [first] = StoredFallbackChain.parse(row.fallbackChainConfig).providers
    expect(edge.vault.open(fallbackKeyPlace(row.id), first?.apiKeySealed ?? "")).toBe("sk-secret-openai-key")
  })

  test("needs a name only", async () => {
    expect(await make({ name: "plain" })).toMatchObject({ name: "plain", model: null, skills: [], hasApiKey: false })
  })

  test("refuses a name that is taken", async () => {
    await make({ name: "a" })
    expect(await outcome(groups("", { body: { name: "a" } }))).toBe("409 name_taken")
  })

  const provider = { type: "openai", model: "m", label: "one" }
  test.each([
    ["no name", {}],
    ["a name of spaces", { name: "  " }],
    ["a negative budget", { name: "a", budgetMaxTokensDay: -1 }],
    ["half a token", { name: "a", budgetMaxTokensDay: 1.5 }],
    ["a budget that is misspelt, and so would be none", { name: "a", budgetMaxUSDDay: 5 }],
    [
      "an unknown provider",
      { name: "a", fallbackChainConfig: { enabled: true, providers: [{ ...provider, type: "x" }] } },
    ],
    [
      "two providers of one label",
      { name: "a", fallbackChainConfig: { enabled: true, providers: [provider, provider] } },
    ],
    [
      "an address that is no http",
      { name: "a", fallbackChainConfig: { enabled: true, providers: [{ ...provider, baseUrl: "file:///etc" }] } },
    ],
    [
      "a password in the address",
      {
        name: "a",
        fallbackChainConfig: { enabled: true, providers: [{ ...provider, baseUrl: "https://u:p@x.example" }] },
      },
    ],
  ])("refuses %s", async (_, body) => {
    expect(await outcome(groups("", { body }))).toBe("400 invalid_body")
  })
})

describe("change", () => {
  test("touches the named fields alone", async () => {
    const made = await make(full)
    edge.advance(1_000)
    const response = await change(made.id, { model: null, budgetMaxTokensDay: null })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      ...made,
      model: null,
      budgetMaxTokensDay: null,
      updatedAt: "2026-09-21T14:13:21.000Z",
    })
    expect((await stored(made.id)).apiKeySealed).not.toBeNull()
  })

  test("forgets a key when told null", async () => {
    const { id } = await make(full)
    expect(await (await change(id, { apiKey: null })).json()).toMatchObject({ hasApiKey: false })
  })

  const keyOf = async (id: string, provider: object) => {
    const response = await change(id, { fallbackChainConfig: { enabled: true, providers: [provider] } })
    expect(response.status).toBe(200)
    return (await response.json()).fallbackChainConfig.providers[0].hasApiKey
  }
  const openai = { type: "openai", model: "gpt-4o", label: "OpenAI" }

  test("keeps a provider's key as long as it goes to the same place", async () => {
    const { id } = await make(full)
    expect(await keyOf(id, { ...openai, model: "gpt-5" })).toBe(true)
  })
  test("forgets a provider's key when its address changes, so that nobody has it sent elsewhere", async () => {
    const { id } = await make(full)
    expect(await keyOf(id, { ...openai, baseUrl: "https://evil.example/v1" })).toBe(false)
    // And it does not come back.
    expect(await keyOf(id, openai)).toBe(false)
  })
  test("forgets a provider's key when its type or label changes, or when told null", async () => {
    for (const changed of [{ type: "anthropic" }, { label: "Other" }, { apiKey: null }]) {
      const { id } = await make({ ...full, name: JSON.stringify(changed) })
      expect(await keyOf(id, { ...openai, ...changed })).toBe(false)
    }
  })

  test("refuses a name that another group has", async () => {
    await make({ name: "a" })
    const { id } = await make({ name: "b" })
    expect(await outcome(change(id, { name: "a" }))).toBe("409 name_taken")
    expect((await change(id, { name: "b" })).status).toBe(200)
  })

  test("loses nothing when two change different fields at once", async () => {
    const { id } = await make({ name: "a" })
    await Promise.all([change(id, { description: "d" }), change(id, { systemPrompt: "s" }), change(id, { model: "m" })])
    expect(await (await groups(`/${id}`)).json()).toMatchObject({ description: "d", systemPrompt: "s", model: "m" })
  })
})

describe("list, get, delete", () => {
  test("lists in pages, in the order of creation", async () => {
    for (const name of ["b", "a", "c"]) {
      await make({ name })
      edge.advance(1)
    }
    const first = await (await groups("?limit=2")).json()
    expect(first.data.map(({ name }: { name: string }) => name)).toEqual(["b", "a"])
    const second = await (await groups(`?limit=2&after=${first.nextCursor}`)).json()
    expect(second).toMatchObject({ data: [{ name: "c" }], nextCursor: null })
    expect(await outcome(groups("?after=nonsense"))).toBe("400 invalid_cursor")
    expect(await outcome(groups(`?after=${unknown}`))).toBe("400 invalid_cursor")
  })

  test("deletes a group, once", async () => {
    const { id } = await make({ name: "a" })
    expect((await groups(`/${id}`, { method: "DELETE" })).status).toBe(204)
    expect(await outcome(groups(`/${id}`, { method: "DELETE" }))).toBe("404 group_not_found")
  })

  test.each([unknown, "nonsense"])("knows no group %s", async (id) => {
    expect(await outcome(groups(`/${id}`))).toBe("404 group_not_found")
    expect(await outcome(change(id, { model: "m" }))).toBe("404 group_not_found")
    expect(await outcome(groups(`/${id}`, { method: "DELETE" }))).toBe("404 group_not_found")
  })
})

describe("binding", () => {
  const channel = async () => {
    const body = { kind: "telegram", name: "t", config: { botToken: "123456:ABC" } }
    return (await (await edge.fetch("/api/channels", { bearer: session, body })).json()).id
  }
  const post = (path: string) => groups(path, { method: "POST" })

  test("binds, shows, keeps from deletion and unbinds", async () => {
    const { id } = await make({ name: "a" })
    const channelId = await channel()
    expect(await (await post(`/${id}/assign/${channelId}`)).json()).toMatchObject({ id, channelIds: [channelId] })
    expect(await (await groups()).json()).toMatchObject({ data: [{ channelIds: [channelId] }] })
    expect(await (await edge.fetch(`/api/channels/${channelId}`, { bearer: session })).json()).toMatchObject({
      groupId: id,
    })
    expect(await outcome(groups(`/${id}`, { method: "DELETE" }))).toBe("409 group_in_use")
    expect(await (await post(`/${id}/unassign/${channelId}`)).json()).toMatchObject({ channelIds: [] })
    expect((await post(`/${id}/unassign/${channelId}`)).status).toBe(200)
    expect((await groups(`/${id}`, { method: "DELETE" })).status).toBe(204)
  })

  test("moves a channel from one group to another", async () => {
    const first = await make({ name: "a" })
    const second = await make({ name: "b" })
    const channelId = await channel()
    await post(`/${first.id}/assign/${channelId}`)
    await post(`/${second.id}/assign/${channelId}`)
    expect(await (await groups(`/${first.id}`)).json()).toMatchObject({ channelIds: [] })
    expect(await (await groups(`/${second.id}`)).json()).toMatchObject({ channelIds: [channelId] })
  })

  test("knows what is missing", async () => {
    const { id } = await make({ name: "a" })
    const channelId = await channel()
    const nowhere = `chan_${"0".repeat(24)}`
    expect(await outcome(post(`/${id}/assign/${nowhere}`))).toBe("404 channel_not_found")
    expect(await outcome(post(`/${unknown}/assign/${channelId}`))).toBe("404 group_not_found")
    expect(await outcome(post(`/${id}/unassign/${nowhere}`))).toBe("404 channel_not_found")
    expect(await outcome(post(`/${unknown}/unassign/${channelId}`))).toBe("404 group_not_found")
  })
})

test("a viewer reads and changes nothing", async () => {
  const { id } = await make({ name: "a" })
  const viewer = await edge.addUser("vic", "viewer")
  const as = { bearer: viewer.session }
  expect((await groups("", as)).status).toBe(200)
  expect(await outcome(groups("", { ...as, body: { name: "x" } }))).toBe("403 role_forbidden")
  expect(await outcome(groups(`/${id}`, { ...as, method: "DELETE" }))).toBe("403 role_forbidden")
})
