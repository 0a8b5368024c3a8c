/** Navigation: conversations, settings, look, and the way out. On a phone it slides over the page. */
import { useEffect, useRef } from "react"
import { roleAllows, type Scope } from "../../../core/access/scope.ts"
import type { UserView } from "../../../core/api/access.ts"
import { getApprovalStats } from "../../../core/api/approvals.ts"
import { logOut } from "../../../core/api/access.ts"
import type { ConversationView } from "../../../core/api/conversations.ts"
import { call } from "../api/client.ts"
import { pendingStore } from "../chat/use-chat.ts"
import { useLiveReload } from "../live/live.ts"
import { followLink } from "../router.ts"
import type { Theme } from "../theme.ts"
import { useTheme } from "../theme.ts"
import { Brand } from "../ui/brand.tsx"
import type { IconName } from "../ui/icon.tsx"
import { Icon } from "../ui/icon.tsx"
import { agoNow } from "../ui/time.ts"
import type { Loaded } from "../ui/use-call.ts"
import { useAction, useLoaded } from "../ui/use-call.ts"

interface List {
  readonly data: readonly ConversationView[]
  readonly nextCursor: string | null
}

interface Entry {
  readonly path: string
  readonly icon: IconName
  readonly label: string
  /** Shown to those who may; absent: to everybody. */
  readonly scope?: Scope
}

/** For when the live feed is not there. */
const approvalsEveryMs = 30_000

const settings: readonly Entry[] = [
  { path: "/conversations", icon: "search", label: "Search" },
  { path: "/approvals", icon: "check", label: "Approvals" },
  { path: "/runs", icon: "steps", label: "Runs" },
  { path: "/usage", icon: "bars", label: "Usage" },
  { path: "/activity", icon: "bolt", label: "Activity" },
  { path: "/channels", icon: "plug", label: "Channels" },
  { path: "/runners", icon: "box", label: "Runners" },
  { path: "/groups", icon: "people", label: "Agent groups" },
  { path: "/tokens", icon: "key", label: "API tokens" },
  { path: "/people", icon: "person", label: "People", scope: "access:read" },
  { path: "/audit", icon: "shield", label: "Audit", scope: "access:read" },
  { path: "/settings", icon: "sliders", label: "Settings" },
  { path: "/operations", icon: "pulse", label: "Operations" },
]

export function Sidebar({
  user,
  path,
  list,
  open,
  onClose,
  onMore,
  onSignedOut,
}: {
  readonly user: UserView
  readonly path: string
  readonly list: Loaded<List>
  readonly open: boolean
  readonly onClose: () => void
  readonly onMore: () => void
  readonly onSignedOut: () => void
}) {
  const ref = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!open) return
    ref.current?.querySelector<HTMLElement>("a, button")?.focus()
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape") onClose()
    }
    document.addEventListener("keydown", press)
    return () => document.removeEventListener("keydown", press)
  }, [open, onClose])
  return (
    <>
      <nav className={open ? "sidebar sidebar-open" : "sidebar"} aria-label="Main" ref={ref}>
        <div className="sidebar-top">
          <Brand />
          <button type="button" className="icon-button menu-button" onClick={onClose} aria-label="Close the menu">
            <Icon name="close" />
          </button>
        </div>
        <a className="button new-chat" href="/" onClick={(event) => leave(event, onClose)}>
          <Icon name="plus" /> New conversation
        </a>
        <Conversations list={list} path={path} onFollow={onClose} onMore={onMore} />
        <ul className="nav-list">
          {settings
            .filter(({ scope }) => scope === undefined || roleAllows(user.role, scope))
            .map(({ path: to, icon, label }) => (
              <li key={to}>
                <a href={to} aria-current={path === to ? "page" : undefined} onClick={(event) => leave(event, onClose)}>
                  <Icon name={icon} /> {label}
                  {to === "/approvals" && <WaitingCount />}
                </a>
              </li>
            ))}
        </ul>
        <Foot user={user} path={path} onFollow={onClose} onSignedOut={onSignedOut} />
      </nav>
      {open && <div className="veil" onClick={onClose} aria-hidden="true" />}
    </>
  )
}

const readStats = () => call(getApprovalStats, {})

/** How many questions wait for a person; nothing for none. */
function WaitingCount() {
  const [stats, reload] = useLoaded(readStats, approvalsEveryMs)
  useLiveReload(["approval:", "turn:ended"], reload)
  const waiting = stats.is === "ready" ? stats.value.pending : 0
  return waiting === 0 ? null : <span className="badge badge-warn">{waiting}</span>
}

/** A link to the page that is already open closes the menu too. */
const leave = (event: Parameters<typeof followLink>[0], onClose: () => void) => {
  followLink(event)
  onClose()
}

function Conversations({
  list,
  path,
  onFollow,
  onMore,
}: {
  readonly list: Loaded<List>
  readonly path: string
  readonly onFollow: () => void
  readonly onMore: () => void
}) {
  if (list.is === "loading") return <div className="conversations" aria-busy="true" />
  if (list.is === "failed")
    return (
      <div className="conversations">
        <p className="hint">{list.message}</p>
      </div>
    )
  const shown = list.value.data
  return (
    <div className="conversations">
      <h2 className="nav-title">Conversations</h2>
      {shown.length === 0 && <p className="hint nav-hint">None yet.</p>}
      <ul className="nav-list">
        {shown.map((one) => (
          <li key={one.id}>
            <a
              href={`/c/${one.id}`}
              aria-current={path === `/c/${one.id}` ? "page" : undefined}
              onClick={(event) => leave(event, onFollow)}
            >
              <Icon name={one.kind === "telegram" ? "plane" : "chat"} />
              <span className="nav-text">{one.title || "Untitled"}</span>
              {one.status === "idle" ? (
                <time className="nav-time" dateTime={one.lastActivityAt}>
                  {agoNow(one.lastActivityAt)}
                </time>
              ) : (
                <span className={`pulse pulse-${one.status}`}>
                  <span className="off-screen">{one.status === "running" ? "answering" : "waits for you"}</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
      {list.value.nextCursor !== null && (
        <button type="button" className="link nav-hint" onClick={onMore}>
          Show more
        </button>
      )}
    </div>
  )
}

const themes: readonly { value: Theme; label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
]

function Foot({
  user,
  path,
  onFollow,
  onSignedOut,
}: {
  readonly user: UserView
  readonly path: string
  readonly onFollow: () => void
  readonly onSignedOut: () => void
}) {
  const [theme, setTheme] = useTheme()
  const { busy, problem, act } = useAction()
  const signOut = async () => {
    if (!(await act(() => call(logOut, {})))) return
    pendingStore.clear()
    onSignedOut()
  }
  return (
    <div className="sidebar-foot">
      <fieldset className="themes">
        <legend className="off-screen">Look</legend>
        {themes.map(({ value, label }) => (
          <label key={value}>
            <input type="radio" name="theme" checked={theme === value} onChange={() => setTheme(value)} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {problem !== null && (
        <p className="hint" role="alert">
          {problem}
        </p>
      )}
      <div className="who">
        <a
          className="nav-text"
          href="/account"
          aria-current={path === "/account" ? "page" : undefined}
          onClick={(event) => leave(event, onFollow)}
          title="Your account"
        >
          {user.username}
        </a>
        <button
          type="button"
          className="icon-button"
          onClick={() => void signOut()}
          disabled={busy}
          aria-label="Sign out"
          title="Sign out"
        >
          <Icon name="leave" />
        </button>
      </div>
    </div>
  )
}
