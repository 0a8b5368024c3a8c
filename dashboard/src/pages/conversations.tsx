/** All conversations: found by what was said in them, narrowed by what they are. */
import { useCallback, useEffect, useState } from "react"
import { listChannels } from "../../../core/api/channels.ts"
import type { ConversationView, SearchMatch } from "../../../core/api/conversations.ts"
import { listConversations } from "../../../core/api/conversations.ts"
import { listAgentGroups } from "../../../core/api/agents.ts"
import type { Input } from "../../../core/api/endpoint.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { followLink, useTitle } from "../router.ts"
import { Choice } from "../ui/choice.tsx"
import { Empty } from "../ui/empty.tsx"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { TextField } from "../ui/text-field.tsx"
import { agoNow } from "../ui/time.ts"
import { useLoaded } from "../ui/use-call.ts"
import { usePages } from "../ui/use-pages.ts"

/** What is chosen; empty where nothing is. */
interface Filters {
  readonly kind: "" | ConversationView["kind"]
  readonly status: "" | ConversationView["status"]
  readonly archived: "" | "true" | "false"
  readonly channelId: string
  readonly groupId: string
  /** Days, `2026-11-21`. */
  readonly from: string
  readonly to: string
  readonly order: "newest" | "best"
}
const atFirst: Filters = {
  kind: "",
  status: "",
  archived: "false",
  channelId: "",
  groupId: "",
  from: "",
  to: "",
  order: "newest",
}

const settleMs = 250

const readChannels = () => readAll((query) => call(listChannels, { query }))
const readGroups = () => readAll((query) => call(listAgentGroups, { query }))

export default function ConversationsPage() {
  useTitle("Search")
  const [typed, setTyped] = useState("")
  const words = useSettled(toWords(typed))
  const [filters, setFilters] = useState<Filters>(atFirst)
  const [channels] = useLoaded(readChannels)
  const [groups] = useLoaded(readGroups)
  const read = useCallback(
    (after: string | undefined) => call(listConversations, { query: toQuery(words, filters, after) }),
    [words, filters],
  )
  const { items, isLoading, problem, more } = usePages(read, 10)
  const set = (change: Partial<Filters>) => setFilters((before) => ({ ...before, ...change }))
  return (
    <div className="page">
      <PageHead title="Search" />
      <div className="page-body">
        <search>
          <label className="search-box">
            <Icon name="search" />
            <span className="off-screen">What was said</span>
            <input
              type="search"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              placeholder="What was said"
              maxLength={400}
              enterKeyHint="search"
            />
          </label>
          <div className="filters">
            <Choice
              label="Archive"
              value={filters.archived}
              options={[
                ["false", "Open"],
                ["true", "Archived"],
                ["", "Open and archived"],
              ]}
              onChange={(archived) => set({ archived })}
            />
            <Choice
              label="Kind"
              value={filters.kind}
              options={[
                ["", "Any"],
                ["loop", "Web and API"],
                ["telegram", "Telegram"],
              ]}
              onChange={(kind) => set({ kind })}
            />
            <Choice
              label="State"
              value={filters.status}
              options={[
                ["", "Any"],
                ["running", "Answering"],
                ["waiting", "Waits for a person"],
                ["idle", "At rest"],
              ]}
              onChange={(status) => set({ status })}
            />
            {channels.is === "ready" && channels.value.length > 0 && (
              <Choice
                label="Channel"
                value={filters.channelId}
                options={[["", "Any"] as const, ...channels.value.map(({ id, name }) => [id, name] as const)]}
                onChange={(channelId) => set({ channelId })}
              />
            )}
            {groups.is === "ready" && groups.value.length > 0 && (
              <Choice
                label="Agent group"
                value={filters.groupId}
                options={[["", "Any"] as const, ...groups.value.map(({ id, name }) => [id, name] as const)]}
                onChange={(groupId) => set({ groupId })}
              />
            )}
            <TextField
              label="From"
              type="date"
              value={filters.from}
              max={filters.to || undefined}
              onChange={(from) => set({ from })}
            />
            <TextField
              label="To"
              type="date"
              value={filters.to}
              min={filters.from || undefined}
              onChange={(to) => set({ to })}
            />
            {words !== "" && (
              <Choice
                label="First"
                value={filters.order}
                options={[
                  ["newest", "The newest"],
                  ["best", "The best match"],
                ]}
                onChange={(order) => set({ order })}
              />
            )}
          </div>
        </search>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        <ul className="cards found" aria-busy={isLoading}>
          {items.map((one) => (
            <Found key={one.id} one={one} />
          ))}
        </ul>
        <output className="off-screen">
          {isLoading ? "" : `${items.length} conversations${more === null ? "" : " and more"}`}
        </output>
        {!isLoading && problem === null && items.length === 0 && (
          <Empty icon="search">
            {words === "" ? "No conversation is like that." : "Nobody said that in these conversations."}
          </Empty>
        )}
        {more !== null && (
          <button type="button" className="button earlier" onClick={more}>
            Show more
          </button>
        )}
      </div>
    </div>
  )
}

