/** All that a gateway let out during a run, and the secrets that must not be in it. Refuses to call a run clean that leaked. */

/** Something that was let out: where, and what. */
interface Said {
  readonly where: string
  readonly text: string
}

export interface Transcript {
  /** Must appear nowhere from now on, nor before. Short values would be found by chance: give at least 8 characters. */
  secret(value: string): void
  /** Notes what an answer held. */
  note(where: string, text: string): void
  /** Where secrets stand, in the noted answers and in `output`; the secrets themselves are not repeated. */
  leaks(output: string): string[]
}

export function createTranscript(): Transcript {
  const secrets = new Set<string>()
  const said: Said[] = []
  return {
    secret(value) {
      if (value.length < 8) throw new Error("too short for a secret")
      secrets.add(value)
    },
    note(where, text) {
      said.push({ where, text })
    },
    leaks(output) {
      const all = [...said, { where: "standard output and error", text: output }]
      return all.flatMap(({ where, text }) =>
        [...secrets].filter((secret) => text.includes(secret)).map((secret) => `${where}: ${secret.slice(0, 3)}…`),
      )
    },
  }
}
