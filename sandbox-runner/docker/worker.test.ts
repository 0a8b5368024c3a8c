/** The sandbox worker on a real container engine. Needs Docker and the agent image (see `openSandboxes`). */
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { spawnChild } from "../testkit/child.ts"
import {
  agentImage,
  argv,
  bash,
  dockerHost,
  newCommandId,
  newWorkspace,
  node,
  openSandboxes,
  python,
  type Sandboxes,
} from "../testkit/sandboxes.ts"
import { toGuard } from "./frames.ts"
import { containerName, containerSpec, limits } from "./sandbox.ts"
import { createDockerWorker } from "./worker.ts"
import { openWorkspaces } from "./workspaces.ts"

let sandboxes: Sandboxes
beforeAll(async () => {
  sandboxes = await openSandboxes()
})
afterAll(() => sandboxes.dispose())
afterEach(async () => {
  expect(await sandboxes.containers()).toEqual([])
})

describe("a program", () => {
  test.each([
    [
      "without a shell means what it says",
      argv("printf", "%s|", "$HOME", "a b", "*; rm -rf /"),
      "$HOME|a b|*; rm -rf /|",
    ],
    ["in bash", bash("x=(1 2); echo ${#x[@]} $PWD"), "2 /home/agent\n"],
    ["in Python", python("import sqlite3, json, sys; print(json.dumps([sys.argv[1:]]))"), "[[]]\n"],
    ["in Node", node("console.log(require('node:os').userInfo().username)"), "agent\n"],
    [
      "in a script with quotes, dollars and an end of file of its own",
      bash("cat <<'EOF'\n'\"$x`\\\nEOF"),
      "'\"$x`\\\n",
    ],
  ])("%s", async (_, program, stdout) => {
    expect(await sandboxes.result(program)).toMatchObject({ exitCode: 0, stdout, stderr: "" })
  })

  test("reads its standard input to the end, also when there is none", async () => {
    const stdin = "ä line\n".repeat(20_000)
    expect(await sandboxes.result(argv("wc", "-c"), { stdin })).toMatchObject({ stdout: "160000\n" })
    expect(await sandboxes.result(argv("wc", "-c"))).toMatchObject({ stdout: "0\n" })
  })

  test("that ignores its input is not held up by it", async () => {
    expect(await sandboxes.result(argv("true"), { stdin: "x".repeat(200_000) })).toMatchObject({ exitCode: 0 })
  })

  test("that fails has still run", async () => {
    expect(await sandboxes.result(bash("echo out; echo err >&2; exit 3"))).toMatchObject({
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    })
  })

  test("that a signal ended has no exit code", async () => {
    expect(await sandboxes.result(bash("kill -9 $$"))).toMatchObject({ exitCode: null })
  })

  test.each([
    ["is not there", argv("no-such-program"), 127],
    ["may not be executed", argv("/etc/passwd"), 126],
    ["has a NUL in an argument", argv("echo", "a\0b"), 126],
    ["has half a character in an argument", argv("echo", "\ud800"), 126],
    ["has an argument that is longer than the system takes", argv("echo", "😀".repeat(40_000)), 126],
  ])("that %s ends as a shell would end it", async (_, program, exitCode) => {
    expect(await sandboxes.result(program)).toMatchObject({ exitCode, stderr: expect.stringContaining("sandbox: ") })
  })

  test("with more arguments than any system takes is refused before there is a container", async () => {
    const many = argv("echo", ...Array.from({ length: 30 }, () => "x".repeat(90_000)))
    expect(await sandboxes.run(many)).toMatchObject({ status: "failed", failure: { code: "invalid" } })
  })

  test("is told to its watcher while it runs", async () => {
    const workspace = newWorkspace()
    const canceling = new AbortController()
    let seen = ""
    const running = sandboxes.run(bash("echo one; echo two >&2; sleep 60"), {
      workspace,
      signal: canceling.signal,
      async onOutput(stream, text) {
        seen += `${stream}: ${text}`
      },
    })
    await expect.poll(() => seen).toMatch(/stdout: one\n/)
    await expect.poll(() => seen).toMatch(/stderr: two\n/)
    canceling.abort()
    expect(await running).toEqual({ status: "canceled" })
  })

  test("waits for a watcher who is slow, and loses nothing", async () => {
    let isFree = false
    let free = () => {}
    const freed = new Promise<void>((resolve) => {
      free = resolve
    })
    const seen: string[] = []
    const running = sandboxes.result(python("print('x' * 150_000)"), {
      async onOutput(_, text) {
        if (!isFree) await freed
        seen.push(text)
      },
    })
    await expect.poll(() => sandboxes.containers()).toHaveLength(1)
    expect(seen).toEqual([])
    isFree = true
    free()
    expect((await running).stdout).toBe(seen.join(""))
  })
})

