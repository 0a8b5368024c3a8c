/** A list of Telegram user ids as people type it: numbers parted by lines, commas or blanks. */

/** @returns the ids without repetition, or the first word that is none */
export function parseUserIds(
  text: string,
): { readonly status: "ok"; readonly ids: number[] } | { readonly status: "invalid"; readonly word: string } {
  const words = text.split(/[\s,;]+/).filter((word) => word !== "")
  const wrong = words.find((word) => !/^[1-9]\d{0,15}$/.test(word) || !Number.isSafeInteger(Number(word)))
  if (wrong !== undefined) return { status: "invalid", word: wrong }
  return { status: "ok", ids: [...new Set(words.map(Number))] }
}
