/** The few forms that descriptions use: paragraphs and `code`. Everything else is shown as it is written. */

export function Prose({ text }: { readonly text: string }) {
  return text.split("\n\n").map((paragraph) => (
    <p key={paragraph} className="operation-prose">
      {paragraph.split("`").map((part, at) => (at % 2 === 1 ? <code key={`${at}${part}`}>{part}</code> : part))}
    </p>
  ))
}
