/** The page's addresses. Every one of them can be opened directly: the gateway answers them all with index.html. */
import type { MouseEvent } from "react"
import { useEffect, useSyncExternalStore } from "react"

export type Route =
  | { readonly page: "new" }
  | { readonly page: "chat"; readonly id: string }
  | { readonly page: "conversations" }
  | { readonly page: "runs" }
  | { readonly page: "usage" }
  | { readonly page: "approvals" }
  | { readonly page: "approval-rules" }
  | { readonly page: "activity" }
  | { readonly page: "channels" }
  | { readonly page: "runners" }
  | { readonly page: "groups" }
  | { readonly page: "tokens" }
  | { readonly page: "people" }
  | { readonly page: "account" }
  | { readonly page: "audit" }
  | { readonly page: "settings" }
  | { readonly page: "operations" }
  | { readonly page: "unknown" }

/** The route of a path; `/setup`, `/login` and `/invite` stand for the start page, since the session decides what is shown. */
export function parseRoute(path: string): Route {
  const [first = "", second, ...more] = path.split("/").filter((part) => part !== "")
  if (more.length > 0) return { page: "unknown" }
  if (first === "c" && second !== undefined) return { page: "chat", id: second }
  if (second !== undefined) return { page: "unknown" }
  switch (first) {
    case "":
    case "setup":
    case "login":
    case "invite":
      return { page: "new" }
    case "conversations":
    case "runs":
    case "usage":
    case "approvals":
    case "approval-rules":
    case "activity":
    case "channels":
    case "runners":
    case "groups":
    case "tokens":
    case "people":
    case "account":
    case "audit":
    case "settings":
    case "operations":
      return { page: first }
    default:
      return { page: "unknown" }
  }
}

const listeners = new Set<() => void>()
const tell = () => listeners.forEach((listener) => listener())
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  addEventListener("popstate", listener)
  return () => {
    listeners.delete(listener)
    removeEventListener("popstate", listener)
  }
}

/** Goes to a path of this page. */
export function navigate(path: string, how: "push" | "replace" = "push"): void {
  if (path === location.pathname) return
  if (how === "push") history.pushState(null, "", path)
  else history.replaceState(null, "", path)
  tell()
}

/** The path shown now. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

/** Follows a link inside the page, unless the person wants a new tab. */
export function followLink(event: MouseEvent<HTMLAnchorElement>): void {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  if (!plain || event.defaultPrevented) return
  event.preventDefault()
  navigate(event.currentTarget.pathname)
}

/** Names the page in the window's title. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Loop Gateway`
  }, [title])
}

/** Reads the one-time code of a link to `path` and takes it out of the address bar and the history. */
export function takeCode(path: "/setup" | "/invite"): string | null {
  if (location.pathname !== path) return null
  const code =
    new URLSearchParams(location.search).get("code") ?? new URLSearchParams(location.hash.slice(1)).get("code")
  history.replaceState(null, "", path)
  return code
}
