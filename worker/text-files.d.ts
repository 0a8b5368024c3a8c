/** Markdown travels in the Worker's bundle as text: a rule of wrangler.toml. */
declare module "*.md" {
  const text: string
  export default text
}
