/** Where questions and warnings of the gateway itself go. */
import * as z from "zod"
import { ChannelId } from "../units.ts"

export const HomeChat = z.object({
  channelId: ChannelId,
  /** The chat's id on its platform, such as Telegram's. */
  chatId: z.number().int(),
})
export type HomeChat = z.infer<typeof HomeChat>
