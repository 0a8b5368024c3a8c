/** What the settings were, version by version: what each changed, when, and by whom. */
import { useCallback } from "react"
import { listSettingsHistory, type SettingsVersion } from "../../../core/api/settings.ts"
import type { SettingName } from "../../../core/settings.ts"
import { call } from "../api/client.ts"
import { Notice } from "../ui/notice.tsx"
import { usePages } from "../ui/use-pages.ts"
import { nameSetting } from "./setting-names.ts"

type Channels = readonly { readonly id: string; readonly name: string }[]

/** @param newest - the version in force: another one is read again */
export function SettingsHistory({ newest, channels }: { readonly newest: number; readonly channels: Channels }) {
  const read = useCallback(
    (after: string | undefined) =>
      newest === 0
        ? Promise.resolve({ data: [], nextCursor: null })
        : call(listSettingsHistory, { query: { limit: 10, after } }),
    [newest],
  )
  const { items, problem, more } = usePages(read)
  if (items.length === 0 && problem === null) return null
  return (
    <section className="history" aria-labelledby="history-title">
      <h2 id="history-title">Changes so far</h2>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      <ol className="history-list">
        {items.map((version) => (
          <Version key={version.version} version={version} channels={channels} />
        ))}
      </ol>
      {more !== null && (
        <p className="more">
          <button type="button" className="button" onClick={more}>
            Show more
          </button>
        </p>
      )}
    </section>
  )
}

function Version({ version, channels }: { readonly version: SettingsVersion; readonly channels: Channels }) {
  const { at, by, changed, settings } = version
  return (
    <li>
      <p className="hint">
        <time dateTime={at}>{new Date(at).toLocaleString()}</time> · {by}
      </p>
      {changed.length === 0 && <p>Saved without a change.</p>}
      <dl>
        {changed.map((name) => (
          <div key={name}>
            <dt>{nameSetting(name)}</dt>
            <dd>{showValue(settings, name, channels)}</dd>
          </div>
        ))}
      </dl>
    </li>
  )
}

const longestShown = 200

function showValue(settings: SettingsVersion["settings"], name: SettingName, channels: Channels): string {
  const { home } = settings
  if (name === "home") {
    if (home === null) return "taken back"
    const channel = channels.find(({ id }) => id === home.channelId)?.name ?? home.channelId
    return `${channel}, chat ${home.chatId}`
  }
  const value = settings[name]
  if (value === null) return "taken back"
  const text = String(value)
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}
