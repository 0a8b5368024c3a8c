/** What the bench's gateway tells of itself. */
import * as z from "zod"

export const Counters = z.object({
  /** Commits of either database, each with one fsync: the objects' and the embedded libSQL's. */
  commits: z.number(),
  /** Those of the objects' store. */
  objectCommits: z.number(),
  /** Objects in memory. */
  objects: z.number(),
  /** After a full garbage collection. */
  rssBytes: z.number(),
})
export type Counters = z.infer<typeof Counters>
