/**
 * Whether a person would see something on a page. What is hidden from people is where pages, and those who write into them, put
 * orders to machines. Runs in the page, in a world that the page's own scripts cannot reach. Not found out: text that lies
 * under something opaque.
 */

/** Where content must lie to be seen: what a person can scroll to, or what a box does not cut off. */
interface Bounds {
  readonly element: Element | null
  readonly kind: "scrolls" | "clips"
}

export interface Sight {
  /** Nothing below the element is seen. */
  isClosed(element: Element, style: CSSStyleDeclaration, bounds: Bounds): boolean
  /** Bounds for what stands in the element. */
  boundsIn(element: Element, style: CSSStyleDeclaration, bounds: Bounds): Bounds
  /** The box itself has a size and a place that is seen. */
  showsBox(element: Element, bounds: Bounds): boolean
  showsText(text: Text, style: CSSStyleDeclaration, bounds: Bounds): boolean
  readonly page: Bounds
}

interface Painted {
  readonly element: Element
  readonly color: Color | "unknown"
}
type Color = readonly [red: number, green: number, blue: number, alpha: number]

export function createSight(document: Document): Sight {
  const page: Bounds = { element: null, kind: "scrolls" }
  const range = document.createRange()
  const backgrounds = new WeakMap<Element, Color | "unknown">()
  let painted: readonly Painted[] | undefined

  const meets = (rect: DOMRect, { element, kind }: Bounds): boolean => {
    if (rect.width < 1 || rect.height < 1) return false
    const view = element === null ? new DOMRect(0, 0, innerWidth, innerHeight) : element.getBoundingClientRect()
    if (kind === "clips")
      return rect.right > view.left && rect.left < view.right && rect.bottom > view.top && rect.top < view.bottom
    const scroller = element ?? document.scrollingElement ?? document.documentElement
    const left = rect.left - (element === null ? 0 : view.left) + scroller.scrollLeft
    const top = rect.top - (element === null ? 0 : view.top) + scroller.scrollTop
    return left + rect.width > 0 && top + rect.height > 0 && left < scroller.scrollWidth && top < scroller.scrollHeight
  }

  const backgroundOf = (element: Element): Color | "unknown" => {
    const known = backgrounds.get(element)
    if (known !== undefined) return known
    const style = getComputedStyle(element)
    const own = colorOf(style.backgroundColor)
    const parent = parentOf(element)
    const found: Color | "unknown" =
      style.backgroundImage !== "none" || own === undefined
        ? "unknown"
        : own[3] > 0.5
          ? own
          : parent === null
            ? canvasOf(style)
            : backgroundOf(parent)
    backgrounds.set(element, found)
    return found
  }

  /** What may lie behind a text without being around it: pictures, and boxes with a colour of their own. */
  const paintedBoxes = () => {
    painted ??= [...document.querySelectorAll("*")].slice(0, 20_000).flatMap((element): Painted[] => {
      if (/^(img|video|canvas|svg|picture|object|embed)$/i.test(element.tagName)) return [{ element, color: "unknown" }]
      const style = getComputedStyle(element)
      if (style.backgroundImage !== "none") return [{ element, color: "unknown" }]
      const color = colorOf(style.backgroundColor)
      return color !== undefined && color[3] > 0.5 ? [{ element, color }] : []
    })
    return painted
  }

  const standsOut = (parent: Element, style: CSSStyleDeclaration, rect: DOMRect): boolean => {
    const color = colorOf(style.webkitTextFillColor)
    if (color === undefined || /\btext\b/.test(style.webkitBackgroundClip)) return true
    if (color[3] < 0.1) return false
    const background = backgroundOf(parent)
    if (background === "unknown" || differ(color, background)) return true
    const x = rect.left + rect.width / 2
    const y = rect.top + rect.height / 2
    return paintedBoxes().some((box) => {
      if (box.element.contains(parent) || (box.color !== "unknown" && !differ(color, box.color))) return false
      const place = box.element.getBoundingClientRect()
      return x > place.left && x < place.right && y > place.top && y < place.bottom
    })
  }

  return {
    page,
    isClosed(element, style, bounds) {
      if (style.display === "none" || style.contentVisibility === "hidden") return true
      if (element.getAttribute("aria-hidden") === "true" || Number(style.opacity) < 0.1) return true
      if (/opacity\(0(\.0\d*)?%?\)/.test(style.filter) || isClippedAway(style)) return true
      if (element === document.documentElement || element === document.body || style.display === "contents")
        return false
      const rect = element.getBoundingClientRect()
      const cutsX = style.overflowX === "hidden" || style.overflowX === "clip"
      const cutsY = style.overflowY === "hidden" || style.overflowY === "clip"
      if ((cutsX && rect.width <= 1) || (cutsY && rect.height <= 1)) return true
      if (style.transform !== "none" && (rect.width < 1 || rect.height < 1)) return true
      // What cuts or scrolls its content is not seen where it is not itself.
      return style.overflowX !== "visible" && style.position !== "fixed" && !meets(rect, bounds)
    },
    boundsIn(element, style, bounds) {
      if (element === document.documentElement || element === document.body) return bounds
      if (style.overflowX === "visible" && style.overflowY === "visible")
        return style.position === "fixed" ? { element: null, kind: "clips" } : bounds
      const isScroller = /auto|scroll/.test(`${style.overflowX} ${style.overflowY}`)
      return { element, kind: isScroller ? "scrolls" : "clips" }
    },
    showsBox(element, bounds) {
      return (
        element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
        meets(element.getBoundingClientRect(), bounds)
      )
    },
    showsText(text, style, bounds) {
      const parent = text.parentElement ?? hostOf(text)
      if (parent === null || style.visibility !== "visible" || Number.parseFloat(style.fontSize) < 4) return false
      if (!parent.checkVisibility()) return false
      range.selectNodeContents(text)
      const rect = [...range.getClientRects()].find((one) => meets(one, bounds))
      return rect !== undefined && standsOut(parent, style, rect)
    },
  }
}

