/** What agent groups, channels and the policy read from them promise, over any database. */
import { describe, expect, test } from "vitest"
import * as agents from "./agents.ts"
import * as channels from "./channels.ts"
import type { Libsql } from "./libsql.ts"
import { readPolicySource } from "./policy.ts"
import { at, channel, channelId, group, groupId } from "./samples.ts"

/** @param database - an empty database with the present schema */
export function settingsSuite(database: () => Libsql): void {
  describe("agent groups", () => {
    test("a group comes back as it was stored", async () => {
      const full = group(1, {
        fallbackChainConfig: { providers: [{ type: "openai", keySealed: "x" }] },
        historyMessages: 8,
      })
      expect(await agents.createGroup(database(), full)).toEqual({ status: "created", group: full })
      expect(await agents.findGroup(database(), full.id)).toEqual(full)
      expect(await agents.findGroupByName(database(), "group-1")).toEqual(full)
      expect(await agents.findGroup(database(), groupId(2))).toBeUndefined()
    })

    test("two groups cannot have one name", async () => {
      await agents.createGroup(database(), group(1))
      expect(await agents.createGroup(database(), group(2, { name: "group-1" }))).toEqual({ status: "name_taken" })
      expect(await agents.findGroup(database(), groupId(2))).toBeUndefined()
    })

    test("groups are listed in the order of creation, in stretches", async () => {
      for (const number of [3, 1, 2]) await agents.createGroup(database(), group(number, { createdAt: at(number) }))
      const first = await agents.listGroups(database(), { limit: 2 })
      expect(first).toEqual({ rows: [group(1), group(2)], hasMore: true })
      const second = await agents.listGroups(database(), { limit: 2, after: groupId(2) })
      expect(second).toEqual({ rows: [group(3)], hasMore: false })
    })

    test("a cursor that names no group is refused", async () => {
      await expect(agents.listGroups(database(), { limit: 2, after: groupId(9) })).rejects.toMatchObject({
        code: "invalid_cursor",
      })
    })

    test("an update replaces everything but the creation, and grows the version", async () => {
      await agents.createGroup(database(), group(1))
      const changed = group(1, { name: "new", skills: [], hotSwapConfig: null, updatedAt: at(9) })
      const updated = await agents.updateGroup(database(), { ...changed, createdAt: at(8) })
      expect(updated).toEqual({ status: "updated", group: { ...changed, version: 2 } })
      expect(await agents.findGroup(database(), groupId(1))).toEqual({ ...changed, version: 2 })
    })

    test("of two updates of one version the second is a conflict", async () => {
      await agents.createGroup(database(), group(1))
      const both = await Promise.all(["a", "b"].map((model) => agents.updateGroup(database(), group(1, { model }))))
      expect(both.map(({ status }) => status).sort()).toEqual(["conflict", "updated"])
    })

    test("an update cannot take another's name, and may keep its own", async () => {
      await agents.createGroup(database(), group(1))
      await agents.createGroup(database(), group(2))
      expect(await agents.updateGroup(database(), group(2, { name: "group-1" }))).toEqual({ status: "name_taken" })
      expect(await agents.updateGroup(database(), group(2))).toMatchObject({ status: "updated" })
    })

    test("a group that is not there is neither updated nor removed", async () => {
      expect(await agents.updateGroup(database(), group(1))).toEqual({ status: "not_found" })
      expect(await agents.removeGroup(database(), groupId(1))).toEqual({ status: "not_found" })
    })

    test("a group is removed once no channel is bound to it", async () => {
      await agents.createGroup(database(), group(1))
      await channels.createChannel(database(), channel(1))
      await channels.bindChannel(database(), channelId(1), groupId(1), at(5))
      expect(await agents.removeGroup(database(), groupId(1))).toEqual({ status: "group_in_use" })
      await channels.unbindChannel(database(), channelId(1), groupId(1), at(6))
      expect(await agents.removeGroup(database(), groupId(1))).toEqual({ status: "removed" })
      expect(await agents.findGroup(database(), groupId(1))).toBeUndefined()
    })
  })

  describe("channels", () => {
    test("a channel comes back as it was stored", async () => {
      const stored = await channels.createChannel(database(), channel(1, { enabled: false }))
      expect(stored).toEqual(channel(1, { enabled: false }))
      expect(await channels.findChannel(database(), channelId(1))).toEqual(stored)
      expect(await channels.findChannel(database(), channelId(2))).toBeUndefined()
    })

    test("channels are listed in the order of creation, in stretches", async () => {
      for (const number of [2, 1]) await channels.createChannel(database(), channel(number))
      expect(await channels.listChannels(database(), { limit: 1 })).toEqual({ rows: [channel(1)], hasMore: true })
      const rest = await channels.listChannels(database(), { limit: 1, after: channelId(1) })
      expect(rest).toEqual({ rows: [channel(2)], hasMore: false })
      await expect(channels.listChannels(database(), { limit: 1, after: channelId(9) })).rejects.toMatchObject({
        code: "invalid_cursor",
      })
    })

    test("an update leaves the binding alone and is refused for an old version", async () => {
      await agents.createGroup(database(), group(1))
      await channels.createChannel(database(), channel(1))
      await channels.bindChannel(database(), channelId(1), groupId(1), at(5))
      const stale = channel(1, { name: "stale", version: 1 })
      expect(await channels.updateChannel(database(), stale)).toEqual({ status: "conflict" })
      const changed = channel(1, { name: "new", enabled: false, config: {}, version: 2 })
      const bound = { ...changed, groupId: groupId(1), version: 3 }
      expect(await channels.updateChannel(database(), changed)).toEqual({ status: "updated", channel: bound })
      expect(await channels.updateChannel(database(), channel(2))).toEqual({ status: "not_found" })
    })

    test("a binding names a channel and a group that are there", async () => {
      await agents.createGroup(database(), group(1))
      await channels.createChannel(database(), channel(1))
      const bind = (one: number, other: number) =>
        channels.bindChannel(database(), channelId(one), groupId(other), at(5))
      expect(await bind(1, 2)).toEqual({ status: "group_not_found" })
      expect(await bind(2, 1)).toEqual({ status: "channel_not_found" })
      expect(await bind(1, 1)).toMatchObject({ status: "bound", channel: { groupId: groupId(1), version: 2 } })
    })

    test("unbinding takes only the binding that it names", async () => {
      for (const number of [1, 2]) await agents.createGroup(database(), group(number))
      await channels.createChannel(database(), channel(1))
      await channels.bindChannel(database(), channelId(1), groupId(1), at(5))
      const unbind = (one: number, other: number) =>
        channels.unbindChannel(database(), channelId(one), groupId(other), at(6))
      expect(await unbind(1, 2)).toEqual({ status: "not_bound" })
      expect(await unbind(2, 1)).toEqual({ status: "channel_not_found" })
      expect(await unbind(1, 1)).toMatchObject({ status: "unbound", channel: { groupId: null, version: 3 } })
    })

    test("a channel is removed once", async () => {
      await channels.createChannel(database(), channel(1))
      expect(await channels.removeChannel(database(), channelId(1))).toEqual({ status: "removed" })
      expect(await channels.removeChannel(database(), channelId(1))).toEqual({ status: "not_found" })
    })
  })

  describe("policy", () => {
    test("the named group comes before the channel's, and either may be missing", async () => {
      for (const number of [1, 2]) await agents.createGroup(database(), group(number))
      await channels.createChannel(database(), channel(1))
      await channels.bindChannel(database(), channelId(1), groupId(1), at(5))
      const read = async (of: Parameters<typeof readPolicySource>[1]) => {
        const source = await readPolicySource(database(), of)
        return [source.group?.name ?? null, source.channel?.name ?? null]
      }
      expect(await read({ channelId: channelId(1) })).toEqual(["group-1", "channel-1"])
      expect(await read({ channelId: channelId(1), groupName: "group-2" })).toEqual(["group-2", "channel-1"])
      expect(await read({ channelId: channelId(1), groupName: "gone" })).toEqual([null, "channel-1"])
      expect(await read({ groupName: "group-1", channelId: null })).toEqual(["group-1", null])
      expect(await read({ channelId: channelId(9) })).toEqual([null, null])
      expect(await read({})).toEqual([null, null])
    })
  })
}
