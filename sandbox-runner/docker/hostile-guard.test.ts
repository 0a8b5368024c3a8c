/**
 * Containers whose own guard is the attacker, on a real engine: what they send is refused, and the conversation's files stay as they
 * were. Needs Docker and the agent image (see `openSandboxes`).
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  argv,
  bash,
  buildHostileImage,
  newWorkspace,
  openSandboxes,
  removeImage,
  type Sandboxes,
} from "../testkit/sandboxes.ts"

let sandboxes: Sandboxes
/** Owns the directory that all of them use, one after the other. */
let first: Sandboxes
let hostileImage: string

/** Runs as Python what it gets as the script, in the guard's place: frames are sent by `send`, archives made by `archive`. */
const hostileGuard = `
import io, json, os, sys, tarfile, time
def read(size):
    data = b""
    while len(data) < size: data += os.read(0, size - len(data)) or sys.exit(0)
    return data
def send(kind, payload=b""):
    os.write(1, kind + len(payload).to_bytes(4, "big")); view = memoryview(payload)
    while view: view = view[os.write(1, view):]
result = {"exitCode": 0, "stdoutBytes": 0, "stderrBytes": 0, "tooMuchOutput": False, "diskFull": False, "killedForMemory": 0,
    "refusedProcesses": 0, "droppedFiles": 0, "tooManyFiles": False, "filesTooLarge": False, "durationMs": 1}
def archive(*members, end=True):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, content in members: tar.addfile(member, io.BytesIO(content))
    return out.getvalue()
def entry(name, kind=tarfile.REGTYPE, content=b"", **fields):
    member = tarfile.TarInfo(name); member.type = kind; member.size = len(content)
    for field, value in fields.items(): setattr(member, field, value)
    return member, content
def finish(data, done=True):
    send(b"R", json.dumps(result).encode())
    for at in range(0, len(data), 60000): send(b"F", data[at:at + 60000])
    if done: send(b"D")
header = None
while True:
    kind = read(1); payload = read(int.from_bytes(read(4), "big"))
    if kind == b"H": header = json.loads(payload)
    if kind == b"G": break
exec(header["script"])
`

beforeAll(async () => {
  first = await openSandboxes()
  sandboxes = first
  hostileImage = await buildHostileImage(sandboxes.engine, hostileGuard)
})
afterAll(async () => {
  await removeImage(sandboxes.engine, hostileImage)
  await sandboxes.dispose()
  await first.dispose()
})

/** Runs the attack on a workspace that has a file, with the same files and engine; then looks whether all is as before. */
async function attack(script: string, timeoutMs = 30_000) {
  const workspace = newWorkspace()
  await sandboxes.result(bash("mkdir d; echo mine > d/kept"), { workspace })
  await sandboxes.worker.close()
  const { dataDir } = sandboxes.config
  const hostile = await openSandboxes({ image: hostileImage, dataDir })
  const outcome = await hostile.run({ form: "script", language: "python", script }, { workspace, timeoutMs })
  expect(await hostile.containers()).toEqual([])
  await hostile.dispose()
  sandboxes = await openSandboxes({ dataDir })
  const files = await sandboxes.result(bash("find . -type f ! -name .sandbox-script.sh; cat d/kept"), { workspace })
  expect(files.stdout).toBe("./d/kept\nmine\n")
  return outcome
}

const refused = (reason: string) => ({
  status: "failed",
  failure: { code: "internal", message: expect.stringMatching(new RegExp(`is not taken: .*${reason}`)) },
})
const tooLarge = {
  status: "failed",
  failure: { code: "resource_limit", message: expect.stringContaining("cannot be kept") },
}

