/** Channels: the accounts by which people reach an agent, with their live status. */
import { useContext, useState } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import type { AgentGroupView } from "../../../core/api/agents.ts"
import { assignChannel, listAgentGroups, unassignChannel } from "../../../core/api/agents.ts"
import type { ChannelView } from "../../../core/api/channels.ts"
import { createChannel, deleteChannel, listChannels, updateChannel } from "../../../core/api/channels.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { useIsLive, useLiveReload } from "../live/live.ts"
import { useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { ConfirmAction } from "../ui/confirm-action.tsx"
import { Empty } from "../ui/empty.tsx"
import { Field } from "../ui/field.tsx"
import { FormDialog } from "../ui/form-dialog.tsx"
import { Icon } from "../ui/icon.tsx"
import { ManagedBadge } from "../ui/managed.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { LongTextField, TextField } from "../ui/text-field.tsx"
import { agoNow } from "../ui/time.ts"
import { useAction, useLoaded } from "../ui/use-call.ts"
import { useOpen } from "../ui/use-open.ts"
import { parseUserIds } from "./user-ids.ts"

const everyMs = 5_000
/** While changes of state are told: when the last message came is not. */
const liveEveryMs = 30_000
const read = async () => {
  const readChannels = readAll((query) => call(listChannels, { query }))
  const [channels, groups] = await Promise.all([readChannels, readAll((query) => call(listAgentGroups, { query }))])
  return { channels, groups }
}

type Open =
  | { readonly is: "new" }
  | { readonly is: "edit"; readonly channel: ChannelView }
  | { readonly is: "delete"; readonly channel: ChannelView }

export default function ChannelsPage() {
  useTitle("Channels")
  const { user } = useContext(ShellContext)
  const mayWrite = user !== null && roleAllows(user.role, "operations:write")
  const [loaded, reload] = useLoaded(read, useIsLive() ? liveEveryMs : everyMs)
  useLiveReload(["channel:status", "settings:changed", "group:"], reload)
  const { open, setOpen, close } = useOpen<Open>(reload)
  return (
    <div className="page">
      <PageHead title="Channels">
        {mayWrite && (
          <button type="button" className="button button-main" onClick={() => setOpen({ is: "new" })}>
            <Icon name="plus" /> Add Telegram
          </button>
        )}
      </PageHead>
      <div className="page-body">
        <p className="muted">Where people reach your agents, besides this page and the API.</p>
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {loaded.is === "ready" && loaded.value.channels.length === 0 && (
          <Empty icon="plane">
            No channel yet. Add a Telegram bot, and the people you allow can write to your agent.
          </Empty>
        )}
        {loaded.is === "ready" && (
          <ul className="cards">
            {loaded.value.channels.map((channel) => (
              <ChannelCard
                key={channel.id}
                channel={channel}
                group={loaded.value.groups.find((group) => group.id === channel.groupId)}
                mayWrite={mayWrite}
                onOpen={setOpen}
                onChanged={() => void reload()}
              />
            ))}
          </ul>
        )}
      </div>
      {(open.is === "new" || open.is === "edit") && (
        <ChannelForm
          channel={open.is === "edit" ? open.channel : null}
          groups={loaded.is === "ready" ? loaded.value.groups : []}
          onClose={close}
        />
      )}
      {open.is === "delete" && <DeleteChannel channel={open.channel} onClose={close} />}
    </div>
  )
}

const statusTone = { connected: "good", connecting: "calm", disabled: "calm", failing: "bad" } as const

function ChannelCard({
  channel,
  group,
  mayWrite,
  onOpen,
  onChanged,
}: {
  readonly channel: ChannelView
  readonly group: AgentGroupView | undefined
  readonly mayWrite: boolean
  readonly onOpen: (open: Open) => void
  readonly onChanged: () => void
}) {
  const { busy, problem, act } = useAction()
  const toggle = async () => {
    const params = { channelId: channel.id }
    await act(() => call(updateChannel, { params, body: { enabled: !channel.enabled } }))
    onChanged()
  }
  const allowed = channel.config.allowedUserIds.length
  return (
    <li className="card">
      <div className="card-head">
        <h2>{channel.name}</h2>
        {channel.managed && <ManagedBadge />}
        <span className={`badge badge-${statusTone[channel.status]}`}>{channel.status}</span>
      </div>
      <p className="card-facts">
        Telegram{endOf(channel.config.botTokenHint, " · bot token")}
        {channel.mode === null ? "" : ` · by ${channel.mode === "webhook" ? "web hook" : "polling"}`}
        {` · agent: ${group?.name ?? "default"}`}
        {channel.lastInboundAt === null ? "" : ` · last message ${agoNow(channel.lastInboundAt)}`}
      </p>
      {allowed === 0 ? (
        <Notice tone="warn">Nobody is served: no user id is allowed yet.</Notice>
      ) : (
        <p className="card-facts">{allowed === 1 ? "One person is" : `${allowed} people are`} allowed to write.</p>
      )}
      {channel.problem !== null && <Notice tone="bad">{channel.problem}</Notice>}
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {mayWrite && !channel.managed && (
        <div className="actions actions-start">
          <button type="button" className="button" onClick={() => onOpen({ is: "edit", channel })}>
            Edit<span className="off-screen"> {channel.name}</span>
          </button>
          <button type="button" className="button" disabled={busy} onClick={() => void toggle()}>
            {channel.enabled ? "Disable" : "Enable"}
            <span className="off-screen"> {channel.name}</span>
          </button>
          <button type="button" className="button button-quiet-bad" onClick={() => onOpen({ is: "delete", channel })}>
            Delete<span className="off-screen"> {channel.name}</span>
          </button>
        </div>
      )}
    </li>
  )
}

function ChannelForm({
  channel,
  groups,
  onClose,
}: {
  readonly channel: ChannelView | null
  readonly groups: readonly AgentGroupView[]
  readonly onClose: () => void
}) {
  const [name, setName] = useState(channel?.name ?? "Telegram")
  const [botToken, setBotToken] = useState("")
  const [ids, setIds] = useState(channel?.config.allowedUserIds.join("\n") ?? "")
  const [isListed, setIsListed] = useState((channel?.config.approverUserIds ?? null) !== null)
  const [approvers, setApprovers] = useState(channel?.config.approverUserIds?.join("\n") ?? "")
  const [groupId, setGroupId] = useState<string>(channel?.groupId ?? "")
  /** Made by an earlier attempt whose binding then failed: it is not made twice. */
  const [made, setMade] = useState<string | null>(channel?.id ?? null)
  const allowed = parseUserIds(ids)
  const mayApprove = isListed ? parseUserIds(approvers) : ({ status: "ok", ids: null } as const)

  const save = async () => {
    if (allowed.status === "invalid" || mayApprove.status === "invalid") return
    const people = { allowedUserIds: allowed.ids, approverUserIds: mayApprove.ids }
    const channelId =
      made ?? (await call(createChannel, { body: { kind: "telegram", name, config: { botToken, ...people } } })).id
    if (made !== null) {
      const config = { ...people, ...(botToken === "" ? {} : { botToken }) }
      await call(updateChannel, { params: { channelId }, body: { name, config } })
    }
    setMade(channelId)
    const bound = channel?.groupId ?? ""
    if (groupId !== "" && groupId !== bound) await call(assignChannel, { params: { groupId, channelId } })
    if (groupId === "" && bound !== "") await call(unassignChannel, { params: { groupId: bound, channelId } })
  }
  return (
    <FormDialog
      title={channel ? `Edit ${channel.name}` : "Add a Telegram bot"}
      action={channel ? "Save" : "Add"}
      isIncomplete={allowed.status === "invalid" || mayApprove.status === "invalid"}
      save={save}
      onSaved={onClose}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onChange={setName} maxLength={100} required />
      <TextField
        label="Bot token"
        hint={
          channel
            ? `Leave it empty to keep the present one${endOf(channel.config.botTokenHint, ", which")}.`
            : "From @BotFather in Telegram, by /newbot. It is stored encrypted and never shown again."
        }
        type="password"
        value={botToken}
        onChange={setBotToken}
        autoComplete="off"
        spellCheck={false}
        required={made === null}
      />
      <UserIdsField
        label="Allowed user ids"
        hint="Numbers, one a line. @userinfobot in Telegram tells a person's id. An empty list serves nobody."
        value={ids}
        onChange={setIds}
      />
      <Field
        label="Who may approve"
        hint={
          isListed
            ? "In private chats and in groups. The page Approvals takes answers too."
            : "In a group nobody may. The page Approvals takes answers too."
        }
      >
        {(wiring) => (
          <select
            {...wiring}
            value={isListed ? "listed" : "private"}
            onChange={(event) => setIsListed(event.target.value === "listed")}
          >
            <option value="private">Whoever the private chat is with</option>
            <option value="listed">Only these people</option>
          </select>
        )}
      </Field>
      {isListed && (
        <UserIdsField
          label="User ids that may approve"
          hint="Numbers, one a line, each among the allowed ones above. With an empty list nobody may approve in a chat."
          value={approvers}
          onChange={setApprovers}
        />
      )}
      <Field label="Agent group">
        {(wiring) => (
          <select {...wiring} value={groupId} onChange={(event) => setGroupId(event.target.value)}>
            <option value="">Default</option>
            {groups.map((group) => (
              <option key={group.id} value={group.id}>
                {group.name}
              </option>
            ))}
          </select>
        )}
      </Field>
    </FormDialog>
  )
}

function UserIdsField({
  label,
  hint,
  value,
  onChange,
}: {
  readonly label: string
  readonly hint: string
  readonly value: string
  readonly onChange: (value: string) => void
}) {
  const parsed = parseUserIds(value)
  return (
    <LongTextField
      label={label}
      hint={parsed.status === "invalid" ? `“${parsed.word}” is not a user id.` : hint}
      value={value}
      onChange={onChange}
      rows={3}
      inputMode="numeric"
      aria-invalid={parsed.status === "invalid"}
    />
  )
}

function DeleteChannel({ channel, onClose }: { readonly channel: ChannelView; readonly onClose: () => void }) {
  return (
    <ConfirmAction
      title={`Delete ${channel.name}?`}
      action="Delete"
      run={() => call(deleteChannel, { params: { channelId: channel.id } })}
      onClose={onClose}
    >
      The bot stops answering and its token is forgotten. Its conversations stay on record.
    </ConfirmAction>
  )
}

/** The last characters of a stored token, to know it again by; none are told of a very short one. */
function endOf(hint: string, what: string): string {
  return hint === "" ? "" : `${what} ends in ${hint}`
}
