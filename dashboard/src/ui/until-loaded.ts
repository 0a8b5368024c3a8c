/** Parts of the page that are loaded when they are needed: a gateway that is away then is asked again, and nothing breaks. */
import { createPatience } from "../chat/patience.ts"

/**
 * For React's `lazy`: tries until the part is there, while the fallback stands in its place. Without it, a part that cannot
 * be had would take the whole page down.
 */
export function untilLoaded<T>(load: () => Promise<T>): () => Promise<T> {
  return async () => {
    const patience = createPatience(Math.random)
    for (;;) {
      try {
        return await load()
      } catch {
        await patience.wait(null)
      }
    }
  }
}
