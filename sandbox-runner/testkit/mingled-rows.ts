/** Rows of a crowd of objects that grow, shrink and are written over, so that pages are split and filled anew. */

export type Row = readonly [object: string, key: string, text: string]

const crowd = 120
/** In an order that is not that of their numbers; none is part of another. */
const nameOf = (number: number) => `loop_${((number * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0")}`
const names = Array.from({ length: crowd }, (_, number) => nameOf(number))

/** Whom tests delete. */
export const goers = names.filter((_, number) => number % 2 === 0)
export const stayers = names.filter((_, number) => number % 2 === 1)

/** In the order of writing: some are written several times. The same in every run. */
export const mingledRows: readonly Row[] = roll()

/** By object and key: what is there when all others are deleted. */
export function rowsOfStayers(): Map<string, string> {
  const rows = mingledRows.filter(([object]) => !goers.includes(object))
  return new Map(rows.map(([object, key, text]) => [`${object} ${key}`, text]))
}

function roll(): Row[] {
  let seed = 1
  const below = (sides: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * sides)
  }
  return Array.from({ length: 6_000 }, () => {
    const object = nameOf(below(crowd))
    const key = `${"abcdef"[below(6)]}/${below(12)}`
    return [object, key, `${object} `.repeat(1 + below(below(20) === 0 ? 600 : 12))]
  })
}
