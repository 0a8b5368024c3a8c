/** Agent groups: separate agents, each with its own prompt, model, key and limits. */
import { useContext } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import type { AgentGroupView } from "../../../core/api/agents.ts"
import { deleteAgentGroup, listAgentGroups } from "../../../core/api/agents.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { useLiveReload } from "../live/live.ts"
import { useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { ConfirmAction } from "../ui/confirm-action.tsx"
import { Empty } from "../ui/empty.tsx"
import { Icon } from "../ui/icon.tsx"
import { ManagedBadge } from "../ui/managed.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { useLoaded } from "../ui/use-call.ts"
import { useOpen } from "../ui/use-open.ts"
import { answeredBy, factsOf, notesOf } from "./group-facts.ts"
import { GroupForm } from "./group-form.tsx"
import { readModelWorld } from "./model-world.ts"

async function read() {
  const [groups, world] = await Promise.all([
    readAll((query) => call(listAgentGroups, { query })),
    // Without it the groups are shown all the same.
    readModelWorld().catch(() => undefined),
  ])
  return { groups, world }
}

type Open =
  | { readonly is: "new" }
  | { readonly is: "edit"; readonly group: AgentGroupView }
  | { readonly is: "delete"; readonly group: AgentGroupView }

export default function GroupsPage() {
  useTitle("Agent groups")
  const { user } = useContext(ShellContext)
  const mayWrite = user !== null && roleAllows(user.role, "agents:write")
  const [loaded, reload] = useLoaded(read)
  useLiveReload(["group:", "settings:changed"], reload)
  const { open, setOpen, close } = useOpen<Open>(reload)
  return (
    <div className="page">
      <PageHead title="Agent groups">
        {mayWrite && (
          <button type="button" className="button button-main" onClick={() => setOpen({ is: "new" })}>
            <Icon name="plus" /> New group
          </button>
        )}
      </PageHead>
      <div className="page-body">
        <p className="muted">
          Each group is an agent of its own. Choose one for a conversation, or bind a channel to it.
        </p>
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {loaded.is === "ready" && loaded.value.groups.length === 0 && (
          <Empty icon="people">No group yet. Until there is one, the gateway's default agent answers everywhere.</Empty>
        )}
        {loaded.is === "ready" && (
          <ul className="cards">
            {loaded.value.groups.map((group) => (
              <li key={group.id} className="card">
                <div className="card-head">
                  <h2>{group.name}</h2>
                  {group.managed && <ManagedBadge />}
                  <span className="badge">{answeredBy(group, loaded.value.world?.choice)}</span>
                </div>
                {group.description !== "" && <p className="card-facts">{group.description}</p>}
                <p className="card-prompt">
                  {group.systemPrompt === "" ? "The gateway's own prompt." : group.systemPrompt}
                </p>
                <p className="card-facts">{factsOf(group)}</p>
                {(loaded.value.world ? notesOf(group, loaded.value.world) : []).map((note) => (
                  <Notice key={note} tone="warn">
                    {note}
                  </Notice>
                ))}
                {mayWrite && !group.managed && (
                  <div className="actions actions-start">
                    <button type="button" className="button" onClick={() => setOpen({ is: "edit", group })}>
                      Edit<span className="off-screen"> {group.name}</span>
                    </button>
                    <button
                      type="button"
                      className="button button-quiet-bad"
                      onClick={() => setOpen({ is: "delete", group })}
                    >
                      Delete<span className="off-screen"> {group.name}</span>
                    </button>
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
      {(open.is === "new" || open.is === "edit") && (
        <GroupForm group={open.is === "edit" ? open.group : null} onClose={close} />
      )}
      {open.is === "delete" && <DeleteGroup group={open.group} onClose={close} />}
    </div>
  )
}

function DeleteGroup({ group, onClose }: { readonly group: AgentGroupView; readonly onClose: () => void }) {
  return (
    <ConfirmAction
      title={`Delete ${group.name}?`}
      action="Delete"
      run={() => call(deleteAgentGroup, { params: { groupId: group.id } })}
      onClose={onClose}
    >
      Its prompt and key are forgotten. Conversations stay on record.
    </ConfirmAction>
  )
}
