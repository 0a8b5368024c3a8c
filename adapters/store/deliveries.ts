/** What is recorded of outgoing parts that did not arrive. */
import * as z from "zod"
import type { Libsql } from "./libsql.ts"
import { constant } from "./query.ts"

const countByStatus = constant(
  "select status, count(*) as count from deliveries where status <> 'sent' group by status",
)
const Count = z.object({ status: z.enum(["pending", "failed"]), count: z.number().int() })

/** How many parts wait for another try, and how many were given up. */
export async function countUnsent(libsql: Libsql): Promise<{ pending: number; failed: number }> {
  const [found] = await libsql.read([countByStatus()])
  const counts = { pending: 0, failed: 0 }
  for (const row of found?.rows ?? []) {
    const { status, count } = Count.parse(row)
    counts[status] = count
  }
  return counts
}
