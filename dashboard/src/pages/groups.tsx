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
import { GroupForm } from "./group-form.tsx"

const read = () => readAll((query) => call(listAgentGroups, { query }))

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
        {loaded.is === "ready" && loaded.value.length === 0 && (
          <Empty icon="people">No group yet. Until there is one, the gateway's default agent answers everywhere.</Empty>
        )}
        {loaded.is === "ready" && (
          <ul className="cards">
            {loaded.value.map((group) => (
              <li key={group.id} className="card">
                <div className="card-head">
                  <h2>{group.name}</h2>
                  {group.managed && <ManagedBadge />}
                  <span className="badge">{group.model ?? "default model"}</span>
                </div>
                {group.description !== "" && <p className="card-facts">{group.description}</p>}
                <p className="card-prompt">
                  {group.systemPrompt === "" ? "The gateway's own prompt." : group.systemPrompt}
                </p>
                <p className="card-facts">{factsOf(group)}</p>
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

function factsOf(group: AgentGroupView): string {
  const channels = group.channelIds.length
  return [
    group.hasApiKey ? "own API key" : "the gateway's API key",
    ...(group.hotSwapConfig?.enabled ? ["model by difficulty"] : []),
    ...(group.fallbackChainConfig?.enabled ? [fallbacksOf(group.fallbackChainConfig.providers.length)] : []),
    ...(group.skills.length === 0 ? [] : [`skills: ${group.skills.join(", ")}`]),
    channels === 0 ? "no channel" : channels === 1 ? "one channel" : `${channels} channels`,
    ...(group.budgetMaxTokensDay === null ? [] : [`${group.budgetMaxTokensDay.toLocaleString()} tokens a day`]),
    ...(group.budgetMaxTokensMonth === null ? [] : [`${group.budgetMaxTokensMonth.toLocaleString()} tokens a month`]),
  ].join(" · ")
}

const fallbacksOf = (count: number) => (count === 1 ? "one fallback" : `${count} fallbacks`)

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
