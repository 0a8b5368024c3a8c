/** Someone's sessions, each of which can be ended. */
import type { SessionView } from "../../../core/api/users.ts"
import { agoNow } from "./time.ts"
import { useAction } from "./use-call.ts"

/** @param onEnd - ends one and reads the list anew */
export function Sessions({
  sessions,
  onEnd,
}: {
  readonly sessions: readonly SessionView[]
  readonly onEnd: (session: SessionView) => Promise<unknown>
}) {
  const { busy, problem, act } = useAction()
  if (sessions.length === 0) return <p className="muted">No open session.</p>
  return (
    <>
      {problem !== null && (
        <p className="notice notice-bad" role="alert">
          {problem}
        </p>
      )}
      <ul className="cards">
        {sessions.map((session) => (
          <li key={session.id} className="card card-row">
            <div>
              <h3>
                {browserOf(session.userAgent)} {session.isCurrent && <span className="badge badge-good">this one</span>}
              </h3>
              <p className="card-facts">
                since {new Date(session.createdAt).toLocaleDateString()} · last used {agoNow(session.lastUsedAt)}
              </p>
            </div>
            {!session.isCurrent && (
              <button
                type="button"
                className="button button-quiet-bad"
                disabled={busy}
                onClick={() => void act(() => onEnd(session))}
              >
                End<span className="off-screen"> the session in {browserOf(session.userAgent)}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

const browsers = ["Firefox", "Edg", "OPR", "Chrome", "Safari", "curl"] as const
const systems = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"] as const

/** What people call it: `Chrome on Linux`. The header says much more, and little that is true. */
function browserOf(userAgent: string): string {
  const browser = browsers.find((name) => userAgent.includes(name))
  const system = systems.find((name) => userAgent.includes(name))
  const named = browser === "Edg" ? "Edge" : browser === "OPR" ? "Opera" : browser
  if (named === undefined) return userAgent === "" ? "Unknown program" : userAgent.slice(0, 40)
  return system === undefined ? named : `${named} on ${system}`
}
