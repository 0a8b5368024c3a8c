/** What the tab keeps of messages and drafts. */
import { expect, test } from "vitest"
import { createPendingStore, type TextStorage } from "./pending.ts"

function memory(): TextStorage & { readonly values: Map<string, string> } {
  const values = new Map<string, string>()
  return {
    values,
    getItem: (name) => values.get(name) ?? null,
    setItem: (name, value) => void values.set(name, value),
    removeItem: (name) => void values.delete(name),
    clear: () => values.clear(),
  }
}
const message = (key: string, sentAt = 0) => ({ key, text: key, sentAt, turnId: null })

test("messages stay in their order and with their conversation until they are removed", () => {
  const storage = memory()
  const store = createPendingStore(storage, () => 0)
  store.put("a", message("1"))
  store.put("a", message("2"))
  store.put("b", message("3"))
  store.put("a", { ...message("1"), turnId: "t" })
  expect(createPendingStore(storage, () => 0).list("a")).toEqual([{ ...message("1"), turnId: "t" }, message("2")])
  store.remove("a", "1")
  store.remove("a", "2")
  expect(store.list("a")).toEqual([])
  expect([...storage.values.keys()]).toEqual(["loop-gateway.pending.b"])
})

test("a message is not sent again once the gateway may have forgotten its key", () => {
  const hourMs = 3_600_000
  const store = createPendingStore(memory(), () => 24 * hourMs)
  store.put("a", message("old", 0.5 * hourMs))
  store.put("a", message("new", 2 * hourMs))
  expect(store.list("a").map((one) => one.key)).toEqual(["new"])
})

test("damaged storage counts as empty, and storage that refuses costs nothing else", () => {
  const storage = memory()
  storage.setItem("loop-gateway.pending.a", '[{"key":1}]')
  expect(createPendingStore(storage, () => 0).list("a")).toEqual([])
  const refuse = () => {
    throw new Error("quota")
  }
  const full = createPendingStore({ getItem: refuse, setItem: refuse, removeItem: refuse, clear: refuse }, () => 0)
  full.put("a", message("1"))
  full.writeDraft("a", "text")
  full.clear()
  expect(full.readDraft("a")).toBe("")
})

test("drafts belong to their place, and clearing forgets everything", () => {
  const store = createPendingStore(memory(), () => 0)
  store.writeDraft("a", "one")
  store.writeDraft("b", "two")
  expect(store.readDraft("a")).toBe("one")
  store.clear()
  expect(store.readDraft("b")).toBe("")
})
