/** What can be done with a conversation as a whole: see and set its budget, save its record, archive it, erase it. */
import { lazy, Suspense, useContext, useId, useRef, useState } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import type { ConversationView } from "../../../core/api/conversations.ts"
import {
  archiveConversation,
  eraseConversation,
  exportConversation,
  unarchiveConversation,
} from "../../../core/api/conversations.ts"
import { toUrl } from "../../../core/api/endpoint.ts"
import { call } from "../api/client.ts"
import { navigate } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { Confirm } from "../ui/dialog.tsx"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { untilLoaded } from "../ui/until-loaded.ts"
import { useAction } from "../ui/use-call.ts"

const ConversationBudgetDialog = lazy(untilLoaded(() => import("../pages/conversation-budget.tsx")))
type Asked = "budget" | "archive" | "erase"

export function ConversationTools({
  conversation,
  onChanged,
}: {
  readonly conversation: ConversationView
  readonly onChanged: () => void
}) {
  const { user } = useContext(ShellContext)
  const menu = useRef<HTMLDivElement>(null)
  const menuId = useId()
  const [asks, setAsks] = useState<Asked | null>(null)
  const { busy, problem, act } = useAction()
  const params = { id: conversation.id }
  const mayWrite = user !== null && roleAllows(user.role, "conversations:write")
  const mayErase = user !== null && roleAllows(user.role, "conversations:erase")
  const close = () => menu.current?.hidePopover()
  const ask = (what: Asked) => {
    close()
    setAsks(what)
  }
  const unarchive = async () => {
    close()
    if (await act(() => call(unarchiveConversation, { params }))) onChanged()
  }
  const archive = async () => {
    if (!(await act(() => call(archiveConversation, { params })))) return
    onChanged()
    setAsks(null)
  }
  const erase = async () => {
    if (!(await act(() => call(eraseConversation, { params })))) return
    onChanged()
    navigate("/")
  }
  const isArchived = conversation.archivedAt !== null
  return (
    <>
      {problem !== null && asks === null && <Notice tone="bad">{problem}</Notice>}
      <button
        type="button"
        className="icon-button"
        popoverTarget={menuId}
        aria-label="More about this conversation"
        title="More"
      >
        <Icon name="more" />
      </button>
      <div id={menuId} popover="auto" className="menu" ref={menu}>
        <ul className="menu-list">
          <li>
            <button type="button" onClick={() => ask("budget")}>
              <Icon name="bars" /> Budget
            </button>
          </li>
          {exports.map(({ format, label }) => (
            <li key={format}>
              <a href={toUrl(exportConversation.path, params, { format })} download onClick={close}>
                <Icon name="save" /> {label}
              </a>
            </li>
          ))}
          {mayWrite && (
            <li>
              <button type="button" disabled={busy} onClick={() => (isArchived ? void unarchive() : ask("archive"))}>
                <Icon name={isArchived ? "unarchive" : "archive"} />{" "}
                {isArchived ? "Take out of the archive" : "Archive"}
              </button>
            </li>
          )}
          {mayErase && (
            <li>
              <button type="button" className="menu-bad" disabled={busy} onClick={() => ask("erase")}>
                <Icon name="erase" /> Erase for good
              </button>
            </li>
          )}
        </ul>
      </div>
      {asks === "budget" && (
        <Suspense>
          <ConversationBudgetDialog id={conversation.id} onClose={() => setAsks(null)} />
        </Suspense>
      )}
      {asks === "archive" && (
        <Confirm
          title="Archive this conversation?"
          action="Archive"
          busy={busy}
          problem={problem}
          onClose={() => setAsks(null)}
          onConfirm={() => void archive()}
        >
          What runs is stopped. The record stays, and you can take the conversation out of the archive again.
        </Confirm>
      )}
      {asks === "erase" && (
        <Confirm
          title="Erase this conversation for good?"
          action="Erase"
          busy={busy}
          problem={problem}
          onClose={() => setAsks(null)}
          onConfirm={() => void erase()}
        >
          What runs is stopped, and everything that was said is deleted for good, wherever this gateway stores it. What
          it used stays counted.
        </Confirm>
      )}
    </>
  )
}

const exports = [
  { format: "markdown", label: "Save as Markdown" },
  { format: "json", label: "Save as JSON" },
] as const
