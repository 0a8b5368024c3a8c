/** One turn: what the person said, and what the agent thought, did and answered. */
import { lazy, memo, Suspense } from "react"
import type { ChoiceAnswer } from "../../../core/turn/event.ts"
import { TurnId } from "../../../core/units.ts"
import { CopyButton } from "../ui/copy.tsx"
import { Icon } from "../ui/icon.tsx"
import { ModelCalls } from "../ui/model-calls.tsx"
import { untilLoaded } from "../ui/until-loaded.ts"
import { ChoiceCard } from "./choice-card.tsx"
import { showJson } from "./json.ts"
import type { Part, PersonMessage, ToolPart, Turn } from "./state.ts"
import { isOpen, textOfParts } from "./state.ts"
import { ToolResult } from "./tool-result.tsx"

const Markdown = lazy(untilLoaded(() => import("./markdown.tsx")))

export interface TurnActions {
  readonly answer: (choiceId: string, answer: ChoiceAnswer) => void
  readonly retry: (key: string) => void
  readonly takeBack: (key: string, text: string) => void
}

/** @param actions - null where the conversation can only be read; must keep its identity */
export const TurnView = memo(function TurnView({
  turn,
  actions,
}: {
  readonly turn: Turn
  readonly actions: TurnActions | null
}) {
  const { parts, status } = turn
  const turnId = TurnId.safeParse(turn.turnId)
  const text = textOfParts(parts)
  const thinking = status.is === "running" && parts.at(-1)?.kind !== "text" && !waitsForPerson(parts)
  return (
    <article className="turn">
      {turn.messages.map((message) => (
        <PersonBubble key={message.key} message={message} />
      ))}
      {(parts.length > 0 || thinking) && (
        <div className="answer">
          <h3 className="off-screen">Agent</h3>
          {parts.map((part, index) => (
            <PartView
              key={keyOf(part, index)}
              part={part}
              turn={turn}
              growing={index === parts.length - 1}
              actions={actions}
            />
          ))}
          {thinking && (
            <p className="working" aria-hidden="true">
              <span />
              <span />
              <span />
            </p>
          )}
        </div>
      )}
      <TurnEnd turn={turn} actions={actions} />
      {status.is === "done" && text !== "" && (
        <div className="turn-tools">
          <CopyButton label="Copy answer" read={() => text} />
        </div>
      )}
      {turnId.success && hasEnded(status) && (
        <ModelCalls turnId={turnId.data} summary="Model and cost" className="turn-calls" />
      )}
    </article>
  )
})

const hasEnded = ({ is }: Turn["status"]) => is === "done" || is === "failed" || is === "interrupted"
const keyOf = (part: Part, index: number) =>
  part.kind === "tool" ? part.toolUseId : part.kind === "choice" ? part.choiceId : `${part.kind} ${index}`
const waitsForPerson = (parts: readonly Part[]) =>
  parts.some((part) => part.kind === "choice" && part.progress.is !== "resolved")

function PersonBubble({ message }: { readonly message: PersonMessage }) {
  return (
    <div className="person">
      <h3 className="off-screen">{message.sender ?? "You"}</h3>
      {message.sender !== null && (
        <p className="sender" aria-hidden="true">
          {message.sender}
        </p>
      )}
      <p className="bubble" dir="auto" title={message.at === null ? undefined : new Date(message.at).toLocaleString()}>
        {message.text}
      </p>
    </div>
  )
}

function PartView({
  part,
  turn,
  growing,
  actions,
}: {
  readonly part: Part
  readonly turn: Turn
  readonly growing: boolean
  readonly actions: TurnActions | null
}) {
  switch (part.kind) {
    case "person":
      return <PersonBubble message={part.message} />
    case "text":
      return (
        <div className="prose">
          <Suspense
            fallback={
              <p className="plain" dir="auto">
                {part.text}
              </p>
            }
          >
            <Markdown text={part.text} growing={growing && isOpen(turn.status)} />
          </Suspense>
        </div>
      )
    case "thinking":
      return (
        <details className="step">
          <summary>{growing && turn.status.is === "running" ? "Thinking…" : "Thought about it"}</summary>
          <p className="thought">{part.text}</p>
        </details>
      )
    case "tool":
      return <ToolStep part={part} turnId={turn.turnId} />
    case "choice": {
      if (!actions) return <p className="step">The agent asked a person.</p>
      const waiting = turn.parts.findLast((one): one is ToolPart => one.kind === "tool" && one.outcome === "running")
      return <ChoiceCard part={part} waiting={waiting} onAnswer={(answer) => actions.answer(part.choiceId, answer)} />
    }
  }
}

const outcomes = {
  running: { icon: "dot", said: "running" },
  ok: { icon: "check", said: "done" },
  failed: { icon: "cross", said: "failed" },
  unknown: { icon: "dot", said: "no result" },
} as const

function ToolStep({ part, turnId }: { readonly part: ToolPart; readonly turnId: string | null }) {
  const { icon, said } = outcomes[part.outcome]
  const line = (
    <>
      <span className={`step-icon step-${part.outcome}`}>
        <Icon name={icon} />
      </span>
      <code>{part.tool}</code>
      {part.summary !== undefined && <span className="step-summary">{part.summary}</span>}
      <span className="off-screen">{said}</span>
    </>
  )
  if (part.input === undefined && part.result === undefined) return <p className="step">{line}</p>
  return (
    <details className="step">
      <summary>{line}</summary>
      {part.input !== undefined && (
        <pre tabIndex={0} aria-label="Arguments">
          {showJson(part.input)}
        </pre>
      )}
      {part.result !== undefined && (
        <ToolResult result={part.result} whole={part.whole && { ...part.whole, toolUseId: part.toolUseId, turnId }} />
      )}
    </details>
  )
}

function TurnEnd({ turn, actions }: { readonly turn: Turn; readonly actions: TurnActions | null }) {
  const { status } = turn
  switch (status.is) {
    case "sending":
      return <p className="turn-note turn-note-mine">Sending…</p>
    case "queued":
      return (
        <p className="turn-note turn-note-mine">
          {status.position === 1 ? "Waits for the answer before it" : `Waits: number ${status.position} in the queue`}
        </p>
      )
    case "interrupted":
      return <p className="turn-note">Stopped.</p>
    case "failed":
      return (
        <p className="turn-problem" role={turn.live ? "alert" : undefined}>
          {status.message}
        </p>
      )
    case "rejected":
      return (
        <div className="turn-problem" role="alert">
          <p>Not sent: {status.message}</p>
          {actions && (
            <div className="actions">
              <button
                type="button"
                className="button"
                onClick={() => actions.takeBack(turn.key, turn.messages[0]?.text ?? "")}
              >
                Edit
              </button>
              <button type="button" className="button" onClick={() => actions.retry(turn.key)}>
                Try again
              </button>
            </div>
          )}
        </div>
      )
    case "done":
      return turn.messages.length > 0 && turn.parts.length === 0 ? (
        <p className="turn-note">No answer is on record.</p>
      ) : null
    case "running":
      return null
  }
}
