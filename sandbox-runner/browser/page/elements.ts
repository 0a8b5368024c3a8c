/** What can be clicked or filled on a page, and how it is told in one line. Runs in the page. */

/** One line of at most `limit` characters, without what only machines read. */
export function clip(text: string, limit: number): string {
  const line = tidy(text.replace(/\p{Co}/gu, ""))
    .replaceAll('"', "'")
    .replace(/\[(?=\s*\d+\s*\])/g, "\\[")
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`
}

export function tidy(text: string): string {
  return text.replace(/\s+/g, " ").trim()
}

/** Roles of ARIA that a person clicks (WAI-ARIA 1.2, widget roles). */
const clickedRoles =
  /^(button|link|checkbox|radio|tab|menuitem|menuitemcheckbox|menuitemradio|option|switch|combobox|textbox|searchbox|treeitem|slider|spinbutton)$/

/** What an element is to who uses it; undefined for what is not used. */
export function roleOf(element: Element, tag: string): string | undefined {
  const [role = ""] = (element.getAttribute("role") ?? "").toLowerCase().split(/\s/)
  if (tag === "input") return element.getAttribute("type")?.toLowerCase() === "hidden" ? undefined : "field"
  if (tag === "textarea" || tag === "select") return "field"
  if (element instanceof HTMLElement && element.isContentEditable && element.parentElement?.isContentEditable !== true)
    return "field"
  if (clickedRoles.test(role)) return role
  if (tag === "a" || tag === "area") return element.hasAttribute("href") ? "link" : undefined
  return tag === "button" || tag === "summary" ? "button" : undefined
}

export function isDisabled(element: Element): boolean {
  return element.matches(":disabled") || element.getAttribute("aria-disabled") === "true"
}

/** What an element without text is called: by its label, or as its author wrote for those who do not see. */
export function nameOf(element: Element): string {
  const labels =
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement
      ? [...(element.labels ?? [])].map((label) => label.innerText)
      : []
  const by = (element.getAttribute("aria-labelledby") ?? "")
    .split(/\s+/)
    .map((id) => (id === "" ? "" : (document.getElementById(id)?.innerText ?? "")))
  const candidates = [
    labels.join(" "),
    by.join(" "),
    element.getAttribute("aria-label"),
    element.getAttribute("placeholder"),
    element.getAttribute("title"),
    element.querySelector("img[alt],[aria-label]")?.getAttribute("alt"),
    element.querySelector("[aria-label]")?.getAttribute("aria-label"),
    element.querySelector("svg > title")?.textContent,
    element.getAttribute("name"),
  ]
  return clip(candidates.find((candidate) => tidy(candidate ?? "") !== "") ?? "", 100)
}

/** A field with its name and what stands in it; never what stands in a password. Undefined for what is no field. */
export function describeField(element: Element, role: string): string | undefined {
  if (role !== "field") return undefined
  const name = nameOf(element)
  if (element instanceof HTMLSelectElement) return describeChoice(element, name)
  if (element instanceof HTMLTextAreaElement) return `(text area "${name}": "${clip(element.value, 500)}")`
  if (!(element instanceof HTMLInputElement))
    return `(text area "${name}": "${clip(element instanceof HTMLElement ? element.innerText : "", 500)}")`
  switch (element.type) {
    case "submit":
    case "button":
    case "reset":
      return `(button: ${clip(element.value, 100) || name || element.type})`
    case "image":
      return `(button: ${clip(element.alt, 100) || name})`
    case "checkbox":
    case "radio":
      return `(${element.type} "${name}": ${element.checked ? "on" : "off"})`
    case "password":
      return `(password "${name}": ${element.value === "" ? "empty" : "filled"})`
    case "file":
      return `(file "${name}": files cannot be given)`
    default:
      return `(${element.type} "${name}": "${clip(element.value, 200)}"${element.required ? ", required" : ""})`
  }
}

function describeChoice(element: HTMLSelectElement, name: string): string {
  const texts = [...element.options].map((option) => `"${clip(option.text, 60)}"`)
  const chosen = [...element.selectedOptions].map((option) => `"${clip(option.text, 60)}"`)
  const more = texts.length > 40 ? ` and ${texts.length - 40} more` : ""
  return `(choice "${name}": ${chosen.join(", ")}; of ${texts.slice(0, 40).join(", ")}${more})`
}
