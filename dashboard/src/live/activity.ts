/** The newest news since the page was opened, kept while one looks at other pages. */
import type { LiveEvent } from "../../../core/live/event.ts"
import type { LiveNews } from "./feed.ts"

export type Activity = LiveEvent & { readonly seq: number; readonly at: string }

export interface ActivityLog {
  hear(news: LiveNews): void
  /** The newest first; a new list after each change. */
  read(): readonly Activity[]
  onChange(listener: () => void): () => void
}

const keptNews = 200

export function createActivityLog(): ActivityLog {
  const listeners = new Set<() => void>()
  let kept: readonly Activity[] = []
  return {
    hear(news) {
      if (news.event === "gap") return
      kept = [news, ...kept].slice(0, keptNews)
      listeners.forEach((listener) => listener())
    },
    read: () => kept,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const count = (number: number) => number.toLocaleString()

/** What happened, in one sentence. */
export function describeActivity(activity: LiveEvent): string {
  switch (activity.event) {
    case "conversation:created":
      return "A conversation began"
    case "conversation:updated":
      return "A conversation changed"
    case "conversation:archived":
      return "A conversation was archived"
    case "conversation:erased":
      return "A conversation was erased"
    case "turn:started":
      return "The agent began to answer"
    case "turn:waiting":
      return "The agent waits for a person"
    case "turn:ended":
      return { done: "The agent answered", failed: "An answer failed", interrupted: "An answer was stopped" }[
        activity.data.outcome
      ]
    case "approval:requested":
      return `The agent asks whether it may use ${activity.data.tool}`
    case "approval:resolved":
      return activity.data.allow ? "A tool was allowed" : "A tool was refused"
    case "channel:status":
      return `A channel is ${activity.data.status}`
    case "usage:recorded":
      return `${count(activity.data.inputTokens)} tokens in, ${count(activity.data.outputTokens)} out, by ${activity.data.models.join(", ")}`
    case "model:hot-swap":
      return `The model changed from ${activity.data.from} to ${activity.data.to}`
    case "fallback:start":
      return `${activity.data.model} failed (${activity.data.reason}): another model is asked`
    case "fallback:success":
      return `${activity.data.model} answered in its place`
    case "group:created":
      return "An agent group was made"
    case "group:updated":
      return "An agent group changed"
    case "group:deleted":
      return "An agent group was deleted"
    case "settings:changed":
      return `Settings changed: ${activity.data.what}`
    case "command.pending":
      return "A command waits for a runner"
    case "command.accepted":
      return "A runner took a command"
    case "command.running":
      return "A runner began a command"
    case "command.succeeded":
      return "A command was done"
    case "command.failed":
      return "A command failed"
    case "command.timed_out":
      return "A command took too long"
    case "command.rejected":
      return "No runner takes a command"
    case "command.canceled":
      return "A command was called back"
    case "runner:status":
      return `A runner is ${activity.data.state}`
    case "provider:down":
      return `The model provider ${activity.data.provider} does not answer: it is left out for a while`
    case "provider:up":
      return `The model provider ${activity.data.provider} answers again`
    case "spend:warning":
      return `A ${activity.data.period}'s budget is nearly used up`
    case "spend:stopped":
      return `A ${activity.data.period}'s budget is used up: no model is called`
  }
}
