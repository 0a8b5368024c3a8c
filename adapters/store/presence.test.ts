/** A server that goes away and comes back, as those see it who need it; time is moved by hand. */
import { expect, test } from "vitest"
import { skipWhileAway } from "./presence.ts"

const probeTimeoutMs = 3_000

/** A server that answers or not, and a clock. */
function openScene() {
  const scene = { isThere: true, now: 1_000_000, asked: 0, probed: 0 }
  const answer = async () => {
    if (!scene.isThere) throw new TypeError("fetch failed")
    return new Response("ok")
  }
  const fetch = skipWhileAway({
    fetch: () => {
      scene.asked += 1
      return answer()
    },
    probe: () => {
      scene.probed += 1
      return answer()
    },
    probeTimeoutMs,
    now: () => scene.now,
  })
  const ask = () =>
    fetch(new Request("http://localhost/")).then(
      () => "answered",
      () => "failed",
    )
  return { scene, ask }
}

async function lose(ask: () => Promise<string>, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) expect(await ask()).toBe("failed")
}

test("one lost request changes nothing", async () => {
  const { scene, ask } = openScene()
  scene.isThere = false
  await lose(ask, 1)
  scene.isThere = true
  expect(await ask()).toBe("answered")
  expect(scene.probed).toBe(0)
})

test("one request that ran into its timeout is enough", async () => {
  let asked = 0
  const fetch = skipWhileAway({
    fetch: () => {
      asked += 1
      return Promise.reject(new DOMException("timed out", "TimeoutError"))
    },
    probe: () => Promise.reject(new TypeError("fetch failed")),
    probeTimeoutMs,
    now: () => 1_000_000,
  })
  const request = new Request("http://localhost/")
  for (let n = 0; n < 5; n += 1) await expect(fetch(request)).rejects.toThrow()
  expect(asked).toBe(1)
})

test("while it is away, one request a second asks whether it is back and the others fail at once", async () => {
  const { scene, ask } = openScene()
  scene.isThere = false
  await lose(ask, 2)
  await lose(ask, 20)
  expect([scene.asked, scene.probed]).toEqual([2, 1])
  scene.now += 1_000
  await lose(ask, 20)
  expect([scene.asked, scene.probed]).toEqual([2, 2])
})

test("the request that finds it back is answered, and all behind it", async () => {
  const { scene, ask } = openScene()
  scene.isThere = false
  await lose(ask, 3)
  scene.isThere = true
  scene.now += 1_000
  expect([await ask(), await ask()]).toEqual(["answered", "answered"])
  expect([scene.asked, scene.probed]).toEqual([4, 2])
})

test("after ten silent seconds the next request goes out as any other", async () => {
  const { scene, ask } = openScene()
  scene.isThere = false
  await lose(ask, 2)
  scene.isThere = true
  scene.now += 10_000
  expect(await ask()).toBe("answered")
  expect(scene.probed).toBe(0)
})

test("a probe that is never heard of again holds back no later one", async () => {
  const { scene, ask } = openScene()
  scene.isThere = false
  await lose(ask, 2)
  const fetch = skipWhileAway({
    fetch: () => Promise.reject(new TypeError("fetch failed")),
    probe: () => {
      scene.probed += 1
      return new Promise(() => {})
    },
    probeTimeoutMs,
    now: () => scene.now,
  })
  const request = new Request("http://localhost/")
  for (let n = 0; n < 2; n += 1) await expect(fetch(request)).rejects.toThrow("fetch failed")
  void fetch(request)
  await expect(fetch(request)).rejects.toThrow("did not answer")
  scene.now += probeTimeoutMs + 1_000
  void fetch(request)
  expect(scene.probed).toBe(2)
})
