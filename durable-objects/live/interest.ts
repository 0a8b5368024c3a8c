/** Whether anyone watches the live feed, where publishers and feed share a process: so that telling nobody costs nothing. */

export interface LiveInterest {
  /**
   * Set by the LiveHub before a reader gets its first number, so that a publisher who finds false missed nothing that a
   * reader could wait for.
   */
  isWatched: boolean
}

/** For one process: until the LiveHub says otherwise, someone may have been watching before the start. */
export function createLiveInterest(): LiveInterest {
  return { isWatched: true }
}
