/** What the agent asks a person by itself, and how an answer is read. */
import * as z from "zod"

const option = z.string().trim().min(1).max(200)

export const Question = z.object({
  id: z.string().regex(/^[\w-]{1,40}$/),
  question: z.string().trim().min(1).max(2_000),
  /** Empty: any text answers. */
  options: z.array(option).max(8).default([]),
  multi_select: z.boolean().default(false),
})
export type Question = z.infer<typeof Question>

/** The input of the tool `ask_user`. */
export const Questions = z.object({
  questions: z
    .array(Question)
    .min(1)
    .max(5)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, "ids must differ"),
})
export type Questions = z.infer<typeof Questions>

/** By a question's id; several values where several may be chosen. */
export const Answers = z.record(z.string(), z.union([z.string().max(20_000), z.array(z.string().max(20_000)).max(20)]))
export type Answers = z.infer<typeof Answers>

/** What is wrong with these answers; undefined: each question has one, and none is for another. Other words than options are fine. */
export function wrongAnswers(questions: readonly Question[], answers: Answers): string | undefined {
  const ids = new Set(questions.map(({ id }) => id))
  const unknown = Object.keys(answers).find((id) => !ids.has(id))
  if (unknown !== undefined) return `There is no question ${unknown}.`
  for (const { id, multi_select: takesSeveral } of questions) {
    const given = answers[id]
    if (given === undefined || given.length === 0) return `The question ${id} has no answer.`
    if (Array.isArray(given) && !takesSeveral) return `The question ${id} takes one answer.`
  }
  return undefined
}

/** Numbers of options, or one's words, or any text: what a person wrote as an answer. Undefined when it says nothing. */
export function readAnswer(
  { options, multi_select: takesSeveral }: Question,
  text: string,
): string | string[] | undefined {
  const said = text.trim()
  if (said === "") return undefined
  const named = (part: string) => {
    const wanted = part.trim()
    if (/^\d{1,2}$/.test(wanted)) return options[Number(wanted) - 1]
    return options.find((candidate) => candidate.toLowerCase() === wanted.toLowerCase())
  }
  if (!takesSeveral) return named(said) ?? said
  const parts = said.split(/[,;\n]/).filter((part) => part.trim() !== "")
  const chosen = parts.map(named)
  return chosen.every((part) => part !== undefined) ? [...new Set(chosen)] : [said]
}

/** For the model. */
export function tellAnswers(questions: readonly Question[], answers: Answers): string {
  return questions
    .map(({ id, question }) => {
      const given = answers[id] ?? ""
      return `${question}\n${Array.isArray(given) ? given.join("\n") : given}`
    })
    .join("\n\n")
}