describe("files of a conversation", () => {
  test("outlive the run, with their directories, times and the right to be executed", async () => {
    const workspace = newWorkspace()
    await sandboxes.result(
      bash("mkdir -p a/b; echo hello > a/b/c; echo 'echo ran' > run; chmod +x run; touch -d @1000000000 run"),
      { workspace },
    )
    const { stdout } = await sandboxes.result(bash("cat a/b/c; ./run; stat -c %Y run"), { workspace })
    expect(stdout).toBe("hello\nran\n1000000000\n")
  })

  test("are imported by scripts, which leave nothing of themselves", async () => {
    const workspace = newWorkspace()
    await sandboxes.result(bash("echo 'def f(): return 7' > helper.py; echo 'exports.f = 8' > helper.js"), {
      workspace,
    })
    expect((await sandboxes.result(python("import helper; print(helper.f())"), { workspace })).stdout).toBe("7\n")
    expect((await sandboxes.result(node("console.log(require('./helper.js').f)"), { workspace })).stdout).toBe("8\n")
    const { stdout } = await sandboxes.result(argv("find", ".", "-name", ".sandbox*"), { workspace })
    expect(stdout).toBe("")
  })

  test("are nobody else's", async () => {
    await sandboxes.result(bash("echo secret > file"))
    expect((await sandboxes.result(bash("ls -A | grep -v sandbox-script"))).stdout).toBe("")
  })

  test("are forgotten when they are erased", async () => {
    const workspace = newWorkspace()
    await sandboxes.result(bash("touch file"), { workspace })
    const context = { id: newCommandId(), signal: new AbortController().signal, onOutput: () => Promise.resolve() }
    const erase = { kind: "sandbox.erase", workspace } as const
    expect(await sandboxes.worker.run(erase, context)).toEqual({
      status: "succeeded",
      result: { kind: "sandbox.erase" },
    })
    expect((await sandboxes.result(bash("ls"), { workspace })).stdout).toBe("")
    expect(await readdir(join(sandboxes.config.dataDir, "workspaces"))).not.toContain(`${workspace}.tar`)
  })

  test("stay as they were when the run is canceled or its time is over", async () => {
    const workspace = newWorkspace()
    await sandboxes.result(bash("echo before > file"), { workspace })
    const change = bash("echo after > file; echo changed; sleep 60")
    expect(await sandboxes.run(change, { workspace, timeoutMs: 1_000 })).toEqual({ status: "timed_out" })
    const canceling = new AbortController()
    const onOutput = () => Promise.resolve(canceling.abort())
    expect(await sandboxes.run(change, { workspace, signal: canceling.signal, onOutput })).toEqual({
      status: "canceled",
    })
    expect((await sandboxes.result(argv("cat", "file"), { workspace })).stdout).toBe("before\n")
  })

  test("many and large ones come back whole", async () => {
    const workspace = newWorkspace()
    const make = `import os
for n in range(5_000): open(f"f{n}", "w").write(str(n))
open("big", "wb").write(os.urandom(50_000_000))`
    await sandboxes.result(bash("true"), { workspace })
    await sandboxes.result(
      python(`${make}\nimport hashlib; open("sum", "w").write(hashlib.sha256(open("big", "rb").read()).hexdigest())`),
      { workspace },
    )
    const check = `import hashlib
print(open("sum").read() == hashlib.sha256(open("big", "rb").read()).hexdigest(), all(open(f"f{n}").read() == str(n) for n in range(5_000)))`
    expect((await sandboxes.result(python(check), { workspace })).stdout).toBe("True True\n")
  })

  test("of a conversation whose id is no id are refused", async () => {
    const store = openWorkspaces(join(sandboxes.config.dataDir, "workspaces"))
    const names = [
      "../../etc/passwd",
      "owner",
      "loop_..",
      "",
      `conv_${"a".repeat(32)}/../x`,
      `conv_${"a".repeat(32)}\0`,
    ]
    // As it would be if the frame's parser had let it through.
    for (const name of names) await expect(store.erase(z.custom<never>().parse(name))).rejects.toThrow("Invalid")
  })
})

