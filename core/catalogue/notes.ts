/** What an operator should know of the models that answer: prices that nobody knows, days on which they are withdrawn. Pure. */
import { type Catalogue, findModel, type ModelPrices } from "./catalogue.ts"

/**
 * One sentence, or null where there is nothing to say.
 * @param today - as `2027-01-31`, in UTC
 */
export function noteOnModel(catalogue: Catalogue, name: string, today: string): string | null {
  const entry = findModel(catalogue, name)
  if (entry === undefined || entry.prices === null)
    return `The price of ${name} is unknown: its cost is not counted, and where a limit in dollars binds it is not called. Name its price in models.json.`
  if (entry.retiresAt !== null && entry.retiresAt <= today)
    return `The provider of ${name} may withdraw it since ${entry.retiresAt}. Choose another model.`
  return null
}

/** Nobody sells a million tokens for less than a tenth of a cent: below it stand dollars in place of their millionths. */
const leastMicroUsd = 1_000

/** The models whose prices are so low that they were meant as dollars, and no limit in dollars would ever stop them. */
export function pricedTooLow(catalogue: Catalogue): string[] {
  const isTooLow = (prices: ModelPrices | null | undefined) =>
    Object.values(prices ?? {}).some((price) => price > 0 && price < leastMicroUsd)
  return catalogue.flatMap(({ name, prices, longPrompt }) =>
    isTooLow(prices) || isTooLow(longPrompt?.prices) ? [name] : [],
  )
}
