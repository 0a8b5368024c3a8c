/** The gateway's settings: what holds for every agent that says nothing else. */
import type { FormEvent } from "react"
import { useContext, useState } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import { listChannels } from "../../../core/api/channels.ts"
import type { SettingsView } from "../../../core/api/settings.ts"
import { getSettings, updateSettings } from "../../../core/api/settings.ts"
import { ChannelId } from "../../../core/units.ts"
import type { SettingName, SettingsChanges } from "../../../core/settings.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { useLiveReload } from "../live/live.ts"
import { useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { Field } from "../ui/field.tsx"
import { ModelInput } from "../ui/model-input.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { LongTextField, TextField } from "../ui/text-field.tsx"
import { useAction, useLoaded } from "../ui/use-call.ts"
import { allFields, type BudgetField, BudgetFields } from "./budget-fields.tsx"
import { nameSetting } from "./setting-names.ts"
import { SettingsHistory } from "./settings-history.tsx"

async function read() {
  const [view, channels] = await Promise.all([call(getSettings, {}), readAll((query) => call(listChannels, { query }))])
  return { view, channels }
}
type Channels = Awaited<ReturnType<typeof read>>["channels"]

export default function SettingsPage() {
  useTitle("Settings")
  const [loaded, reload] = useLoaded(read)
  const [isSaved, setIsSaved] = useState(false)
  /** What a person began to change. It stays on the page though newer settings arrive: what was typed is not lost. */
  const [begun, setBegun] = useState<Awaited<ReturnType<typeof read>> | null>(null)
  useLiveReload(["settings:changed"], reload)
  const newest = loaded.is === "ready" ? loaded.value : null
  const shown = begun ?? newest
  const isOld = begun !== null && begun.view.version !== newest?.view.version
  return (
    <div className="page">
      <PageHead title="Settings" />
      <div className="page-body">
        <p className="muted">These hold for every agent group that says nothing else, from its next step on.</p>
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {shown !== null && (
          <SettingsForm
            key={shown.view.version}
            view={shown.view}
            channels={shown.channels}
            isSaved={isSaved}
            isOld={isOld}
            onEdited={() => {
              setIsSaved(false)
              setBegun(shown)
            }}
            onSaved={() => {
              setIsSaved(true)
              setBegun(null)
              void reload()
            }}
          />
        )}
        <SettingsHistory channels={newest?.channels ?? []} newest={newest?.view.version ?? 0} />
      </div>
    </div>
  )
}

const numberFields = [
  { name: "historyMessages", max: 1_000 },
  { name: "maxOutputTokens", max: 1_000_000 },
  { name: "concurrentTurns", max: 1_000 },
] as const
type NumberField = (typeof numberFields)[number]["name"] | BudgetField

const textOf = (value: number | string | null) => (value === null ? "" : String(value))

function SettingsForm({
  view,
  channels,
  isSaved,
  isOld,
  onEdited,
  onSaved,
}: {
  readonly view: SettingsView
  readonly channels: Channels
  readonly isSaved: boolean
  /** Somebody saved others meanwhile. */
  readonly isOld: boolean
  readonly onEdited: () => void
  readonly onSaved: () => void
}) {
  const { settings, effective, managed } = view
  const { user } = useContext(ShellContext)
  const mayWrite = user !== null && roleAllows(user.role, "access:write")
  const [model, setModel] = useState(textOf(settings.defaultModel))
  const [prompt, setPrompt] = useState(textOf(settings.systemPrompt))
  const [timeZone, setTimeZone] = useState(textOf(settings.timeZone))
  const [channelId, setChannelId] = useState(textOf(settings.home?.channelId ?? null))
  const [chatId, setChatId] = useState(textOf(settings.home?.chatId ?? null))
  const [numbers, setNumbers] = useState<Readonly<Record<NumberField, string>>>({
    historyMessages: textOf(settings.historyMessages),
    maxOutputTokens: textOf(settings.maxOutputTokens),
    concurrentTurns: textOf(settings.concurrentTurns),
    budgetMaxTokensDay: textOf(settings.budgetMaxTokensDay),
    budgetMaxTokensMonth: textOf(settings.budgetMaxTokensMonth),
    budgetMaxUsdDay: textOf(settings.budgetMaxUsdDay),
    budgetMaxUsdMonth: textOf(settings.budgetMaxUsdMonth),
    conversationMaxTokensDay: textOf(settings.conversationMaxTokensDay),
    conversationMaxTokensMonth: textOf(settings.conversationMaxTokensMonth),
    conversationMaxUsdDay: textOf(settings.conversationMaxUsdDay),
    conversationMaxUsdMonth: textOf(settings.conversationMaxUsdMonth),
  })
  const { busy, problem, act } = useAction()
  const isLocked = (name: SettingName) => !mayWrite || managed.includes(name)

  const save = () => {
    const orNull = (text: string) => (text.trim() === "" ? null : text.trim())
    const number = (name: NumberField) => (numbers[name].trim() === "" ? null : Number(numbers[name]))
    const home =
      channelId === "" || chatId.trim() === ""
        ? null
        : { channelId: ChannelId.parse(channelId), chatId: Number(chatId) }
    const all: SettingsChanges = {
      defaultModel: orNull(model),
      systemPrompt: prompt.trim() === "" ? null : prompt,
      timeZone: orNull(timeZone),
      historyMessages: number("historyMessages"),
      maxOutputTokens: number("maxOutputTokens"),
      concurrentTurns: number("concurrentTurns"),
      budgetMaxTokensDay: number("budgetMaxTokensDay"),
      budgetMaxTokensMonth: number("budgetMaxTokensMonth"),
      budgetMaxUsdDay: number("budgetMaxUsdDay"),
      budgetMaxUsdMonth: number("budgetMaxUsdMonth"),
      conversationMaxTokensDay: number("conversationMaxTokensDay"),
      conversationMaxTokensMonth: number("conversationMaxTokensMonth"),
      conversationMaxUsdDay: number("conversationMaxUsdDay"),
      conversationMaxUsdMonth: number("conversationMaxUsdMonth"),
      home,
    }
    const free = Object.fromEntries(Object.entries(all).filter(([name]) => !managed.some((one) => one === name)))
    return call(updateSettings, { body: { version: view.version, settings: free } })
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (await act(save)) onSaved()
  }
  return (
    <form onSubmit={(event) => void submit(event)} onInput={onEdited}>
      {managed.length > 0 && (
        <Notice tone="calm">
          The configuration file owns {managed.map(nameSetting).join(" · ")}. Change them there.
        </Notice>
      )}
      <Field label="Default model" hint={`Empty: the environment's. In force: ${effective.defaultModel}.`}>
        {(wiring) => (
          <ModelInput wiring={wiring} value={model} onChange={setModel} isDisabled={isLocked("defaultModel")} />
        )}
      </Field>
      <LongTextField
        label="System prompt"
        hint="Empty: the operator's system-prompt.md."
        value={prompt}
        onChange={setPrompt}
        rows={6}
        maxLength={100_000}
        disabled={isLocked("systemPrompt")}
      />
      <div className="pairs">
        {numberFields.map(({ name, max }) => (
          <TextField
            key={name}
            label={nameSetting(name)}
            type="number"
            min={1}
            max={max}
            step={1}
            value={numbers[name]}
            placeholder={String(effective[name])}
            onChange={(text) => setNumbers({ ...numbers, [name]: text })}
            disabled={isLocked(name)}
          />
        ))}
      </div>
      <TextField
        label="Time zone"
        hint="Such as Europe/Berlin."
        value={timeZone}
        placeholder={effective.timeZone}
        onChange={setTimeZone}
        autoCapitalize="none"
        spellCheck={false}
        maxLength={100}
        disabled={isLocked("timeZone")}
      />
      <div className="pairs">
        <Field label="Home channel" hint="Where the gateway's own questions and warnings go.">
          {(wiring) => (
            <select
              {...wiring}
              value={channelId}
              onChange={(event) => setChannelId(event.target.value)}
              disabled={isLocked("home")}
            >
              <option value="">None</option>
              {channels.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField
          label="Home chat"
          hint="Its number on Telegram: with one person that person's user id; a group's begins with a minus."
          type="number"
          step={1}
          value={chatId}
          onChange={setChatId}
          required={channelId !== ""}
          disabled={isLocked("home")}
        />
      </div>
      <h2>Budgets of all agents together</h2>
      <p className="hint">
        Tokens of all kinds, and US dollars. Empty: no limit. Models whose price is not known are not called where a
        limit in dollars binds.
      </p>
      {settings.home === null && (
        <p className="hint">Without a home channel nobody is told when a budget is nearly or wholly used.</p>
      )}
      <BudgetFields
        fields={allFields}
        values={numbers}
        onChange={(name, text) => setNumbers({ ...numbers, [name]: text })}
        isDisabled={isLocked}
      />
      {isOld && (
        <Notice tone="warn">
          The settings were changed meanwhile, so yours cannot be saved over them. Load the page again and enter yours
          anew.
        </Notice>
      )}
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {problem === null && isSaved && <Notice tone="good">Saved.</Notice>}
      {mayWrite && (
        <div className="actions">
          {view.updatedBy !== null && <span className="muted">Last changed by {view.updatedBy}.</span>}
          <button className="button button-main" disabled={busy}>
            Save
          </button>
        </div>
      )}
    </form>
  )
}
