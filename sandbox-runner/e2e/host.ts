/** What an end-to-end test knows of a host: a gateway as a program that starts, dies and comes back with its data. */

/** Environment of a gateway. Read again at each start, so that a test can restart with other settings. */
export type Settings = Record<string, string>

export interface GatewayUnderTest {
  readonly url: string
  readonly setupCode: string
  /** All that it stores, in texts to search. */
  storedTexts(): Promise<string[]>
  /** What a person opens to set it up, as printed where the host prints it. */
  setupLink(): string
  start(): Promise<void>
  kill9(): Promise<void>
  /** Of all runs so far, both channels. */
  output(): string
  dispose(): Promise<void>
}

export interface E2eHost {
  readonly name: string
  /** Prepares a gateway with the kit's tools; nothing runs yet. */
  prepare(settings: Settings): Promise<GatewayUnderTest>
}
