/** A question on the terminal. */
import { createInterface } from "node:readline/promises"
import { Writable } from "node:stream"

/** @param options.isSecret - what is typed is not shown */
export async function askPerson(question: string, options: { isSecret?: boolean } = {}): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const output = options.isSecret === true ? silent : process.stdout
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  try {
    if (options.isSecret === true) process.stdout.write(question)
    const answer = await lines.question(options.isSecret === true ? "" : question)
    return answer.trim()
  } finally {
    lines.close()
    if (options.isSecret === true) process.stdout.write("\n")
  }
}
