/** The frame of the signed-in page: navigation, conversations, what is missing, and the page itself. */
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react"
import type { UserView } from "../../../core/api/access.ts"
import { listConversations } from "../../../core/api/conversations.ts"
import { getHealth } from "../../../core/api/operations.ts"
import { call } from "../api/client.ts"
import { readFirst } from "../api/read-all.ts"
import { closeChats } from "../chat/use-chat.ts"
import { useIsLive, useLiveConnection, useLiveReload, useLiveStatuses } from "../live/live.ts"
import { ChatPage } from "../pages/chat.tsx"
import { NewPage } from "../pages/new.tsx"
import type { Route } from "../router.ts"
import { parseRoute, usePath } from "../router.ts"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { untilLoaded } from "../ui/until-loaded.ts"
import { useLoaded } from "../ui/use-call.ts"
import type { ShellValue } from "./context.ts"
import { ShellContext } from "./context.ts"
import { Sidebar } from "./sidebar.tsx"

const ConversationsPage = lazy(untilLoaded(() => import("../pages/conversations.tsx")))
const RunsPage = lazy(untilLoaded(() => import("../pages/runs.tsx")))
const UsagePage = lazy(untilLoaded(() => import("../pages/usage.tsx")))
const ActivityPage = lazy(untilLoaded(() => import("../pages/activity.tsx")))
const ApprovalsPage = lazy(untilLoaded(() => import("../pages/approvals.tsx")))
const ApprovalRulesPage = lazy(untilLoaded(() => import("../pages/approval-rules.tsx")))
const RunnersPage = lazy(untilLoaded(() => import("../pages/runners.tsx")))
const PeoplePage = lazy(untilLoaded(() => import("../pages/people.tsx")))
const AccountPage = lazy(untilLoaded(() => import("../pages/account.tsx")))
const AuditPage = lazy(untilLoaded(() => import("../pages/audit.tsx")))
const ChannelsPage = lazy(untilLoaded(() => import("../pages/channels.tsx")))
const GroupsPage = lazy(untilLoaded(() => import("../pages/groups.tsx")))
const SettingsPage = lazy(untilLoaded(() => import("../pages/settings.tsx")))
const OperationsPage = lazy(untilLoaded(() => import("../pages/operations.tsx")))
const TokensPage = lazy(untilLoaded(() => import("../pages/tokens.tsx")))

const listEveryMs = 20_000
/** While changes are told: news of them may get lost. */
const liveListEveryMs = 120_000
const healthEveryMs = 60_000
const pageSize = 30

const readHealth = () => call(getHealth, {})
const readConversations = (count: number) =>
  readFirst(count, (page) => call(listConversations, { query: { ...page, archived: "false" } }))

/** Whoever does without programs and browsers need not be told on every page: Runners and Operations say it. */
function urgentHints({ parts }: Awaited<ReturnType<typeof readHealth>>): string[] {
  return Object.entries(parts).flatMap(([name, part]) => (name === "runners" ? [] : (part.hint ?? [])))
}

export function Shell({ user, onSignedOut }: { readonly user: UserView; readonly onSignedOut: () => void }) {
  const path = usePath()
  const route = useMemo(() => parseRoute(path), [path])
  /** The path on which the menu was opened: going anywhere closes it. */
  const [menuPath, setMenuPath] = useState<string | null>(null)
  const closeMenu = useCallback(() => setMenuPath(null), [])
  const menuOpen = menuPath === path
  const [limit, setLimit] = useState(pageSize)
  const takesFocus = useRef(false)
  const [list, reloadList] = useLoaded(
    useCallback(() => readConversations(limit), [limit]),
    useIsLive() ? liveListEveryMs : listEveryMs,
  )
  useLiveConnection()
  useEffect(() => closeChats, [])
  useLiveReload(["conversation:"], reloadList)
  const shown = useLiveStatuses(list)
  const [health] = useLoaded(readHealth, healthEveryMs)
  const onChanged = useCallback(() => void reloadList(), [reloadList])

  const firstPath = useRef(path)
  useEffect(() => {
    if (path !== firstPath.current) takesFocus.current = true
  }, [path])

  const value = useMemo<ShellValue>(() => ({ user, openMenu: () => setMenuPath(path), takesFocus }), [user, path])
  const problems = health.is === "ready" ? urgentHints(health.value) : []
  return (
    <ShellContext value={value}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <div className="shell">
        <Sidebar
          user={user}
          path={path}
          list={shown}
          open={menuOpen}
          onClose={closeMenu}
          onMore={() => setLimit(limit + pageSize)}
          onSignedOut={onSignedOut}
        />
        <main id="main" className="main" tabIndex={-1} inert={menuOpen}>
          {problems.map((problem) => (
            <Notice key={problem} tone="warn">
              {problem}
            </Notice>
          ))}
          <Suspense fallback={<div className="page" aria-busy="true" />}>
            <Page route={route} onChanged={onChanged} />
          </Suspense>
        </main>
      </div>
    </ShellContext>
  )
}

function Page({ route, onChanged }: { readonly route: Route; readonly onChanged: () => void }) {
  switch (route.page) {
    case "new":
      return <NewPage onChanged={onChanged} />
    case "chat":
      return <ChatPage key={route.id} id={route.id} onChanged={onChanged} />
    case "conversations":
      return <ConversationsPage />
    case "runs":
      return <RunsPage />
    case "usage":
      return <UsagePage />
    case "activity":
      return <ActivityPage />
    case "channels":
      return <ChannelsPage />
    case "groups":
      return <GroupsPage />
    case "tokens":
      return <TokensPage />
    case "approvals":
      return <ApprovalsPage />
    case "approval-rules":
      return <ApprovalRulesPage />
    case "runners":
      return <RunnersPage />
    case "people":
      return <PeoplePage />
    case "account":
      return <AccountPage />
    case "audit":
      return <AuditPage />
    case "settings":
      return <SettingsPage />
    case "operations":
      return <OperationsPage />
    case "unknown":
      return (
        <div className="page">
          <PageHead title="Not found" />
          <div className="page-body">
            <p className="muted">There is nothing at this address.</p>
          </div>
        </div>
      )
  }
}
