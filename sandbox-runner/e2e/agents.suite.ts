/** Agent groups: an agent of one's own, by prompt, model and key, for loops and for channels. */
import { beforeAll, expect, test } from "vitest"
import { AgentGroupView } from "../../core/api/agents.ts"
import { openChannel } from "./channel-desk.ts"
import { enter, type Client } from "./client.ts"
import { shownText } from "./event-reader.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import { keys, type Stage } from "./stage.ts"

const wrongKey = "key-that-no-model-takes"
const prompt = "You are Marvin. Answer like him."

export function agentSuite(stage: () => Stage): void {
  let admin: Client
  let loops: LoopDriver
  let path: string
  const change = async (fields: object) => (await admin.send("PUT", path, { json: fields })).read(AgentGroupView)

  beforeAll(async () => {
    const { anyone, transcript } = stage()
    transcript.secret(wrongKey)
    admin = await enter(anyone, "login", transcript)
    loops = await openLoops(stage())
  })

  test("a group is created with its own prompt, model and key, and the key stays inside", async () => {
    const json = { name: "marvin", systemPrompt: prompt, model: "claude-of-marvin", apiKey: keys.group }
    const made = await admin.send("POST", "/api/agent-groups", { json })
    expect(made.status).toBe(201)
    const group = made.read(AgentGroupView)
    expect(group).toMatchObject({ name: "marvin", model: "claude-of-marvin", hasApiKey: true, channelIds: [] })
    path = `/api/agent-groups/${group.id}`
    expect((await admin.send("POST", "/api/agent-groups", { json })).outcome).toBe("409 name_taken")
    expect((await admin.send("POST", "/api/agent-groups", { json: { ...json, name: "" } })).outcome).toBe(
      "400 invalid_body",
    )
    expect((await admin.send("GET", `/api/agent-groups/grp_${"0".repeat(24)}`)).outcome).toBe("404 group_not_found")
  })

  test("a loop that names it in its profiles speaks as it, by its model", async () => {
    const { model } = stage()
    const events = await (await loops.say(await loops.create({ profiles: ["marvin"] }), "system")).rest()
    expect(shownText(events)).toBe(prompt)
    expect(model.requests.at(-1)?.model).toBe("claude-of-marvin")
    const other = await (await loops.say(await loops.create(), "system")).rest()
    expect(shownText(other)).not.toContain("Marvin")
  })

  test("its own key is what the model gets: a wrong one fails, and says so without it", async () => {
    const id = await loops.create({ profiles: ["marvin"] })
    await change({ apiKey: wrongKey })
    expect((await (await loops.say(id, "say: hello")).rest()).at(-1)).toMatchObject({
      event: "error",
      data: { code: "model_key_refused" },
    })
    await change({ apiKey: keys.group })
    expect(shownText(await (await loops.say(id, "say: hello")).rest())).toBe("hello")
  })

  test("a channel that is bound to it answers as it, until it is unbound", async () => {
    const channel = await openChannel(stage())
    const { id } = await channel.read()
    expect((await admin.send("POST", `${path}/assign/${id}`)).read(AgentGroupView).channelIds).toEqual([id])
    expect((await channel.read()).groupId).toBe(path.split("/").at(-1))
    const ask = async () => (await channel.meet().talk("system"))[0]?.text
    expect(await ask()).toContain(prompt)
    expect((await admin.send("DELETE", path)).outcome).toBe("409 group_in_use")
    await admin.send("POST", `${path}/unassign/${id}`)
    expect(await ask()).not.toContain("Marvin")
  })

  test("it can be deleted, and its loops go on with the default agent", async () => {
    const id = await loops.create({ profiles: ["marvin"] })
    expect((await admin.send("DELETE", path)).status).toBe(204)
    expect((await admin.send("GET", path)).outcome).toBe("404 group_not_found")
    expect(shownText(await (await loops.say(id, "system")).rest())).not.toContain("Marvin")
  })
}
