/** People of this gateway: accounts with their roles, invitations, and everybody's tokens. For administrators. */
import { useCallback } from "react"
import type { Role } from "../../../core/access/scope.ts"
import {
  type AccountView,
  deleteUser,
  endSession,
  type InvitationView,
  type IssuedTokenView,
  listInvitations,
  listIssuedTokens,
  listSessions,
  listUsers,
  revokeInvitation,
  revokeIssuedToken,
  updateUser,
} from "../../../core/api/users.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { useTitle } from "../router.ts"
import { ConfirmAction } from "../ui/confirm-action.tsx"
import { Dialog, DialogDone } from "../ui/dialog.tsx"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { Sessions } from "../ui/sessions.tsx"
import { agoNow } from "../ui/time.ts"
import { useAction, useLoaded } from "../ui/use-call.ts"
import { useOpen } from "../ui/use-open.ts"
import { Invite } from "./people-invite.tsx"

const read = async () => {
  const [people, invitations, tokens] = await Promise.all([
    readAll((query) => call(listUsers, { query })),
    call(listInvitations, {}),
    readAll((query) => call(listIssuedTokens, { query })),
  ])
  return { people, invitations: invitations.data, tokens: tokens.filter(({ revokedAt }) => revokedAt === null) }
}

type Open =
  | { readonly is: "invite" }
  | { readonly is: "remove"; readonly person: AccountView }
  | { readonly is: "sessions"; readonly person: AccountView }
  | { readonly is: "revoke"; readonly token: IssuedTokenView }

export default function PeoplePage() {
  useTitle("People")
  const [loaded, reload] = useLoaded(read)
  const { open, setOpen, close } = useOpen<Open>(reload)
  return (
    <div className="page">
      <PageHead title="People">
        <button type="button" className="button button-main" onClick={() => setOpen({ is: "invite" })}>
          <Icon name="plus" /> Invite
        </button>
      </PageHead>
      <div className="page-body">
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {loaded.is === "ready" && (
          <>
            <ul className="cards">
              {loaded.value.people.map((person) => (
                <Person key={person.id} person={person} onOpen={setOpen} onChanged={reload} />
              ))}
            </ul>
            <Invitations invitations={loaded.value.invitations} onChanged={reload} />
            <Tokens tokens={loaded.value.tokens} onRevoke={(token) => setOpen({ is: "revoke", token })} />
          </>
        )}
      </div>
      {open.is === "invite" && <Invite onClose={close} />}
      {open.is === "sessions" && <PersonSessions person={open.person} onClose={close} />}
      {open.is === "remove" && <Remove person={open.person} onClose={close} />}
      {open.is === "revoke" && <Revoke token={open.token} onClose={close} />}
    </div>
  )
}

const roles: readonly (readonly [Role, string])[] = [
  ["admin", "Administrator"],
  ["operator", "Operator"],
  ["viewer", "Viewer"],
]

