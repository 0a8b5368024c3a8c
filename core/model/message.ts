/** The transcript as all providers share it. A provider's client turns it into its own wire form and back. */
import * as z from "zod"

export const TextBlock = z.object({ type: z.literal("text"), text: z.string() })
export type TextBlock = z.infer<typeof TextBlock>
/** A provider's reasoning, replayed to the same provider to the letter and to no other. */
export const ThinkingBlock = z.object({ type: z.literal("thinking"), provider: z.string(), raw: z.json() })
/** An output of a tool that is kept whole: a blob of the conversation's object, named by the digest of its UTF-8. */
export const WholeOutput = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int().positive(),
  characters: z.number().int().positive(),
})
export type WholeOutput = z.infer<typeof WholeOutput>
export const ToolUseBlock = z.object({
  type: z.literal("tool_use"),
  id: z.string().min(1),
  name: z.string().min(1),
  input: z.json(),
})
export const ToolResultBlock = z.object({
  type: z.literal("tool_result"),
  toolUseId: z.string().min(1),
  text: z.string(),
  isError: z.boolean(),
  /** `text` is a part of it: the whole is kept in a blob of the conversation. Clients show models the text alone. */
  whole: WholeOutput.optional(),
})

export const ImageMediaType = z.enum(["image/png", "image/jpeg", "image/gif", "image/webp"])
export type ImageMediaType = z.infer<typeof ImageMediaType>
/** A picture. Its bytes are a blob of the conversation's object, named by their digest. */
export const ImageBlock = z.object({
  type: z.literal("image"),
  mediaType: ImageMediaType,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int().positive(),
})
export type ImageBlock = z.infer<typeof ImageBlock>
export type ToolUseBlock = z.infer<typeof ToolUseBlock>
export type ToolResultBlock = z.infer<typeof ToolResultBlock>

export const AssistantBlock = z.discriminatedUnion("type", [TextBlock, ThinkingBlock, ToolUseBlock])
export type AssistantBlock = z.infer<typeof AssistantBlock>
export const UserBlock = z.discriminatedUnion("type", [TextBlock, ToolResultBlock, ImageBlock])
export type UserBlock = z.infer<typeof UserBlock>

/**
 * One entry of a transcript. Valid transcripts start with `user`, and every `tool_use` of an assistant entry has its
 * `tool_result` in the user entry right behind it.
 */
export const Message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("user"), blocks: z.array(UserBlock) }),
  z.object({ role: z.literal("assistant"), blocks: z.array(AssistantBlock) }),
])
export type Message = z.infer<typeof Message>

/** The text blocks of an entry, in order, joined by blank lines. Empty when it has none. */
export function textOf(blocks: readonly { readonly type: string; readonly text?: string }[]): string {
  return blocks.flatMap((block) => (block.type === "text" && block.text ? [block.text] : [])).join("\n\n")
}