function Found({ one }: { readonly one: ConversationView & { readonly match: SearchMatch | null } }) {
  return (
    <li className="card found-card">
      <div className="card-head">
        <a className="found-title" href={`/c/${one.id}`} onClick={followLink}>
          {one.title || "Untitled"}
        </a>
        {one.status !== "idle" && (
          <span className="badge badge-warn">{one.status === "running" ? "answering" : "waits for a person"}</span>
        )}
        {one.archivedAt !== null && <span className="badge">archived</span>}
      </div>
      {one.match !== null && (
        <p className="snippet">
          {one.match.snippet.map(({ text, isMatch }, index) =>
            isMatch ? <mark key={index}>{text}</mark> : <span key={index}>{text}</span>,
          )}
        </p>
      )}
      <p className="card-facts">{factsOf(one)}</p>
    </li>
  )
}

function factsOf(one: ConversationView & { readonly match: SearchMatch | null }): string {
  const where = one.channelName ?? (one.kind === "telegram" ? "Telegram" : "Web and API")
  const said = one.match && `${one.match.role === "user" ? "said" : "answered"} ${agoNow(one.match.createdAt)}`
  const turns = one.turnCount === 1 ? "1 turn" : `${one.turnCount} turns`
  return [where, one.ownerName, one.groupName, turns, said ?? `active ${agoNow(one.lastActivityAt)}`]
    .filter((fact) => fact !== null)
    .join(" · ")
}

/** The value once it has stayed the same for a moment: not every key is a search. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), settleMs)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

/** Nothing where there is nothing to look for; else the last word may still be unfinished. */
function toWords(typed: string): string {
  const words = typed.trim()
  if (!/[\p{L}\p{N}]/u.test(words.replaceAll(/(^|\s)-\S*/g, ""))) return ""
  return /(^|\s)[\p{L}\p{N}]{2,}$/u.test(words) && !/\s$/.test(typed) ? `${words}*` : words
}

function toQuery(words: string, filters: Filters, after: string | undefined): Input<typeof listConversations>["query"] {
  const { kind, status, archived, channelId, groupId, order } = filters
  const [from, to] = [startOf(filters.from, 0), startOf(filters.to, 1)]
  return {
    limit: 20,
    order,
    after,
    ...(words === "" ? {} : { q: words }),
    ...(kind === "" ? {} : { kind }),
    ...(status === "" ? {} : { status }),
    ...(archived === "" ? {} : { archived }),
    ...(channelId === "" ? {} : { channelId }),
    ...(groupId === "" ? {} : { groupId }),
    ...(from === "" ? {} : { from }),
    ...(to === "" ? {} : { to }),
  }
}

/** The first instant of a day here, or of the day `later` days after it; empty for no day. */
function startOf(day: string, later: number): string {
  const [year = NaN, month = NaN, date = NaN] = day.split("-").map(Number)
  const at = new Date(year, month - 1, date + later)
  return Number.isNaN(at.getTime()) ? "" : at.toISOString()
}
