/** Who may run when. Work ends when its test says so. */
import { expect, test } from "vitest"
import { createQueue, type Queue } from "./queue.ts"

/** Records what started, and ends each when told. */
function createBench(queue: Queue) {
  const started: string[] = []
  const ends = new Map<string, () => void>()
  return {
    started,
    enter: (name: string, options: { workspace?: string; takesSlot?: boolean; signal?: AbortSignal } = {}) => {
      const { workspace = name, takesSlot = true, signal = new AbortController().signal } = options
      return queue.enter({ workspace, takesSlot, signal }, () => {
        started.push(name)
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)))
      })
    },
    end: (name: string) => ends.get(name)?.(),
  }
}

test("so many at once, the others in the order of their coming", async () => {
  const { started, enter, end } = createBench(createQueue(2, 10))
  const all = ["a", "b", "c", "d"].map((name) => enter(name))
  await expect.poll(() => started).toEqual(["a", "b"])
  end("b")
  await expect.poll(() => started).toEqual(["a", "b", "c"])
  end("a")
  await expect.poll(() => started).toEqual(["a", "b", "c", "d"])
  end("c")
  end("d")
  expect(await Promise.all(all)).toEqual(["a", "b", "c", "d"].map((value) => ({ status: "done", value })))
})

test("two of the same workspace never run at once, and hold up nobody else", async () => {
  const { started, enter, end } = createBench(createQueue(2, 10))
  void enter("a1", { workspace: "a" })
  void enter("a2", { workspace: "a" })
  void enter("b")
  await expect.poll(() => started).toEqual(["a1", "b"])
  end("a1")
  await expect.poll(() => started).toEqual(["a1", "b", "a2"])
})

test("nobody overtakes one of the same workspace, also who needs no slot", async () => {
  const { started, enter, end } = createBench(createQueue(1, 10))
  void enter("x")
  void enter("a1", { workspace: "a" })
  void enter("a2", { workspace: "a", takesSlot: false })
  void enter("b", { takesSlot: false })
  await expect.poll(() => started).toEqual(["x", "b"])
  end("x")
  await expect.poll(() => started).toEqual(["x", "b", "a1"])
  end("a1")
  await expect.poll(() => started).toEqual(["x", "b", "a1", "a2"])
})

test("who is called back while waiting leaves, and those behind may be next", async () => {
  const { started, enter } = createBench(createQueue(1, 10))
  const canceling = new AbortController()
  void enter("x")
  const left = enter("a1", { workspace: "a", signal: canceling.signal })
  void enter("a2", { workspace: "a", takesSlot: false })
  canceling.abort()
  expect(await left).toEqual({ status: "left" })
  await expect.poll(() => started).toEqual(["x", "a2"])
})

test("who was called back before coming never waits", async () => {
  const { started, enter } = createBench(createQueue(1, 10))
  expect(await enter("a", { signal: AbortSignal.abort() })).toEqual({ status: "left" })
  await expect.poll(() => started).toEqual([])
})

test("no more wait than are allowed", async () => {
  const { enter } = createBench(createQueue(1, 2))
  for (const name of ["runs", "waits", "waits too"]) void enter(name)
  expect(await enter("too many")).toEqual({ status: "full" })
})

test("work that fails frees its place", async () => {
  const queue = createQueue(1, 10)
  const place = { workspace: "a", takesSlot: true, signal: new AbortController().signal }
  await expect(queue.enter(place, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken")
  expect(await queue.enter(place, () => Promise.resolve(1))).toEqual({ status: "done", value: 1 })
})
