/**
 * Which of a model's thoughts may go back to it. A thought is bound to all that stood before it when it was thought: with another
 * system prompt, other tools or a changed history before it, the API refuses the whole request (platform.claude.com/docs,
 * "Preserved thinking"). Such thoughts stay out; all others go back to the letter. Pure.
 */
import type { ModelRequest } from "./call.ts"
import type { AssistantBlock, Message } from "./message.ts"
import type { Provider } from "./provider.ts"

type Prompt = Pick<ModelRequest, "system" | "tools" | "messages">

/** Names what a call was shown. Equal prompts have equal names; no secret can be read from one. */
export function promptName(prompt: Prompt): string {
  return prompt.messages.reduce(nameWith, nameOfLead(prompt))
}

/** The transcript without thoughts that were thought behind anything else. @param known - names of earlier calls' prompts */
export function withBoundThoughts(prompt: Prompt, known: ReadonlySet<string>): Message[] {
  // Names are made of all that stands before: not for nothing.
  if (!prompt.messages.some(isThoughtful)) return [...prompt.messages]
  let name = nameOfLead(prompt)
  return prompt.messages.map((message) => {
    const kept = isThoughtful(message) && !known.has(name) ? withoutThoughts(message) : message
    name = nameWith(name, kept)
    return kept
  })
}

/**
 * The transcript with the thoughts of one thinker, under the name of the provider whose protocol it speaks; nobody else's
 * reasoning is shown to it, nor to anyone with its signature.
 */
export function withThoughtsOf(messages: readonly Message[], thinker: string, provider: Provider): Message[] {
  return messages.map((message) => {
    if (message.role === "user" || !isThoughtful(message)) return message
    const blocks = message.blocks.flatMap((block): AssistantBlock[] => {
      if (block.type !== "thinking") return [block]
      return block.provider === thinker ? [{ ...block, provider }] : []
    })
    return { ...message, blocks: orThought(blocks) }
  })
}

/** The answer's blocks with its thoughts in the thinker's name. */
export function thoughtBy(blocks: readonly AssistantBlock[], thinker: string): AssistantBlock[] {
  return blocks.map((block) => (block.type === "thinking" ? { ...block, provider: thinker } : block))
}

function isThoughtful({ blocks }: Message): boolean {
  return blocks.some(({ type }) => type === "thinking")
}

function withoutThoughts(message: Message): Message {
  if (message.role === "user") return message
  const blocks = message.blocks.filter(({ type }) => type !== "thinking")
  return { ...message, blocks: orThought(blocks) }
}

/** An entry must not vanish from between two of the user's. */
function orThought(blocks: AssistantBlock[]): AssistantBlock[] {
  return blocks.length > 0 ? blocks : [{ type: "text", text: "(thought)" }]
}

function nameOfLead({ system, tools }: Prompt): string {
  return hash(JSON.stringify([system, tools]), "")
}

function nameWith(name: string, message: Message): string {
  return hash(JSON.stringify(message), name)
}

/** Two times 32 bits, FNV-1a with different beginnings: nobody gains by a collision, and it is quick. */
function hash(text: string, seed: string): string {
  let low = 0x811c9dc5
  let high = 0x01000193
  const all = `${seed}\n${text}`
  for (let index = 0; index < all.length; index += 1) {
    const unit = all.charCodeAt(index)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ (unit + index), 0x85ebca6b)
  }
  return [low, high].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("")
}