describe("an archive is refused as a whole for", () => {
  test.each([
    [
      "a symbolic link to /etc/passwd",
      "neither file nor directory",
      `entry("passwd", tarfile.SYMTYPE, linkname="/etc/passwd")`,
    ],
    ["a hard link", "neither file nor directory", `entry("a"), entry("b", tarfile.LNKTYPE, linkname="a")`],
    ["a character device", "neither file nor directory", `entry("null", tarfile.CHRTYPE, devmajor=1, devminor=3)`],
    ["a block device", "neither file nor directory", `entry("disk", tarfile.BLKTYPE, devmajor=8, devminor=0)`],
    ["a named pipe", "neither file nor directory", `entry("pipe", tarfile.FIFOTYPE)`],
    ["a sparse file of GNU's", "neither file nor directory", `entry("sparse", tarfile.GNUTYPE_SPARSE)`],
    ["a name with ..", "leads elsewhere", `entry("../outside")`],
    ["a name with .. in its middle", "leads elsewhere", `entry("d", tarfile.DIRTYPE), entry("d/../../outside")`],
    ["an absolute name", "leads elsewhere", `entry("/etc/cron.d/x")`],
    ["an absolute name in an extended header", "leads elsewhere", `entry("/" + "x" * 200)`],
    ["an empty part in a name", "leads elsewhere", `entry("d", tarfile.DIRTYPE), entry("d//x")`],
    ["a name of dots", "leads elsewhere", `entry(".")`],
    ["a name that comes twice", "twice", `entry("a"), entry("a")`],
    ["a file as a parent", "parent", `entry("a"), entry("a/b")`],
    ["a parent that is not there", "parent", `entry("a/b")`],
    [
      "an extended header with more than a path",
      "more than a path",
      `entry("a", pax_headers={"size": "999999999999"})`,
    ],
    ["a part of a name that no file system takes", "leads elsewhere", `entry("x" * 256)`],
    [
      "a path that is too long",
      "leads elsewhere",
      `*(entry("/".join(["d" * 200] * n), tarfile.DIRTYPE) for n in range(1, 8))`,
    ],
  ])("%s", async (_, reason, members) => {
    expect(await attack(`finish(archive(entry("before", content=b"x"), ${members}))`)).toMatchObject(refused(reason))
  })

  test("a damaged header", async () => {
    expect(await attack(`finish(b"x" * 1024)`)).toMatchObject(refused("damaged"))
  })

  test("an end that never comes", async () => {
    expect(await attack(`finish(archive(entry("a", content=b"x" * 5000))[:2000])`)).toMatchObject(refused("cut off"))
  })

  test("padding without end", async () => {
    const script = `send(b"R", json.dumps(result).encode())\nwhile True: send(b"F", bytes(60000))`
    expect(await attack(script)).toMatchObject(refused("no end"))
  })

  test("not being finished, though all of it is there", async () => {
    expect(await attack(`finish(archive(entry("a")), done=False)`)).toMatchObject(refused("cut off"))
  })
})

describe("limits hold without the guard's help:", () => {
  test("a gigantic file", async () => {
    const script = `
member = tarfile.TarInfo("big"); member.size = 8 * 1024 ** 3 - 1
send(b"R", json.dumps(result).encode()); send(b"F", member.tobuf(tarfile.USTAR_FORMAT))
while True: send(b"F", bytes(60000))`
    expect(await attack(script)).toMatchObject(tooLarge)
  })

  test("too many files", async () => {
    const script = `
send(b"R", json.dumps(result).encode())
for n in range(30000): send(b"F", entry(str(n))[0].tobuf(tarfile.USTAR_FORMAT))`
    expect(await attack(script)).toMatchObject(tooLarge)
  })

  test("output without end is cut", async () => {
    const script = `
for _ in range(20): send(b"O", b"x" * 60000)
result["stdoutBytes"] = 20 * 60000; finish(archive(entry("d", tarfile.DIRTYPE), entry("d/kept", content=b"mine\\n")))`
    const outcome = await attack(script)
    expect(outcome).toMatchObject({ status: "succeeded", result: { stdoutCutBytes: 1_000_000 } })
  })

  test("a guard that never says a word is ended", async () => {
    const started = performance.now()
    expect(await attack("time.sleep(600)", 1_000)).toEqual({ status: "timed_out" })
    expect(performance.now() - started).toBeLessThan(25_000)
  })
})

describe("what is no frame of a guard's ends the run:", () => {
  test.each([
    ["an unknown type", "unknown type", `send(b"Z", b"x")`],
    ["a frame of four gigabytes", "too long", `os.write(1, b"O\\xff\\xff\\xff\\xff"); time.sleep(60)`],
    ["files before the result", "out of turn", `send(b"F", b"x")`],
    ["a result that is no JSON", "no sense", `send(b"R", b"{")`],
    ["a result with a negative count", "no sense", `result["stdoutBytes"] = -1; finish(b"")`],
    ["a result with an exit code that none is", "no sense", `result["exitCode"] = 4096; finish(b"")`],
    ["two results", "out of turn", `send(b"R", json.dumps(result).encode()); finish(b"")`],
    ["a flood on standard error", "talks too much", `os.write(2, b"x" * 100000); time.sleep(60)`],
  ])("%s", async (_, reason, script) => {
    expect(await attack(script)).toMatchObject(refused(reason))
  })

  test("an end without a result", async () => {
    expect(await attack("sys.exit(0)")).toMatchObject({ status: "failed", failure: { code: "interrupted" } })
  })
})

test("after all that, a normal run succeeds", async () => {
  expect(await sandboxes.result(argv("echo", "fine"))).toMatchObject({ stdout: "fine\n" })
})