function Person({
  person,
  onOpen,
  onChanged,
}: {
  readonly person: AccountView
  readonly onOpen: (open: Open) => void
  readonly onChanged: () => Promise<void>
}) {
  const { busy, problem, act } = useAction()
  const change = (body: { role?: Role; disabled?: boolean }) =>
    void act(async () => {
      await call(updateUser, { params: { userId: person.id }, body })
    }).finally(() => void onChanged())
  const choose = (value: string) => {
    const chosen = roles.find(([role]) => role === value)
    if (chosen !== undefined) change({ role: chosen[0] })
  }
  return (
    <li className="card">
      <div className="card-head">
        <h2>
          {person.username} {person.isSelf && <span className="badge badge-good">you</span>}
          {person.disabled && <span className="badge badge-bad">disabled</span>}
        </h2>
        <select
          className="role-choice"
          aria-label={`Role of ${person.username}`}
          value={person.role}
          disabled={busy}
          onChange={(event) => choose(event.target.value)}
        >
          {roles.map(([role, label]) => (
            <option key={role} value={role}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <p className="card-facts">
        since {new Date(person.createdAt).toLocaleDateString()} · password of{" "}
        {new Date(person.passwordChangedAt).toLocaleDateString()}
      </p>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      <div className="actions actions-start">
        <button type="button" className="button" onClick={() => onOpen({ is: "sessions", person })}>
          Sessions<span className="off-screen"> of {person.username}</span>
        </button>
        <button type="button" className="button" disabled={busy} onClick={() => change({ disabled: !person.disabled })}>
          {person.disabled ? "Enable" : "Disable"}
          <span className="off-screen"> {person.username}</span>
        </button>
        <button type="button" className="button button-quiet-bad" onClick={() => onOpen({ is: "remove", person })}>
          Remove<span className="off-screen"> {person.username}</span>
        </button>
      </div>
    </li>
  )
}

function Invitations({
  invitations,
  onChanged,
}: {
  readonly invitations: readonly InvitationView[]
  readonly onChanged: () => Promise<void>
}) {
  const { busy, problem, act } = useAction()
  if (invitations.length === 0) return null
  return (
    <section>
      <h2 className="section-title">Invitations</h2>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      <ul className="cards">
        {invitations.map(({ id, role, createdBy, expiresAt }) => (
          <li key={id} className="card card-row">
            <div>
              <h3>As {role}</h3>
              <p className="card-facts">
                by {createdBy ?? "someone who left"} · open until {new Date(expiresAt).toLocaleString()}
              </p>
            </div>
            <button
              type="button"
              className="button button-quiet-bad"
              disabled={busy}
              onClick={() =>
                void act(() => call(revokeInvitation, { params: { invitationId: id } })).finally(() => void onChanged())
              }
            >
              Take back<span className="off-screen"> the invitation as {role}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Tokens({
  tokens,
  onRevoke,
}: {
  readonly tokens: readonly IssuedTokenView[]
  readonly onRevoke: (token: IssuedTokenView) => void
}) {
  if (tokens.length === 0) return null
  return (
    <section>
      <h2 className="section-title">API tokens of all</h2>
      <ul className="cards">
        {tokens.map((token) => (
          <li key={token.tokenId} className="card card-row">
            <div>
              <h3>{token.label}</h3>
              <p className="card-facts">
                {token.username ?? "someone who left"} ·{" "}
                {token.lastUsedAt === null ? "never used" : `last used ${agoNow(token.lastUsedAt)}`} ·{" "}
                {token.scopes.join(", ")}
              </p>
            </div>
            <button type="button" className="button button-quiet-bad" onClick={() => onRevoke(token)}>
              Revoke<span className="off-screen"> {token.label}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function PersonSessions({ person, onClose }: { readonly person: AccountView; readonly onClose: () => void }) {
  const params = { userId: person.id }
  const [loaded, reload] = useLoaded(
    useCallback(() => call(listSessions, { params: { userId: person.id } }), [person.id]),
  )
  return (
    <Dialog title={`Sessions of ${person.username}`} onClose={onClose}>
      {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
      {loaded.is === "ready" && (
        <Sessions
          sessions={loaded.value.data}
          onEnd={async ({ id }) => {
            await call(endSession, { params: { ...params, sessionId: id } })
            await reload()
          }}
        />
      )}
      <DialogDone onClose={onClose} />
    </Dialog>
  )
}

function Remove({ person, onClose }: { readonly person: AccountView; readonly onClose: () => void }) {
  return (
    <ConfirmAction
      title={`Remove ${person.username}?`}
      action="Remove"
      run={() => call(deleteUser, { params: { userId: person.id } })}
      onClose={onClose}
    >
      Their sessions and tokens end at once. What they said stays on record.
    </ConfirmAction>
  )
}

function Revoke({ token, onClose }: { readonly token: IssuedTokenView; readonly onClose: () => void }) {
  return (
    <ConfirmAction
      title={`Revoke ${token.label}?`}
      action="Revoke"
      run={() => call(revokeIssuedToken, { params: { tokenId: token.tokenId } })}
      onClose={onClose}
    >
      Programs of {token.username ?? "someone who left"} that use it are refused from then on.
    </ConfirmAction>
  )
}
