/** A new conversation: it comes into being with its first message. */
import { useState } from "react"
import { listAgentGroups } from "../../../core/api/agents.ts"
import { createLoop } from "../../../core/api/loops.ts"
import { call } from "../api/client.ts"
import { readAll } from "../api/read-all.ts"
import { Composer } from "../chat/composer.tsx"
import { newKey, pendingStore, sendPending } from "../chat/use-chat.ts"
import { navigate, useTitle } from "../router.ts"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { useAction, useLoaded } from "../ui/use-call.ts"

const maxTitle = 60

/** The first line with words, cut at a word. */
function titleOf(text: string): string {
  const line =
    text
      .split("\n")
      .find((one) => one.trim() !== "")
      ?.trim() ?? ""
  if (line.length <= maxTitle) return line
  const cut = line.slice(0, maxTitle).replace(/[\uD800-\uDBFF]$/, "")
  const space = cut.lastIndexOf(" ")
  const whole = space > maxTitle / 2 ? cut.slice(0, space) : cut
  return `${whole.replace(/[\s,;:.–-]+$/, "")}…`
}

const readGroups = () => readAll((query) => call(listAgentGroups, { query }))

export function NewPage({ onChanged }: { readonly onChanged: () => void }) {
  useTitle("New conversation")
  const [groups] = useLoaded(readGroups)
  const [group, setGroup] = useState("")
  const { busy, problem, act } = useAction()
  const names = groups.is === "ready" ? groups.value.map((one) => one.name) : []
  const start = (text: string) =>
    act(async () => {
      const began = location.pathname
      const loop = await call(createLoop, { body: { title: titleOf(text), profiles: group === "" ? [] : [group] } })
      // The chat sends what it finds here; should the page close before, it is sent when it opens again.
      pendingStore.put(loop.id, { key: newKey(), text, sentAt: Date.now(), turnId: null })
      pendingStore.writeDraft("new", "")
      onChanged()
      if (location.pathname === began) navigate(`/c/${loop.id}`)
      else sendPending(loop.id, onChanged)
    })
  return (
    <div className="chat">
      <PageHead title="New conversation" />
      <div className="welcome column">
        <p className="welcome-line">What can I do for you?</p>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        <Composer place="new" busy={busy} onSend={start} />
        {names.length > 0 && (
          <label className="group-choice">
            Agent
            <select value={group} onChange={(event) => setGroup(event.target.value)}>
              <option value="">Default</option>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
      </div>
    </div>
  )
}
