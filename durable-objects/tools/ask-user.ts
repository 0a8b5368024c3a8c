/** Asks a person, by the choices of the turn: nothing runs, and the result is what they answer. */
import { Questions } from "../../core/approval/question.ts"
import { definePersonTool } from "./tool.ts"

export const askUser = definePersonTool({
  name: "ask_user",
  description:
    "Asks the person one to five questions and waits for their answers, however long that takes. Use it when you cannot go on without a decision of theirs. Give options where there are few likely answers; other words are always possible.",
  input: Questions,
})
