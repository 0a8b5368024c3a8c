/** Who may run when: so many at once, one at a time for each workspace, else in the order of their coming. */

export interface Queue {
  /**
   * Runs the work when its turn has come.
   * @returns what the work gave; `full` when too many wait, `left` when the signal was aborted before its turn
   */
  enter<T>(
    place: QueuePlace,
    work: () => Promise<T>,
  ): Promise<{ status: "done"; value: T } | { status: "full" | "left" }>
}

export interface QueuePlace {
  /** Two of the same never run at once: each sees what the one before it left. */
  readonly workspace: string
  /** Whether it counts among those that run. */
  readonly takesSlot: boolean
  readonly signal: AbortSignal
}

interface Waiting extends QueuePlace {
  readonly begin: () => void
}

export function createQueue(slots: number, maxWaiting: number): Queue {
  const waiting: Waiting[] = []
  const busy = new Set<string>()
  let running = 0
  const startDue = () => {
    // Nobody overtakes one of the same workspace.
    const passed = new Set<string>()
    for (const next of waiting.slice()) {
      const isFree = !busy.has(next.workspace) && !passed.has(next.workspace) && (!next.takesSlot || running < slots)
      if (!isFree) {
        passed.add(next.workspace)
        continue
      }
      waiting.splice(waiting.indexOf(next), 1)
      busy.add(next.workspace)
      if (next.takesSlot) running += 1
      next.begin()
    }
  }
  const takeTurn = (place: QueuePlace) =>
    new Promise<boolean>((resolve) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(entry), 1)
        resolve(false)
        // Those behind it of the same workspace may be next.
        startDue()
      }
      const entry: Waiting = {
        ...place,
        begin() {
          place.signal.removeEventListener("abort", leave)
          resolve(true)
        },
      }
      place.signal.addEventListener("abort", leave, { once: true })
      waiting.push(entry)
      startDue()
    })
  return {
    async enter(place, work) {
      if (place.signal.aborted) return { status: "left" }
      if (waiting.length >= maxWaiting) return { status: "full" }
      if (!(await takeTurn(place))) return { status: "left" }
      try {
        return { status: "done", value: await work() }
      } finally {
        busy.delete(place.workspace)
        if (place.takesSlot) running -= 1
        startDue()
      }
    },
  }
}
