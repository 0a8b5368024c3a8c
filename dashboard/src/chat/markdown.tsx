/**
 * Markdown from a model, which may repeat what a stranger wrote: no HTML, no address but http, https and mailto, and
 * nothing that loads by itself. A picture is shown as a link, since fetching it would tell its server who reads.
 */
import type { ComponentProps, ReactNode } from "react"
import { memo, useMemo, useRef } from "react"
import type { Components } from "react-markdown"
import ReactMarkdown from "react-markdown"
import remarkGfm from "remark-gfm"
import { CopyButton } from "../ui/copy.tsx"
import { safeHref } from "./safe-href.ts"
import { splitBlocks } from "./split-blocks.ts"

function Link({ href, children }: { readonly href?: string; readonly children?: ReactNode }) {
  const safe = safeHref(href)
  if (safe === null) return <span>{children}</span>
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  )
}

function Picture({ src, alt }: { readonly src?: unknown; readonly alt?: string }) {
  const name = alt === undefined || alt === "" ? "picture" : alt
  return typeof src === "string" ? <Link href={src}>Picture: {name}</Link> : <span>Picture: {name}</span>
}

function CodeBlock({ children }: { readonly children?: ReactNode }) {
  const ref = useRef<HTMLPreElement>(null)
  return (
    <div className="code">
      <div className="code-copy">
        <CopyButton label="Copy code" read={() => ref.current?.textContent ?? ""} />
      </div>
      <pre ref={ref} tabIndex={0}>
        {children}
      </pre>
    </div>
  )
}

const Cell = (Tag: "td" | "th") =>
  function AlignedCell({ style, children }: ComponentProps<"td">) {
    const align = style?.textAlign
    return (
      <Tag dir="auto" className={align === "center" || align === "right" ? `cell-${align}` : undefined}>
        {children}
      </Tag>
    )
  }

/** The tree of the text, as far as it is looked at here. */
interface Tree {
  readonly children: readonly { readonly type: string; readonly properties?: Record<string, unknown> }[]
}

/** Each block reads the way of its first letter, whatever stands around it: Arabic and Hebrew from the right. */
function directBlocks() {
  return ({ children }: Tree) => {
    // Of the outermost alone: what has a direction of its own does not count for that of what it stands in.
    for (const { properties } of children) if (properties !== undefined) properties.dir = "auto"
  }
}

const components: Components = {
  a: ({ href, children }) => <Link {...(href === undefined ? {} : { href })}>{children}</Link>,
  img: ({ src, alt }) => <Picture src={src} {...(alt === undefined ? {} : { alt })} />,
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  table: ({ children }) => (
    <section className="table" tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
  td: Cell("td"),
  th: Cell("th"),
}
const plugins = [remarkGfm]
const treePlugins = [directBlocks]
/** Kept as written: {@link Link} judges each address, and a picture's is never loaded. */
const keepUrl = (url: string) => url

const Block = memo(function Block({ text }: { readonly text: string }) {
  return (
    <ReactMarkdown remarkPlugins={plugins} rehypePlugins={treePlugins} components={components} urlTransform={keepUrl}>
      {text}
    </ReactMarkdown>
  )
})

/** @param growing - the text is still being written: finished blocks are then not rendered again */
export default function Markdown({ text, growing }: { readonly text: string; readonly growing: boolean }) {
  const blocks = useMemo(() => (growing ? splitBlocks(text) : [text]), [text, growing])
  return blocks.map((block, index) => <Block key={index} text={block} />)
}
