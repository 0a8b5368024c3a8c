/** What a conversation's browser keeps on disk: its cookies, its storage and where it was. Chromium itself cannot read it. */
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { BrowserContext } from "playwright-core"
import * as z from "zod"
import type { ConversationId } from "../../core/units.ts"

export interface Profiles {
  /** The file with cookies and storage, for a new context; undefined without one. */
  stateOf(id: ConversationId): Promise<string | undefined>
  /** The page that was open last. */
  addressOf(id: ConversationId): Promise<string | undefined>
  /** Keeps what the context has now. What cannot be kept leaves the older state as it is. */
  keep(id: ConversationId, context: BrowserContext, address: string): Promise<void>
  erase(id: ConversationId): Promise<void>
}

/** A page must not fill the disk: beyond that, only cookies are kept, and beyond that nothing. */
const maxStateBytes = 5_000_000

const Place = z.object({ address: z.url({ protocol: /^https?$/ }).max(8_000) })

/** @param directory - made where it is missing */
export function openProfiles(directory: string): Profiles {
  const folderOf = (id: ConversationId) => join(directory, id)
  return {
    async stateOf(id) {
      const path = join(folderOf(id), "state.json")
      return (await stat(path).catch(() => undefined)) === undefined ? undefined : path
    },
    async addressOf(id) {
      const text = await readFile(join(folderOf(id), "place.json"), "utf8").catch(() => undefined)
      const place = text === undefined ? undefined : Place.safeParse(readJson(text))
      return place?.success === true ? place.data.address : undefined
    },
    async keep(id, context, address) {
      const state = await stateOf(context)
      if (state === undefined) return
      const folder = folderOf(id)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await chmod(folder, 0o700)
      await replace(join(folder, "state.json"), state)
      if (/^https?:/.test(address)) await replace(join(folder, "place.json"), JSON.stringify({ address }))
    },
    async erase(id) {
      await rm(folderOf(id), { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

async function stateOf(context: BrowserContext): Promise<string | undefined> {
  // Databases can hold what no JSON can: then they are left out.
  const whole = await context.storageState({ indexedDB: true }).catch(() => context.storageState())
  const text = JSON.stringify(whole)
  if (Buffer.byteLength(text) <= maxStateBytes) return text
  const cookies = JSON.stringify({ cookies: whole.cookies, origins: [] })
  return Buffer.byteLength(cookies) <= maxStateBytes ? cookies : undefined
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
