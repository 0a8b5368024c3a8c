/** What a program wrote, as text that is safe to show and to store: so much of it kept, all of it counted. */

export interface Output {
  /** The text that these bytes add; empty when nothing is kept any more. */
  take(bytes: Uint8Array): string
  /** All that was kept. */
  text(): string
  keptBytes(): number
}

/**
 * Keeps the first bytes up to the limit. What is not UTF-8 and every control character but tab and line ends becomes U+FFFD: a
 * terminal or a log that shows the text obeys nothing in it. A character that the limit cuts in two is left out.
 */
export function createOutput(limitBytes: number): Output {
  const decoder = new TextDecoder("utf-8")
  const pieces: string[] = []
  let kept = 0
  return {
    take(bytes) {
      const taken = bytes.subarray(0, limitBytes - kept)
      if (taken.length === 0) return ""
      kept += taken.length
      const text = withoutControls(decoder.decode(taken, { stream: true }))
      pieces.push(text)
      return text
    },
    // Without the limit an unfinished character at the end is the program's own and is shown as such.
    text: () => pieces.join("") + (kept < limitBytes ? decoder.decode() : ""),
    keptBytes: () => kept,
  }
}

function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, "\u{fffd}")
}
