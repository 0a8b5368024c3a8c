/** Decides by the session what is shown: set-up, sign-in, or the gateway itself. */
import { useCallback, useEffect, useState } from "react"
import type { UserView } from "../../core/api/access.ts"
import { getAuthStatus } from "../../core/api/access.ts"
import { client, onSignedOut } from "./api/client.ts"
import type { Problem } from "./api/problem.ts"
import { toProblem } from "./api/problem.ts"
import { InvitePage } from "./pages/invite.tsx"
import { LoginPage } from "./pages/login.tsx"
import { SetupPage } from "./pages/setup.tsx"
import { navigate } from "./router.ts"
import { Shell } from "./shell/shell.tsx"
import { Brand } from "./ui/brand.tsx"

type Session =
  | { readonly is: "asking" }
  | { readonly is: "unreachable"; readonly problem: Problem }
  | { readonly is: "fresh" }
  | { readonly is: "signed_out"; readonly note: string | null }
  | { readonly is: "signed_in"; readonly user: UserView }

const retryMs = 3_000

/** @param codes - from the set-up link or an invitation's; null when the page was opened otherwise */
export function App({
  codes,
}: {
  readonly codes: { readonly setup: string | null; readonly invitation: string | null }
}) {
  const setupCode = codes.setup
  const [invitation, setInvitation] = useState(codes.invitation)
  const [session, setSession] = useState<Session>({ is: "asking" })
  const ask = useCallback(async () => {
    try {
      const status = await client.call(getAuthStatus, {})
      if (status.setupRequired) setSession({ is: "fresh" })
      else if (status.user) setSession({ is: "signed_in", user: status.user })
      else setSession({ is: "signed_out", note: setupCode ? "The gateway is already set up. Sign in instead." : null })
    } catch (error) {
      setSession({ is: "unreachable", problem: toProblem(error) })
    }
  }, [setupCode])

  useEffect(() => {
    void ask()
  }, [ask])
  useEffect(() => {
    if (session.is !== "unreachable") return
    const timer = setTimeout(() => void ask(), retryMs)
    return () => clearTimeout(timer)
  }, [session, ask])
  useEffect(
    () =>
      onSignedOut(() =>
        setSession((now) =>
          now.is === "signed_in" ? { is: "signed_out", note: "Your session is over. Sign in to go on." } : now,
        ),
      ),
    [],
  )

  const enter = (user: UserView) => {
    setInvitation(null)
    if (["/setup", "/login", "/invite"].includes(location.pathname)) navigate("/", "replace")
    setSession({ is: "signed_in", user })
  }
  const isKnown = session.is === "signed_out" || session.is === "signed_in"
  if (invitation !== null && isKnown) return <InvitePage code={invitation} onDone={enter} />
  switch (session.is) {
    case "asking":
      return <main className="gate" aria-busy="true" />
    case "unreachable":
      return (
        <main className="gate">
          <div className="gate-card">
            <Brand />
            <h1>No connection</h1>
            <output>{session.problem.message} Trying again…</output>
          </div>
        </main>
      )
    case "fresh":
      return <SetupPage code={setupCode} onDone={enter} onAlreadySetUp={() => void ask()} />
    case "signed_out":
      return <LoginPage note={session.note} onDone={enter} />
    case "signed_in":
      return <Shell user={session.user} onSignedOut={() => setSession({ is: "signed_out", note: null })} />
  }
}
