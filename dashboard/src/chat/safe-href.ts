/** Which addresses of a model's text may become links. */

const allowed = new Set(["http:", "https:", "mailto:"])

/** The address as the browser will understand it, or null when it is relative or of a kind that is not allowed. */
export function safeHref(href: string | undefined): string | null {
  if (href === undefined || !URL.canParse(href)) return null
  const url = new URL(href)
  return allowed.has(url.protocol) ? url.href : null
}
