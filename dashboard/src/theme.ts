/** Light, dark, or as the system says. The choice is kept on this device. */
import { useState } from "react"

export type Theme = "system" | "light" | "dark"

const place = "loop-gateway.theme"

function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(place)
    return stored === "light" || stored === "dark" ? stored : "system"
  } catch {
    return "system"
  }
}

function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

/** Puts the stored choice on the page; before the first paint, so that nothing flashes. */
export function applyStoredTheme(): void {
  applyTheme(readTheme())
}

/** The choice and how to change it. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(readTheme)
  const choose = (chosen: Theme) => {
    setTheme(chosen)
    applyTheme(chosen)
    try {
      localStorage.setItem(place, chosen)
    } catch {
      // It holds for this visit.
    }
  }
  return [theme, choose]
}
