/** Fills one field of a page, whatever its kind. */
import type { ElementHandle } from "playwright-core"

const timeout = 5_000
/** Of input: what is written otherwise is dropped. */
const ownForm = /^(date|time|datetime-local|month|week|color|range|number)$/
const yes = /^(true|on|yes|1|checked)$/i
const no = /^(false|off|no|0|unchecked)?$/i

/**
 * @returns what is wrong with the text, for the model; undefined when the field holds it
 * @throws as Playwright does when the field cannot be used now
 */
export async function fillElement(element: ElementHandle, text: string): Promise<string | undefined> {
  const tag = (await (await element.getProperty("tagName")).jsonValue()) ?? ""
  const type = (await element.getAttribute("type"))?.toLowerCase() ?? "text"
  if (/^select$/i.test(String(tag))) return choose(element, text)
  if (/^input$/i.test(String(tag))) {
    if (type === "file") return "Files cannot be given to a page."
    if (/^(submit|button|reset|image)$/.test(type)) return "This is a button: click it."
    if (type === "checkbox" || type === "radio") {
      if (!yes.test(text) && !no.test(text)) return "Fill a checkbox or radio button with on or off, or click it."
      await element.setChecked(yes.test(text), { timeout })
      return undefined
    }
  }
  try {
    await element.fill(text, { timeout })
    if (!ownForm.test(type) || (await element.inputValue()) === text) return undefined
    return otherForm(type)
  } catch (error) {
    const message = error instanceof Error ? error.message : ""
    if (/Malformed value/.test(message)) return otherForm(type)
    if (/Cannot type text into input\[type=number\]/.test(message)) return "This field takes a number."
    if (/not an <input>/.test(message)) return "This element takes no text: click it."
    throw error
  }
}

const otherForm = (type: string) => `A field of type ${type} takes its value in another form (dates: 2026-12-31).`

/** By the text that is shown, or by its value. */
async function choose(element: ElementHandle, text: string): Promise<string | undefined> {
  const options = await element.$$("option")
  for (const [index, option] of options.entries()) {
    const shown = ((await option.textContent()) ?? "").replace(/\s+/g, " ").trim()
    if (shown !== text.trim() && (await option.getAttribute("value")) !== text) continue
    await element.selectOption({ index }, { timeout })
    return undefined
  }
  return `There is no such choice: ${JSON.stringify(text.slice(0, 100))}. Give one as the page shows it.`
}