describe("an end from outside:", () => {
  test("the time is over, and no command has more than the operator allows", async () => {
    const short = await openSandboxes({ timeoutMs: 1_000 })
    expect(await short.run(argv("sleep", "60"), { timeoutMs: 50_000 })).toEqual({ status: "timed_out" })
    await short.dispose()
  })

  test("a command that was called back before its turn never runs", async () => {
    const canceling = AbortSignal.abort()
    expect(await sandboxes.run(argv("true"), { signal: canceling })).toEqual({ status: "canceled" })
  })

  test("a stop of the runner ends what runs, and says so", async () => {
    const stopping = await openSandboxes()
    let hasStarted = false
    const running = stopping.run(bash("echo started; sleep 60"), { onOutput: async () => void (hasStarted = true) })
    await expect.poll(() => hasStarted).toBe(true)
    await stopping.worker.close()
    expect(await running).toMatchObject({ status: "failed", failure: { code: "interrupted" } })
    expect(await stopping.containers()).toEqual([])
    await stopping.dispose()
  })
})

describe("several at once:", () => {
  test("no more run than are allowed, the others in the order of their coming", async () => {
    const narrow = await openSandboxes({ maxConcurrent: 2 })
    let most = 0
    const order: number[] = []
    const watch = setInterval(() => void narrow.containers().then((now) => (most = Math.max(most, now.length))), 20)
    const started = [0, 1, 2, 3, 4].map((n) =>
      narrow.result(bash(`echo ${n}; sleep 0.3`), { onOutput: async (_, text) => void order.push(Number(text)) }),
    )
    await Promise.all(started)
    clearInterval(watch)
    expect(most).toBe(2)
    expect(new Set(order.slice(0, 2))).toEqual(new Set([0, 1]))
    expect(new Set(order.slice(2, 4))).toEqual(new Set([2, 3]))
    expect(order[4]).toBe(4)
    await narrow.dispose()
  })

  test("one conversation's run one after the other, and none loses what another wrote", async () => {
    const workspace = newWorkspace()
    const add = bash("echo x >> list; sleep 0.1; wc -l < list")
    const counts = await Promise.all([add, add, add].map((program) => sandboxes.result(program, { workspace })))
    expect(counts.map(({ stdout }) => stdout.trim())).toEqual(["1", "2", "3"])
  })

  test("one that is called back while it waits leaves the queue", async () => {
    const workspace = newWorkspace()
    const canceling = new AbortController()
    const first = sandboxes.result(bash("sleep 1; touch first"), { workspace })
    const second = sandboxes.run(bash("touch second"), { workspace, signal: canceling.signal })
    const third = sandboxes.result(argv("ls"), { workspace })
    canceling.abort()
    expect(await second).toEqual({ status: "canceled" })
    await first
    expect((await third).stdout).toBe("first\n")
  })
})

describe("a command runs once:", () => {
  test("asked for twice at the same time, both are told of the one run", async () => {
    const [id, workspace] = [newCommandId(), newWorkspace()]
    const add = bash("echo x >> list; wc -l < list")
    const both = await Promise.all([sandboxes.result(add, { id, workspace }), sandboxes.result(add, { id, workspace })])
    expect(both.map(({ stdout }) => stdout)).toEqual(["1\n", "1\n"])
    expect((await sandboxes.result(argv("wc", "-l", "list"), { workspace })).stdout).toBe("1 list\n")
  })

  test("while a container of its id exists, whoever made it, it is not started", async () => {
    const id = newCommandId()
    const { engine, config } = sandboxes
    const { owner } = openWorkspaces(join(config.dataDir, "workspaces"))
    const name = containerName(owner, id)
    const body = containerSpec({ image: agentImage, owner, command: id, canLimitCpu: true })
    await engine.call(z.unknown(), { method: "POST", path: "/containers/create", query: { name }, body })
    let seen = ""
    const outcome = await sandboxes.run(bash("echo ran"), { id, onOutput: async (_, text) => void (seen += text) })
    expect(outcome).toMatchObject({ status: "failed", failure: { code: "interrupted" } })
    expect(seen).toBe("")
    await engine.call(z.unknown(), { method: "DELETE", path: `/containers/${name}`, query: { force: "1" } })
  })
})

