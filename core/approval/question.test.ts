import { describe, expect, test } from "vitest"
import { Question, readAnswer, tellAnswers, wrongAnswers } from "./question.ts"

const one = Question.parse({ id: "size", question: "Which size?", options: ["Small", "Large"] })
const many = Question.parse({ id: "tops", question: "Toppings?", options: ["Ham", "Olives"], multi_select: true })

describe("what a person wrote", () => {
  test.each([
    [one, "2", "Large"],
    [one, "small", "Small"],
    [one, " something else ", "something else"],
    [one, "7", "7"],
    [one, "  ", undefined],
    [many, "1, olives", ["Ham", "Olives"]],
    [many, "ham,1", ["Ham"]],
    [many, "none of them, sorry", ["none of them, sorry"]],
  ])("%o is answered by %j", (question, text, answer) => {
    expect(readAnswer(question, text)).toEqual(answer)
  })
})

describe("answers fit", () => {
  test.each([
    [{ size: "Small", tops: ["Ham"] }, undefined],
    [{ size: "XL", tops: "Ham" }, undefined],
    [{ size: "Small" }, "The question tops has no answer."],
    [{ size: "Small", tops: [] }, "The question tops has no answer."],
    [{ size: ["Small", "Large"], tops: "Ham" }, "The question size takes one answer."],
    [{ size: "Small", tops: "Ham", other: "x" }, "There is no question other."],
  ])("%o: %s", (answers, wrong) => {
    expect(wrongAnswers([one, many], answers)).toBe(wrong)
  })
})

test("the model reads each question with its answer", () => {
  expect(tellAnswers([one, many], { size: "Small", tops: ["Ham", "Olives"] })).toBe(
    "Which size?\nSmall\n\nToppings?\nHam\nOlives",
  )
})