function hostOf(node: Node): Element | null {
  return node.parentNode instanceof ShadowRoot ? node.parentNode.host : null
}

/** The element around it as it is drawn. */
function parentOf(element: Element): Element | null {
  return element.assignedSlot ?? element.parentElement ?? hostOf(element)
}

function isClippedAway(style: CSSStyleDeclaration): boolean {
  if (/^inset\((?:[5-9]\d|100)(?:\.\d+)?%/.test(style.clipPath) || /^circle\(0(px|%)?( |\))/.test(style.clipPath))
    return true
  const [top, right, bottom, left] = [...style.clip.matchAll(/-?[\d.]+(?=px)/g)].map(Number)
  if (top === undefined || right === undefined || bottom === undefined || left === undefined) return false
  return /absolute|fixed/.test(style.position) && (right - left <= 1 || bottom - top <= 1)
}

/** A computed colour of sRGB; undefined for other spaces. */
function colorOf(text: string): Color | undefined {
  const [, inside] = /^rgba?\(([^)]+)\)$/.exec(text) ?? []
  const [red, green, blue, alpha = 1] = (inside ?? "").split(/[ ,/]+/).map(Number)
  if (red === undefined || green === undefined || blue === undefined || Number.isNaN(red + green + blue + alpha))
    return undefined
  return [red, green, blue, alpha]
}

/** Behind everything: white, or black where the page is dark alone. */
function canvasOf(style: CSSStyleDeclaration): Color {
  return style.colorScheme === "dark" ? [18, 18, 18, 1] : [255, 255, 255, 1]
}

function differ(one: Color, other: Color): boolean {
  return [0, 1, 2].some((channel) => Math.abs((one[channel] ?? 0) - (other[channel] ?? 0)) > 16)
}