describe("a runner that is killed", () => {
  let dataDir: string
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "loop-killed-"))
  })
  afterAll(() => rm(dataDir, { recursive: true, force: true }))

  const kill = async (script: string) => {
    const [id, workspace] = [newCommandId(), newWorkspace()]
    const program = join(import.meta.dirname, "../testkit/sandbox-process.ts")
    const env = { DOCKER_HOST: dockerHost, AGENT_IMAGE: agentImage }
    const args = [program, dataDir, id, workspace, script]
    const child = spawnChild({ command: process.execPath, args, cwd: dataDir, env })
    await child.waitUntil(async () => child.output().includes("started"), 20_000)
    await child.kill9()
    return { id, workspace }
  }

  test("leaves no container behind, though no runner comes back", async () => {
    await kill("echo started; trap '' TERM HUP; sleep 600")
    const { owner } = openWorkspaces(join(dataDir, "workspaces"))
    const filters = JSON.stringify({ label: [`loop-gateway.owner=${owner}`] })
    const list = () =>
      sandboxes.engine.call(z.array(z.unknown()), {
        method: "GET",
        path: "/containers/json",
        query: { all: "1", filters },
      })
    await expect.poll(list).toEqual([])
  })

  test("leaves the files as they were, and a next start that works", async () => {
    const before = await openSandboxes({ dataDir })
    const { workspace } = await kill("echo lost > file; echo started; sleep 600")
    await before.dispose()
    const after = await openSandboxes({ dataDir })
    expect((await after.result(argv("ls"), { workspace })).stdout).toBe("")
    expect(await after.containers()).toEqual([])
    await after.dispose()
  })

  test("and whose container could not end by itself: the next start removes it", async () => {
    const first = await openSandboxes({ dataDir })
    await first.dispose()
    const { owner } = openWorkspaces(join(dataDir, "workspaces"))
    const id = newCommandId()
    const body = containerSpec({ image: agentImage, owner, command: id, canLimitCpu: true })
    const query = { name: containerName(owner, id) }
    await sandboxes.engine.call(z.unknown(), { method: "POST", path: "/containers/create", query, body })
    const next = createDockerWorker({ ...first.config, dataDir })
    await expect.poll(() => first.containers()).toEqual([])
    await next.close()
  })

  test("removes nothing of another runner on the same engine", async () => {
    let hasStarted = false
    const running = sandboxes.result(bash("echo started; sleep 2; echo done"), {
      onOutput: async () => void (hasStarted = true),
    })
    await expect.poll(() => hasStarted).toBe(true)
    const other = await openSandboxes()
    await other.dispose()
    expect((await running).stdout).toBe("started\ndone\n")
  })
})

test("a container whose runner hangs ends by itself when its time is over", async () => {
  const { engine, config } = sandboxes
  const { owner } = openWorkspaces(join(config.dataDir, "workspaces"))
  const id = newCommandId()
  const body = containerSpec({ image: agentImage, owner, command: id, canLimitCpu: true })
  const query = { name: containerName(owner, id) }
  const { Id } = await engine.call(z.object({ Id: z.string() }), {
    method: "POST",
    path: "/containers/create",
    query,
    body,
  })
  const socket = await engine.attach(Id, new AbortController().signal)
  const ended = engine.call(z.object({ StatusCode: z.number() }), {
    method: "POST",
    path: `/containers/${Id}/wait`,
    query: { condition: "removed" },
  })
  await engine.call(z.unknown(), { method: "POST", path: `/containers/${Id}/start` })
  const { maxFiles, maxFileBytes, reserveBytes, maxTotalOutputBytes } = limits
  const sizes = { maxFiles, maxFileBytes, reserveBytes, maxTotalOutputBytes, maxOutputBytes: 1_000 }
  const header = { ...bash("trap '' TERM; yes"), timeoutMs: 1_000, ...sizes, maxTotalOutputBytes: 1e12 }
  socket.write(Buffer.concat([toGuard("H", Buffer.from(JSON.stringify(header))), toGuard("G")]))
  // Nothing is read, and the pipe stays open, as a runner would hold it that has stopped in the middle.
  expect(await ended).toEqual({ StatusCode: 124 })
  socket.destroy()
})

test("what a sandbox does not do is refused", async () => {
  const context = { id: newCommandId(), signal: new AbortController().signal, onOutput: () => Promise.resolve() }
  const outcome = await sandboxes.worker.run({ kind: "browser.erase", profile: newWorkspace() }, context)
  expect(outcome).toMatchObject({ status: "rejected" })
})
