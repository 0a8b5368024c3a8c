/** A question to the person: may a tool run, or which answer. The arguments are always shown whole. */
import type { FormEvent } from "react"
import { useId, useState } from "react"
import * as z from "zod"
import { renderArguments, visible } from "../../../core/approval/arguments.ts"
import type { ChoiceAnswer } from "../../../core/turn/event.ts"
import type { ChoicePart, ToolPart } from "./state.ts"

const Permission = z.object({
  tool: z.string(),
  input: z.json(),
  reason: z.string().nullish(),
  risk: z.string().nullish(),
  expires_at: z.string().nullish(),
  arguments_sha256: z.string().nullish(),
  arguments_size_bytes: z.number().nullish(),
  arguments_masked: z.boolean().nullish(),
})
const Questions = z.object({
  questions: z.array(
    z.object({
      id: z.string(),
      question: z.string(),
      options: z.array(z.string()).default([]),
      multi_select: z.boolean().default(false),
    }),
  ),
})

interface CardProps {
  readonly part: ChoicePart
  /** The step that waits, for a question of which only the id is known. */
  readonly waiting: ToolPart | undefined
  readonly onAnswer: (answer: ChoiceAnswer) => void
}

export function ChoiceCard({ part, waiting, onAnswer }: CardProps) {
  const { progress } = part
  const resolved = progress.is === "resolved"
  return (
    <section className={resolved ? "choice choice-over" : "choice"} aria-label="Question from the agent">
      <Body part={part} waiting={waiting} onAnswer={onAnswer} />
      {progress.is === "open" && progress.problem !== undefined && (
        <p className="choice-problem" role="alert">
          {progress.problem}
        </p>
      )}
      {resolved && <p className="choice-end">{resolution(progress)}</p>}
    </section>
  )
}

function Body({ part, waiting, onAnswer }: CardProps) {
  const open = part.progress.is !== "resolved"
  const busy = part.progress.is === "answering"
  if (part.request?.kind === "question") {
    const asked = Questions.safeParse(part.request.payload)
    if (asked.success)
      return <QuestionForm questions={asked.data.questions} open={open} busy={busy} onAnswer={onAnswer} />
  }
  const asked = part.request ? Permission.safeParse(part.request.payload).data : undefined
  const known = asked ?? (waiting?.input === undefined ? undefined : { tool: waiting.tool, input: waiting.input })
  return (
    <>
      <p className="choice-title">
        {known ? (
          <>
            Allow <code>{known.tool}</code>?
          </>
        ) : (
          "The agent waits for an answer"
        )}
        {asked?.risk && (
          <span className={`badge badge-${asked.risk === "high" || asked.risk === "critical" ? "bad" : "warn"}`}>
            {asked.risk} risk
          </span>
        )}
      </p>
      {asked?.reason && <p className="choice-reason">{visible(asked.reason)}</p>}
      {asked !== undefined && asked.arguments_size_bytes != null && (
        <p className="hint">
          {asked.arguments_size_bytes.toLocaleString()} bytes, SHA-256{" "}
          <code>{asked.arguments_sha256?.slice(0, 16)}…</code>
          {asked.arguments_masked === true && ", secrets masked"}
        </p>
      )}
      {known ? (
        <pre className="choice-input" tabIndex={0} aria-label="Arguments">
          {renderArguments(known.input).text}
        </pre>
      ) : (
        <p className="hint">Its arguments cannot be shown here, so it can only be denied.</p>
      )}
      {open && asked?.expires_at && <p className="hint">Open until {new Date(asked.expires_at).toLocaleString()}.</p>}
      {open && (
        <div className="actions">
          <button type="button" className="button" disabled={busy} onClick={() => onAnswer({ allow: false })}>
            Deny
          </button>
          <button
            type="button"
            className="button button-main"
            disabled={busy || !known}
            onClick={() => onAnswer({ allow: true })}
          >
            Allow
          </button>
        </div>
      )}
    </>
  )
}

/** What the agent asks by itself, each with its options or in words. */
export function QuestionForm({
  questions,
  open,
  busy,
  onAnswer,
}: {
  readonly questions: z.infer<typeof Questions>["questions"]
  readonly open: boolean
  readonly busy: boolean
  readonly onAnswer: (answer: ChoiceAnswer) => void
}) {
  const name = useId()
  const [picked, setPicked] = useState<Readonly<Record<string, readonly string[]>>>({})
  const toggle = (id: string, option: string, several: boolean, on: boolean) =>
    setPicked((before) => {
      const others = several ? (before[id] ?? []).filter((one) => one !== option) : []
      return { ...before, [id]: on ? [...others, option] : others }
    })
  const complete = questions.every(({ id }) => (picked[id] ?? []).some((one) => one.trim() !== ""))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!complete) return
    onAnswer({ answers: Object.fromEntries(questions.map(({ id }) => [id, (picked[id] ?? []).join(", ")])) })
  }
  return (
    <form onSubmit={submit}>
      {questions.map(({ id, question, options, multi_select: several }) => (
        <fieldset key={id} disabled={!open || busy} className="choice-question">
          <legend className="choice-title">{question}</legend>
          {options.map((option) => (
            <label key={option} className="check">
              <input
                type={several ? "checkbox" : "radio"}
                name={`${name}-${id}`}
                checked={(picked[id] ?? []).includes(option)}
                onChange={(event) => toggle(id, option, several, event.target.checked)}
              />
              {option}
            </label>
          ))}
          {options.length === 0 && (
            <input
              aria-label={question}
              value={picked[id]?.[0] ?? ""}
              onChange={(event) => setPicked((before) => ({ ...before, [id]: [event.target.value] }))}
            />
          )}
        </fieldset>
      ))}
      {open && (
        <div className="actions">
          <button className="button button-main" disabled={busy || !complete}>
            Answer
          </button>
        </div>
      )}
    </form>
  )
}

function resolution(progress: Extract<ChoicePart["progress"], { is: "resolved" }>): string {
  if (progress.answer === "allowed") return "You allowed it."
  if (progress.answer === "denied") return "You denied it."
  if (progress.answer === "answered") return "You answered."
  if (progress.source === "timeout") return "Nobody answered in time."
  if (progress.source === null || progress.source === "web" || progress.source === "api") return "Answered."
  return `Answered by ${progress.source}.`
}
