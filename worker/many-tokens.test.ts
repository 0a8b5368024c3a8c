/** Two hundred tokens at the edge, each with fifty requests at once: who calls is never taken for someone else. */
import { afterEach, beforeEach, expect, test } from "vitest"
import { loop, projection } from "../adapters/store/samples.ts"
import { ConversationId } from "../core/units.ts"
import { type Edge, openEdge, outcome } from "./testing/edge.ts"

let edge: Edge
beforeEach(async () => {
  edge = await openEdge({ RATE_LIMIT_PER_MINUTE: "100000", TOKEN_RATE_LIMIT_PER_MINUTE: "100000" })
})
afterEach(() => edge.close())

interface Program {
  readonly person: string
  readonly bearer: string
  readonly id: ConversationId
}

async function employ(person: string, count: number): Promise<Program[]> {
  const { id: ownerId } = await edge.addUser(person, "operator")
  const hire = async () => {
    const { token: bearer } = await edge.addToken(ownerId, ["chat"])
    const made = Object(await (await edge.fetch("/api/v1/loops", { bearer, body: { title: person } })).json())
    const id = ConversationId.parse(made.id)
    await edge.libsql.project(projection({ conversations: [{ ...loop(1), id, ownerId, title: person }] }))
    return { person, bearer, id }
  }
  return Promise.all(Array.from({ length: count }, hire))
}

test("two hundred tokens of five people, fifty requests each at once: each gets its own, and nobody another's", async () => {
  const teams = await Promise.all(["ada", "grace", "alan", "edsger", "barbara"].map((person) => employ(person, 40)))
  const programs = teams.flat()
  const storm = ({ person, bearer, id }: Program, stranger: ConversationId) => {
    const titles = async () => {
      const { data } = Object(await (await edge.fetch("/api/v1/loops?limit=5", { bearer })).json())
      return data.map(({ title }: { title: string }) => title).join() === Array(5).fill(person).join()
    }
    const view = async () => Object(await (await edge.fetch(`/api/v1/loops/${id}`, { bearer })).json()).title === person
    const steer = async () => (await edge.fetch(`/api/v1/loops/${id}/interrupt`, { bearer, body: {} })).status === 202
    const intrude = async () =>
      (await outcome(edge.fetch(`/api/v1/loops/${stranger}`, { bearer }))) === "403 not_loop_owner"
    const kinds = [titles, view, steer, intrude, view]
    return Array.from({ length: 50 }, (_, n) => (kinds[n % kinds.length] ?? view)())
  }
  const asked = programs.flatMap((program, n) => storm(program, programs[(n + 40) % 200]?.id ?? program.id))
  const answers = await Promise.all(asked)
  expect(answers.filter((isRight) => isRight)).toHaveLength(10_000)
})
