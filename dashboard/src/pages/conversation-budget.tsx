/** What one conversation has spent, what it may spend, and limits of its own that go before its group's and the gateway's. */
import type { FormEvent } from "react"
import { useCallback, useContext, useState } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import type { BudgetLimitsView, ConversationBudgetView } from "../../../core/api/budgets.ts"
import { getConversationBudget, setConversationBudget } from "../../../core/api/budgets.ts"
import { call } from "../api/client.ts"
import { useLiveReload } from "../live/live.ts"
import { ShellContext } from "../shell/context.ts"
import { BudgetMeter } from "../ui/budget-meter.tsx"
import { Dialog, DialogDone } from "../ui/dialog.tsx"
import { showMoney } from "../ui/money.ts"
import { Notice } from "../ui/notice.tsx"
import { useAction, useLoaded } from "../ui/use-call.ts"
import { BudgetFields, sharedFields } from "./budget-fields.tsx"
import { type BudgetRow, budgetRows, showInstant } from "./budget-rows.ts"

type Field = (typeof sharedFields)[number]

/** For when the live feed is not there. */
const everyMs = 15_000

const limitOf = {
  budgetMaxTokensDay: "maxTokensDay",
  budgetMaxTokensMonth: "maxTokensMonth",
  budgetMaxUsdDay: "maxUsdDay",
  budgetMaxUsdMonth: "maxUsdMonth",
} as const satisfies Record<Field, keyof BudgetLimitsView>

export default function ConversationBudgetDialog({
  id,
  onClose,
}: {
  readonly id: string
  readonly onClose: () => void
}) {
  const { user } = useContext(ShellContext)
  const [loaded, reload] = useLoaded(
    useCallback(() => call(getConversationBudget, { params: { id } }), [id]),
    everyMs,
  )
  useLiveReload(["usage:recorded", "settings:changed", "group:updated"], reload)
  const mayWrite = user !== null && roleAllows(user.role, "operations:write")
  return (
    <Dialog title="Budget of this conversation" onClose={onClose}>
      {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
      {loaded.is === "ready" && <Spending {...loaded.value} />}
      {loaded.is === "ready" && mayWrite ? (
        <OwnLimits id={id} budget={loaded.value} onChanged={reload} onClose={onClose} />
      ) : (
        <DialogDone onClose={onClose} />
      )}
    </Dialog>
  )
}

function Spending({ budget, own, day, month, timeZone }: ConversationBudgetView) {
  const periods = [
    { label: "Today", ...budget.day },
    { label: "This month", ...budget.month },
  ]
  const rows = budgetRows(budget, { day, month })
  return (
    <>
      <dl className="facts">
        {periods.map(({ label, spent, reserved }) => (
          <div key={label} className="card">
            <dt>{label}</dt>
            <dd>{spent.tokens.toLocaleString()} tokens</dd>
            <dd className="hint">
              {showMoney(spent.microUsd)}
              {reserved.tokens > 0 && `, ${reserved.tokens.toLocaleString()} tokens held for calls that run`}
            </dd>
          </div>
        ))}
      </dl>
      {rows.length === 0 ? (
        <p className="hint">No limit binds it but those of all agents and of its group.</p>
      ) : (
        <ul className="limits" aria-label="Limits">
          {rows.map((row) => (
            <Limit key={row.name} {...row} isOwn={own[row.name] !== null} />
          ))}
        </ul>
      )}
      <p className="hint">Days and months of {timeZone}.</p>
    </>
  )
}

function Limit({ what, limit, spent, show, endsAt, isOwn }: BudgetRow & { readonly isOwn: boolean }) {
  return (
    <li>
      <span className="limits-name">{what.charAt(0).toUpperCase() + what.slice(1)}</span>
      <span className="limits-use">
        {show(spent)} of {show(limit)}
      </span>
      <BudgetMeter label={`${what}: used`} spent={spent} limit={limit} />
      <span className="hint">
        {isOwn ? "Its own." : "As for every conversation."} Begins anew{" "}
        <time dateTime={endsAt}>{showInstant(endsAt)}</time>.
      </span>
    </li>
  )
}

function OwnLimits({
  id,
  budget: { own, version, budget },
  onChanged,
  onClose,
}: {
  readonly id: string
  readonly budget: ConversationBudgetView
  readonly onChanged: () => Promise<void>
  readonly onClose: () => void
}) {
  /** What was typed; the rest follows what others set meanwhile. */
  const [typed, setTyped] = useState<Readonly<Partial<Record<Field, string>>>>({})
  const { busy, problem, act } = useAction()
  const texts = (of: (field: Field) => string): Record<Field, string> => ({
    budgetMaxTokensDay: of("budgetMaxTokensDay"),
    budgetMaxTokensMonth: of("budgetMaxTokensMonth"),
    budgetMaxUsdDay: of("budgetMaxUsdDay"),
    budgetMaxUsdMonth: of("budgetMaxUsdMonth"),
  })
  const ownText = (field: Field) => own[limitOf[field]]?.toString() ?? ""
  const values = texts((field) => typed[field] ?? ownText(field))
  const inherited = texts((field) =>
    own[limitOf[field]] === null ? (budget.limits[limitOf[field]]?.toString() ?? "") : "",
  )
  const hasOwn = sharedFields.some((field) => own[limitOf[field]] !== null)
  const set = async (body: Partial<BudgetLimitsView>) => {
    if (await act(() => call(setConversationBudget, { params: { id }, body: { ...body, version } }))) setTyped({})
    // Also after a refusal: what others set meanwhile is what the next try is a change of.
    await onChanged()
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    const changed = sharedFields.filter((field) => values[field].trim() !== ownText(field))
    const toLimit = (text: string) => (text.trim() === "" ? null : Number(text))
    void set(Object.fromEntries(changed.map((field) => [limitOf[field], toLimit(values[field])])))
  }
  const isChanged = sharedFields.some((field) => values[field].trim() !== ownText(field))
  return (
    <form onSubmit={save}>
      <h3>Limits of its own</h3>
      <p className="hint">Empty: what holds for every conversation of its group or of the gateway.</p>
      <BudgetFields
        fields={sharedFields}
        values={values}
        placeholders={inherited}
        onChange={(field, text) => setTyped({ ...typed, [field]: text })}
      />
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      <div className="actions">
        {hasOwn && (
          <button
            type="button"
            className="button button-quiet-bad"
            disabled={busy}
            onClick={() => void set({ maxTokensDay: null, maxTokensMonth: null, maxUsdDay: null, maxUsdMonth: null })}
          >
            Take them away
          </button>
        )}
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
        <button className="button button-main" disabled={busy || !isChanged}>
          Save
        </button>
      </div>
    </form>
  )
}
