/**
 * The runners as one: which of them gets a command, what becomes of a command whose runner is silent, and how both are shown.
 * Pure; no clock is trusted further than to end what waits.
 */
import * as z from "zod"
import { after, ConversationId, EpochMs } from "../units.ts"
import { Capability, CommandId, CommandOutcome, RunnerId, RunnerWork, type Command } from "./command.ts"

/** `pending` until a runner has written it to its disk, `accepted` until it began. */
export const CommandStatus = z.enum([
  "pending",
  "accepted",
  "running",
  "succeeded",
  "failed",
  "timed_out",
  "rejected",
  "canceled",
])
export type CommandStatus = z.infer<typeof CommandStatus>

/** A capability, and whether it works on that runner now. */
export const CapabilityState = z.object({
  name: Capability,
  status: z.enum(["ok", "unavailable"]),
  /** One sentence on what to do; null when it works. */
  problem: z.string().max(500).nullable(),
})
export type CapabilityState = z.infer<typeof CapabilityState>

/** What an operator may tell a runner. It ends what it does before. */
export const RunnerOrder = z.enum(["restart", "shutdown"])
export type RunnerOrder = z.infer<typeof RunnerOrder>

/** `draining`: it ends what it has and takes nothing new. `stale`: connected, but not heard of for too long. */
export const RunnerState = z.enum(["online", "draining", "stale", "offline", "revoked"])
export type RunnerState = z.infer<typeof RunnerState>

/** What a runner says of itself: bounded, and shown as it is. */
export const RunnerFacts = z.object({
  hostname: z.string().min(1).max(255),
  /** Such as `linux x64`. */
  platform: z.string().max(100),
  version: z.string().max(50),
  /** How many commands it does at once. */
  slots: z.number().int().min(1).max(100),
})
export type RunnerFacts = z.infer<typeof RunnerFacts>

export const RunnerView = RunnerFacts.extend({
  id: RunnerId,
  state: RunnerState,
  /** The gateway's own process. */
  isBuiltIn: z.boolean(),
  capabilities: z.array(CapabilityState),
  /** Commands that it has now. */
  running: z.number().int().nonnegative(),
  firstSeenAt: EpochMs,
  lastSeenAt: EpochMs,
})
export type RunnerView = z.infer<typeof RunnerView>

/** A command with all that is known of it. */
export const CommandView = z.object({
  id: CommandId,
  status: CommandStatus,
  work: RunnerWork,
  conversationId: ConversationId.nullable(),
  correlationId: z.string().nullable(),
  /** Who holds it, or held it at last. */
  runnerId: RunnerId.nullable(),
  createdAt: EpochMs,
  expiresAt: EpochMs,
  acceptedAt: EpochMs.nullable(),
  startedAt: EpochMs.nullable(),
  endedAt: EpochMs.nullable(),
  /** Null until it has ended. */
  outcome: CommandOutcome.nullable(),
  /** The end of what it wrote so far; empty once it has ended: the outcome has it then. */
  output: z.object({ stdout: z.string(), stderr: z.string() }),
})
export type CommandView = z.infer<typeof CommandView>

/** A runner says this often that it is there. */
export const heartbeatMs = 15_000
/** One that is silent for this long is dead, on both sides of the link. */
export const deadAfterMs = 45_000
/** A runner that lost its connection keeps for this long what it was offered and what its workspaces will need. */
export const graceMs = 30_000
/** A runner that took a command and is away for this long has lost it: its outcome is not known. */
export const lostAfterMs = 10 * 60_000
/** Past its own time-out a command has this long to say so. */
export const overdueMs = 5 * 60_000
/** A socket whose first frame does not come within this says nothing. */
export const helloWithinMs = 10_000

/** The state of a command's lease. */
export const CommandState = z.discriminatedUnion("status", [
  /** `offeredTo`: the runner that was sent it, and did not say yet that it is on its disk. It does not begin by itself. */
  z.object({ status: z.literal("pending"), offeredTo: RunnerId.nullable() }),
  z.object({ status: z.literal("accepted"), runnerId: RunnerId, acceptedAt: EpochMs }),
  z.object({ status: z.literal("running"), runnerId: RunnerId, acceptedAt: EpochMs, startedAt: EpochMs }),
  z.object({
    status: z.literal("ended"),
    how: z.enum(["succeeded", "failed", "timed_out", "rejected", "canceled"]),
    runnerId: RunnerId.nullable(),
    acceptedAt: EpochMs.nullable(),
    startedAt: EpochMs.nullable(),
    endedAt: EpochMs,
  }),
])
export type CommandState = z.infer<typeof CommandState>

/** Who has the command now; null: nobody. Only this runner changes its status. */
export function holderOf(state: CommandState): RunnerId | null {
  switch (state.status) {
    case "pending":
      return state.offeredTo
    case "accepted":
    case "running":
      return state.runnerId
    case "ended":
      return null
  }
}

