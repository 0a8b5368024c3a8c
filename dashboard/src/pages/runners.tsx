/** Runners: what they can do and have to do, how one is added, ordered and thrown out, and what they did last. */
import { useCallback, useContext } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import { type CommandSummary, cancelCommand, listCommands } from "../../../core/api/commands.ts"
import { listRunners, restartRunner, revokeRunner, type RunnerView, shutDownRunner } from "../../../core/api/runners.ts"
import { call } from "../api/client.ts"
import { useLiveReload } from "../live/live.ts"
import { followLink, useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { ConfirmAction } from "../ui/confirm-action.tsx"
import { Empty } from "../ui/empty.tsx"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { agoNow, duration } from "../ui/time.ts"
import { useAction, useLoaded } from "../ui/use-call.ts"
import { useOpen } from "../ui/use-open.ts"
import { AddRunner } from "./runners-add.tsx"

const everyMs = 15_000
/** The list comes from the record, which is a second behind the events. */
const recordedWithinMs = 1_500
const commandEvents = [
  "command.pending",
  "command.accepted",
  "command.running",
  "command.succeeded",
  "command.failed",
  "command.timed_out",
  "command.rejected",
  "command.canceled",
] as const

const readRunners = () => call(listRunners, {})
const readCommands = () => call(listCommands, { query: { limit: 30 } })

type Order = "restart" | "shutdown" | "revoke"
type Open = { readonly is: "add" } | { readonly is: "order"; readonly order: Order; readonly runner: RunnerView }

export default function RunnersPage() {
  useTitle("Runners")
  const { user } = useContext(ShellContext)
  const [runners, reload] = useLoaded(readRunners, everyMs)
  const { open, setOpen, close } = useOpen<Open>(reload)
  useLiveReload(["runner:status", ...commandEvents], reload)
  const mayOrder = user !== null && roleAllows(user.role, "access:write")
  return (
    <div className="page page-wide">
      <PageHead title="Runners">
        {mayOrder && (
          <button type="button" className="button button-main" onClick={() => setOpen({ is: "add" })}>
            <Icon name="plus" /> Add a runner
          </button>
        )}
      </PageHead>
      <div className="page-body">
        <p className="muted">
          Where agents' programs and browsers run: here, and on machines that connect to this gateway.
        </p>
        {runners.is === "failed" && <Notice tone="bad">{runners.message}</Notice>}
        {runners.is === "ready" && runners.value.data.length === 0 && (
          <Empty icon="box">No runner yet: agents have no programs and no browser.</Empty>
        )}
        {runners.is === "ready" && (
          <ul className="cards">
            {runners.value.data.map((runner) => (
              <Runner
                key={runner.id}
                runner={runner}
                onOrder={mayOrder ? (order) => setOpen({ is: "order", order, runner }) : undefined}
              />
            ))}
          </ul>
        )}
        <Commands runners={runners.is === "ready" ? runners.value.data : []} />
      </div>
      {open.is === "add" && <AddRunner onClose={close} />}
      {open.is === "order" && <AskOrder order={open.order} runner={open.runner} onClose={close} />}
    </div>
  )
}

const states = {
  online: { label: "online", tone: "badge badge-good" },
  draining: { label: "ends what it has", tone: "badge badge-warn" },
  stale: { label: "silent", tone: "badge badge-warn" },
  offline: { label: "offline", tone: "badge" },
  revoked: { label: "revoked", tone: "badge badge-bad" },
} as const

const names = { sandbox: "programs", browser: "browser" } as const

function Runner({
  runner,
  onOrder,
}: {
  readonly runner: RunnerView
  readonly onOrder: ((order: Order) => void) | undefined
}) {
  const { label, tone } = states[runner.state]
  const isConnected = runner.state === "online" || runner.state === "draining"
  return (
    <li className="card">
      <div className="card-head">
        <h2>
          {runner.hostname} {runner.isBuiltIn && <span className="badge">this gateway</span>}
        </h2>
        <span className={tone}>{label}</span>
      </div>
      <p className="card-facts">
        {runner.running} of {runner.slots} busy · version {runner.version} · {runner.platform} ·{" "}
        {isConnected ? "here" : "seen"} {agoNow(runner.lastSeenAt)} · <code>{runner.id}</code>
      </p>
      <p className="scopes">
        {runner.capabilities.map(({ name, status }) => (
          <span key={name} className={status === "ok" ? "badge badge-good" : "badge badge-warn"}>
            {names[name]}
          </span>
        ))}
      </p>
      {runner.capabilities.map(
        ({ name, problem }) =>
          problem !== null && (
            <Notice key={name} tone="warn">
              {problem}
            </Notice>
          ),
      )}
      {onOrder !== undefined && !runner.isBuiltIn && runner.state !== "revoked" && (
        <div className="actions actions-start">
          {isConnected && (
            <>
              <button type="button" className="button" onClick={() => onOrder("restart")}>
                Restart<span className="off-screen"> {runner.hostname}</span>
              </button>
              <button type="button" className="button" onClick={() => onOrder("shutdown")}>
                Shut down<span className="off-screen"> {runner.hostname}</span>
              </button>
            </>
          )}
          <button type="button" className="button button-quiet-bad" onClick={() => onOrder("revoke")}>
            Revoke<span className="off-screen"> {runner.hostname}</span>
          </button>
        </div>
      )}
    </li>
  )
}

const orders = {
  restart: {
    endpoint: restartRunner,
    action: "Restart",
    what: "It ends what it has first, for up to a minute, and comes back.",
  },
  shutdown: {
    endpoint: shutDownRunner,
    action: "Shut down",
    what: "It ends what it has first, for up to a minute. To have it back, start it on its machine.",
  },
  revoke: {
    endpoint: revokeRunner,
    action: "Revoke",
    what: "Its token opens nothing any more, and what it has begun is interrupted: what that had done by then is unknown.",
  },
} as const

function AskOrder({
  order,
  runner,
  onClose,
}: {
  readonly order: Order
  readonly runner: RunnerView
  readonly onClose: () => void
}) {
  const { endpoint, action, what } = orders[order]
  return (
    <ConfirmAction
      title={`${action} ${runner.hostname}?`}
      action={action}
      run={() => call(endpoint, { params: { runnerId: runner.id } })}
      onClose={onClose}
    >
      {what}
    </ConfirmAction>
  )
}

const statuses = {
  pending: { label: "waits", tone: "badge badge-warn" },
  accepted: { label: "taken", tone: "badge badge-warn" },
  running: { label: "running", tone: "badge badge-good" },
  succeeded: { label: "done", tone: "badge" },
  failed: { label: "failed", tone: "badge badge-bad" },
  timed_out: { label: "took too long", tone: "badge badge-bad" },
  rejected: { label: "not taken", tone: "badge badge-bad" },
  canceled: { label: "called back", tone: "badge" },
} as const

function Commands({ runners }: { readonly runners: readonly RunnerView[] }) {
  const [loaded, reload] = useLoaded(readCommands, everyMs)
  useLiveReload(commandEvents, reload, recordedWithinMs)
  if (loaded.is === "failed") return <Notice tone="bad">{loaded.message}</Notice>
  if (loaded.is === "loading" || loaded.value.data.length === 0) return null
  const hosts = new Map(runners.map(({ id, hostname }) => [id, hostname]))
  return (
    <section className="table-frame" aria-label="Commands" tabIndex={0}>
      <h2 className="section-title">What they did last</h2>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Asked</th>
            <th scope="col">What</th>
            <th scope="col">State</th>
            <th scope="col">Runner</th>
            <th scope="col" className="number">
              Took
            </th>
            <th scope="col">
              <span className="off-screen">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {loaded.value.data.map((command) => (
            <Command
              key={command.id}
              command={command}
              host={command.runnerId === null ? "" : (hosts.get(command.runnerId) ?? command.runnerId)}
              onChanged={reload}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Command({
  command,
  host,
  onChanged,
}: {
  readonly command: CommandSummary
  readonly host: string
  readonly onChanged: () => Promise<void>
}) {
  const { user } = useContext(ShellContext)
  const { busy, problem, act } = useAction()
  const { label, tone } = statuses[command.status]
  const { startedAt, endedAt, conversationId } = command
  const cancel = useCallback(
    () => call(cancelCommand, { params: { commandId: command.id } }).finally(() => void onChanged()),
    [command.id, onChanged],
  )
  const mayCancel = endedAt === null && user !== null && roleAllows(user.role, "operations:write")
  const asked = new Date(command.createdAt).toLocaleString()
  return (
    <tr>
      <th scope="row">
        {conversationId === null ? (
          asked
        ) : (
          <a href={`/c/${conversationId}`} onClick={followLink}>
            {asked}
          </a>
        )}
      </th>
      <td>
        {command.kind}
        {command.correlationId !== null && <p className="hint">{command.correlationId}</p>}
      </td>
      <td>
        <span className={tone}>{label}</span>
        {command.failureCode !== null && <p className="hint">{command.failureCode.replaceAll("_", " ")}</p>}
        {problem !== null && <p className="hint">{problem}</p>}
      </td>
      <td>{host}</td>
      <td className="number">
        {startedAt === null || endedAt === null
          ? ""
          : duration(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)))}
      </td>
      <td>
        {mayCancel && (
          <button type="button" className="button button-quiet-bad" disabled={busy} onClick={() => void act(cancel)}>
            Call back
          </button>
        )}
      </td>
    </tr>
  )
}
