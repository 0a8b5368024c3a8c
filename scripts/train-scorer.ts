/**
 * Learns the weights of the complexity scorer from the messages in core/routing/training/ and writes core/routing/trained.json:
 * `npm run train-scorer`, a minute. The labelled and held-out messages beside them are not learned from: `npx vitest run
 * core/routing` tells with them what came of it.
 */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as z from "zod"
import { classify, encode, type Weights } from "../core/routing/classifier.ts"
import followUps from "../core/routing/follow-ups.json" with { type: "json" }
import { featuresOf, type Tier, tiers } from "../core/routing/features.ts"
import { contextOf, tierOf } from "../core/routing/score.ts"
import { pack } from "../core/routing/trained.ts"
import { type Example, learn } from "./learn.ts"

const LabelledMessage = z.strictObject({
  label: z.enum(tiers),
  text: z.string(),
  history: z.array(z.strictObject({ role: z.enum(["user", "assistant"]), text: z.string() })).optional(),
  hasImages: z.boolean().optional(),
})
type LabelledMessage = z.infer<typeof LabelledMessage>

const folder = new URL("../core/routing/training/", import.meta.url)

/** All that is learned from: a file for each language, a JSON object a line. */
export function readTraining(): LabelledMessage[] {
  const lines = readdirSync(folder)
    .toSorted()
    .flatMap((name) => readFileSync(new URL(name, folder), "utf8").trimEnd().split("\n"))
  return lines.map((line) => LabelledMessage.parse(JSON.parse(line)))
}

/** @param known - tells what stood before a message; not needed where nothing did */
function exampleOf(message: LabelledMessage, known?: Weights): Example {
  const context = known === undefined ? undefined : contextOf(message.history ?? [], known)
  return { encoded: encode(featuresOf(message.text, message.hasImages ?? false, context)), tier: message.label }
}

/** What rules 7 and 8 of LABELLING.md say of words that mean nothing without what stood before, or nothing with it. */
function ruledExamples(): Example[] {
  const example = (text: string, before: Tier, answer: string, tier: Tier): Example => ({
    encoded: encode(featuresOf(text, false, { tiers: [before], answer })),
    tier,
  })
  return tiers.flatMap((before) => [
    ...followUps.continuations.map((text) => example(text, before, "Here it is.", before)),
    ...followUps.assents.map((text) => example(text, before, "Shall I?", before)),
    ...followUps.assents.map((text) => example(text, before, "Here it is.", "cheap")),
    ...followUps.ends.map((text) => example(text, before, "Here it is.", "cheap")),
  ])
}

/**
 * The same messages always give the same weights. What stands before a message is told by the scorer itself: it
 * learns the messages that begin a conversation, tells by them roughly what the others follow on, and by those once more.
 */
export function train(messages: readonly LabelledMessage[]): { weights: Weights; examples: readonly Example[] } {
  const first = messages.filter(({ history = [] }) => history.length === 0).map((message) => exampleOf(message))
  const later = messages.filter(({ history = [] }) => history.length > 0)
  const ruled = ruledExamples()
  let weights = learn(first)
  let examples = first
  for (let round = 0; round < 2; round += 1) {
    const known = weights
    examples = [...first, ...ruled, ...later.map((message) => exampleOf(message, known))]
    weights = learn(examples)
  }
  return { weights, examples }
}

/** What there is to be learned, in a few letters: another message, label or feature gives another. */
export function digestOf(messages: readonly LabelledMessage[]): string {
  const hash = createHash("sha256")
  for (const message of messages) hash.update(JSON.stringify([exampleOf(message), message.history]))
  for (const example of ruledExamples()) hash.update(JSON.stringify(example))
  return hash.digest("hex")
}

if (import.meta.main) {
  const messages = readTraining()
  const { weights, examples } = train(messages)
  const path = fileURLToPath(new URL("../trained.json", folder))
  writeFileSync(path, JSON.stringify({ learnedFrom: digestOf(messages), ...pack(weights) }))
  execFileSync("oxfmt", [path], { stdio: "inherit" })
  const known = examples.filter(({ encoded, tier }) => tierOf(classify(encoded, weights)) === tier).length
  process.stdout.write(
    `${examples.length} messages learned, ${((100 * known) / examples.length).toFixed(1)} % known again\n`,
  )
}