/** A runner as the choice sees it. */
export interface Candidate {
  readonly id: RunnerId
  /** `here`: it can be sent something. `back_soon`: its connection broke a moment ago. */
  readonly presence: "here" | "back_soon" | "gone"
  readonly isDraining: boolean
  readonly capabilities: readonly CapabilityState[]
  readonly slots: number
  /** Commands that it has now. */
  readonly running: number
}

/** What a command needs of its runner. */
export interface Need {
  readonly capability: Capability
  /** The runner that has the conversation's files or browser; null: none yet. */
  readonly home: RunnerId | null
  /** No other may have it. */
  readonly isPinned: boolean
}

/** `wait`: one that could take it is busy, or was there a moment ago. `none`: nobody can. */
export type Choice = { status: "chosen"; runnerId: RunnerId } | { status: "wait" } | { status: "none" }

/** The runner that has the workspace, while it lives; else the one with the least share of its slots taken. */
export function chooseRunner(candidates: readonly Candidate[], need: Need): Choice {
  const home = candidates.find(({ id }) => id === need.home)
  if (need.isPinned || (home !== undefined && home.presence !== "gone" && !home.isDraining && works(home, need)))
    return home === undefined ? { status: "none" } : askOne(home, need)
  const able = candidates.filter((one) => one.presence !== "gone" && !one.isDraining && works(one, need))
  const free = able.filter((one) => one.presence === "here" && one.running < one.slots)
  const [best] = free.toSorted((a, b) => a.running / a.slots - b.running / b.slots || (a.id < b.id ? -1 : 1))
  if (best !== undefined) return { status: "chosen", runnerId: best.id }
  return { status: able.length > 0 ? "wait" : "none" }
}

function askOne(home: Candidate, need: Need): Choice {
  if (home.presence === "gone" || !works(home, need)) return { status: "none" }
  const isFree = home.presence === "here" && !home.isDraining && home.running < home.slots
  return isFree ? { status: "chosen", runnerId: home.id } : { status: "wait" }
}

function works({ capabilities }: Candidate, { capability }: Need): boolean {
  return capabilities.some(({ name, status }) => name === capability && status === "ok")
}

/** What an instant does to a command. Nothing here needs two clocks to agree, and a leap of ours ends no more than what waits. */
export type Due =
  | { status: "nothing"; nextAt: EpochMs | null }
  | { status: "expire" | "take_back" | "interrupt" | "overdue" }

/**
 * @param awaySince - when its holder's connection broke; null while it is connected, or when there is no holder
 */
export function dueOf(
  state: CommandState,
  command: Pick<Command, "expiresAt"> & { readonly timeoutMs: number },
  awaySince: EpochMs | null,
  now: EpochMs,
): Due {
  switch (state.status) {
    case "pending": {
      if (command.expiresAt <= now) return { status: "expire" }
      if (state.offeredTo === null || awaySince === null) return { status: "nothing", nextAt: command.expiresAt }
      const takenBackAt = after(awaySince, graceMs)
      if (takenBackAt <= now) return { status: "take_back" }
      return { status: "nothing", nextAt: earlier(takenBackAt, command.expiresAt) }
    }
    case "accepted":
    case "running": {
      if (awaySince !== null) {
        const lostAt = after(awaySince, lostAfterMs)
        return lostAt <= now ? { status: "interrupt" } : { status: "nothing", nextAt: lostAt }
      }
      const begunAt = state.status === "running" ? state.startedAt : state.acceptedAt
      const overdueAt = after(begunAt, command.timeoutMs + overdueMs)
      return overdueAt <= now ? { status: "overdue" } : { status: "nothing", nextAt: overdueAt }
    }
    case "ended":
      return { status: "nothing", nextAt: null }
  }
}

/** How long the work may take; erasing has a bound of its own. */
export function timeoutOf(work: RunnerWork): number {
  return "timeoutMs" in work ? work.timeoutMs : 60_000
}

/** Whose files or browser the work needs: two of one key are never done at the same time. */
export function workspaceOf(work: RunnerWork): ConversationId {
  return "workspace" in work ? work.workspace : work.profile
}

/** How a runner is shown. */
export function stateOf(
  runner: {
    readonly isConnected: boolean
    readonly isDraining: boolean
    readonly isRevoked: boolean
    readonly lastSeenAt: EpochMs
  },
  now: EpochMs,
): RunnerState {
  if (runner.isRevoked) return "revoked"
  if (!runner.isConnected) return "offline"
  if (after(runner.lastSeenAt, deadAfterMs) <= now) return "stale"
  return runner.isDraining ? "draining" : "online"
}

function earlier(a: EpochMs, b: EpochMs): EpochMs {
  return a < b ? a : b
}
