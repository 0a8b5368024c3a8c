/** What a tool gave back: the part on record, and all of it where that is asked for and still kept. */
import { useState } from "react"
import { getOutput } from "../../../core/api/conversations.ts"
import { conversationOfTurn, TurnId } from "../../../core/units.ts"
import { call } from "../api/client.ts"
import { Notice } from "../ui/notice.tsx"
import { useAction } from "../ui/use-call.ts"

interface Whole {
  readonly characters: number
  readonly messageId: string
  readonly toolUseId: string
  readonly turnId: string | null
}

export function ToolResult({ result, whole }: { readonly result: string; readonly whole: Whole | undefined }) {
  const [all, setAll] = useState<{ readonly text: string; readonly isWhole: boolean } | null>(null)
  const { busy, problem, act } = useAction()
  const turnId = TurnId.safeParse(whole?.turnId)
  const id = turnId.success ? conversationOfTurn(turnId.data) : undefined
  const load = async () => {
    if (whole === undefined || id === undefined) return
    const { messageId, toolUseId } = whole
    await act(async () => setAll(await call(getOutput, { params: { id, messageId, toolUseId } })))
  }
  return (
    <>
      <pre tabIndex={0} aria-label="Result">
        {all?.text ?? result}
      </pre>
      {id !== undefined && all === null && (
        <button type="button" className="button" disabled={busy} onClick={() => void load()}>
          Show all {whole?.characters.toLocaleString()} characters
        </button>
      )}
      {all?.isWhole === false && <p className="turn-note">The whole of it is no longer kept.</p>}
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
    </>
  )
}
