/** Values of any size over a store whose rows are bounded: a large one is kept as several rows under its key. */
import type { OrderedStore } from "./host.ts"

/** JSON above this many characters is split; at 3 bytes a character a part stays below the row limit. */
const partCharacters = 250_000
/** Sorts behind `/`, so that parts stand right behind their head and before the next key. */
const partMark = "~"

interface Head {
  readonly parts: number
}

/** Stores `value`, whatever its size. Values that are overwritten may not shrink from large to small. */
export function putLarge(storage: OrderedStore, key: string, value: unknown): void {
  const json = JSON.stringify(value)
  if (json.length <= partCharacters) return storage.put(key, value)
  const parts = Math.ceil(json.length / partCharacters)
  storage.put(key, { parts } satisfies Head)
  for (let part = 0; part < parts; part += 1) {
    const text = json.slice(part * partCharacters, (part + 1) * partCharacters)
    storage.put(`${key}${partMark}${String(part).padStart(6, "0")}`, { text })
  }
}

/** All values with the prefix in the order of their keys, large ones whole. */
export function listLarge(storage: OrderedStore, prefix: string): [key: string, value: unknown][] {
  const values: [string, unknown][] = []
  let large: { key: string; left: number; json: string } | undefined
  for (const [key, value] of storage.list({ prefix })) {
    if (large !== undefined && key.startsWith(`${large.key}${partMark}`)) {
      large.json += textOfPart(value)
      large.left -= 1
      if (large.left === 0) values.push([large.key, JSON.parse(large.json)])
      continue
    }
    large = isHead(value) ? { key, left: value.parts, json: "" } : undefined
    if (large === undefined) values.push([key, value])
  }
  return values
}

/** Deletes the value and its parts. */
export function deleteLarge(storage: OrderedStore, key: string): void {
  storage.delete(key)
  storage.deleteRange({ prefix: `${key}${partMark}` })
}

function isHead(value: unknown): value is Head {
  return typeof value === "object" && value !== null && "parts" in value && typeof value.parts === "number"
}

function textOfPart(value: unknown): string {
  return typeof value === "object" && value !== null && "text" in value && typeof value.text === "string"
    ? value.text
    : ""
}
