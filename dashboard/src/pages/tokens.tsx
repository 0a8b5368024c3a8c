/** API tokens of the signed-in person: made here, shown once, revoked here. */
import { useContext, useState } from "react"
import type { Scope } from "../../../core/access/scope.ts"
import { defaultTokenScopes, scopesFor } from "../../../core/access/scope.ts"
import type { TokenView } from "../../../core/api/tokens.ts"
import { createToken, listTokens, revokeToken } from "../../../core/api/tokens.ts"
import { call } from "../api/client.ts"
import { useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { ConfirmAction } from "../ui/confirm-action.tsx"
import { Empty } from "../ui/empty.tsx"
import { Field } from "../ui/field.tsx"
import { FormDialog } from "../ui/form-dialog.tsx"
import { Icon } from "../ui/icon.tsx"
import { MayDo } from "../ui/may-do.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { ShownOnce } from "../ui/shown-once.tsx"
import { TextField } from "../ui/text-field.tsx"
import { agoNow } from "../ui/time.ts"
import { useLoaded } from "../ui/use-call.ts"
import { useOpen } from "../ui/use-open.ts"

const read = () => call(listTokens, {})

type Open =
  | { readonly is: "new" }
  | { readonly is: "made"; readonly token: string }
  | { readonly is: "revoke"; readonly token: TokenView }

export default function TokensPage() {
  useTitle("API tokens")
  const [loaded, reload] = useLoaded(read)
  const { open, setOpen, close } = useOpen<Open>(reload)
  return (
    <div className="page">
      <PageHead title="API tokens">
        <button type="button" className="button button-main" onClick={() => setOpen({ is: "new" })}>
          <Icon name="plus" /> New token
        </button>
      </PageHead>
      <div className="page-body">
        <p className="muted">
          For programs that drive the loop API under <code>/api/v1</code> in your name. What they can call is written
          down in the <a href="/api/docs">API documentation</a>.
        </p>
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {loaded.is === "ready" && loaded.value.tokens.length === 0 && <Empty icon="key">No token yet.</Empty>}
        {loaded.is === "ready" && (
          <ul className="cards">
            {loaded.value.tokens.map((token) => (
              <li key={token.tokenId} className="card card-row">
                <div>
                  <h2>{token.label}</h2>
                  <p className="card-facts">{factsOf(token)}</p>
                  <p className="scopes">
                    {token.scopes.map((scope) => (
                      <span key={scope} className="badge">
                        {scope}
                      </span>
                    ))}
                  </p>
                </div>
                <button
                  type="button"
                  className="button button-quiet-bad"
                  onClick={() => setOpen({ is: "revoke", token })}
                >
                  Revoke<span className="off-screen"> {token.label}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      {open.is === "new" && <NewToken onMade={(token) => setOpen({ is: "made", token })} onClose={close} />}
      {open.is === "made" && <MadeToken token={open.token} onClose={close} />}
      {open.is === "revoke" && <Revoke token={open.token} onClose={close} />}
    </div>
  )
}

function factsOf(token: TokenView): string {
  const now = Date.now()
  const expiry = token.expiresAt === undefined ? null : Date.parse(token.expiresAt)
  return [
    `made ${new Date(token.createdAt).toLocaleDateString()}`,
    token.lastUsedAt === undefined ? "never used" : `last used ${agoNow(token.lastUsedAt)}`,
    expiry === null
      ? "does not expire"
      : `${expiry <= now ? "expired" : "expires"} ${new Date(expiry).toLocaleDateString()}`,
  ].join(" · ")
}

const dayS = 24 * 60 * 60
const lifetimes = [
  { label: "30 days", seconds: 30 * dayS },
  { label: "90 days", seconds: 90 * dayS },
  { label: "One year", seconds: 365 * dayS },
  { label: "Does not expire", seconds: 0 },
]

const asCode = (scope: Scope) => <code>{scope}</code>

function NewToken({ onMade, onClose }: { readonly onMade: (token: string) => void; readonly onClose: () => void }) {
  const { user } = useContext(ShellContext)
  const offered = user === null ? [] : scopesFor(user.role)
  const [label, setLabel] = useState("")
  const [scopes, setScopes] = useState<readonly Scope[]>(defaultTokenScopes)
  const [seconds, setSeconds] = useState(90 * dayS)
  const save = () => {
    const lifetime = seconds === 0 ? {} : { ttlSeconds: seconds }
    return call(createToken, { body: { label, scopes: [...scopes], ...lifetime } })
  }
  return (
    <FormDialog
      title="New API token"
      action="Create"
      isIncomplete={scopes.length === 0}
      save={save}
      onSaved={({ token }) => onMade(token)}
      onClose={onClose}
    >
      <TextField
        label="Label"
        hint="So that you know it again, for example the program that uses it."
        value={label}
        onChange={setLabel}
        maxLength={100}
        required
      />
      <MayDo options={offered} chosen={scopes} onChange={setScopes} show={asCode} />
      <Field label="Lifetime">
        {(wiring) => (
          <select {...wiring} value={seconds} onChange={(event) => setSeconds(Number(event.target.value))}>
            {lifetimes.map((one) => (
              <option key={one.label} value={one.seconds}>
                {one.label}
              </option>
            ))}
          </select>
        )}
      </Field>
    </FormDialog>
  )
}

function MadeToken({ token, onClose }: { readonly token: string; readonly onClose: () => void }) {
  return (
    <ShownOnce title="Your new token" secret={token} copyLabel="Copy token" onClose={onClose}>
      Copy it now: it is not shown again.
    </ShownOnce>
  )
}

function Revoke({ token, onClose }: { readonly token: TokenView; readonly onClose: () => void }) {
  return (
    <ConfirmAction
      title={`Revoke ${token.label}?`}
      action="Revoke"
      run={() => call(revokeToken, { params: { tokenId: token.tokenId } })}
      onClose={onClose}
    >
      Programs that use it are refused from then on.
    </ConfirmAction>
  )
}
