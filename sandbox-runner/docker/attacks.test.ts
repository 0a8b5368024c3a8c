/**
 * What a program may try, on a real container engine: it ends in a typed failure or in nothing, and the next one runs as if nothing
 * had been. Needs Docker and the agent image (see `openSandboxes`).
 */
import { existsSync } from "node:fs"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { argv, bash, newWorkspace, node, openSandboxes, python, type Sandboxes } from "../testkit/sandboxes.ts"

let sandboxes: Sandboxes
beforeAll(async () => {
  sandboxes = await openSandboxes()
})
afterAll(() => sandboxes.dispose())

/** After each attack: nothing of it is left, and the host works. */
afterEach(async () => {
  expect(await sandboxes.result(argv("echo", "still here"))).toMatchObject({ exitCode: 0, stdout: "still here\n" })
  expect(await sandboxes.containers()).toEqual([])
})

const limit = (message: RegExp) => ({
  status: "failed",
  failure: { code: "resource_limit", message: expect.stringMatching(message) },
})

describe("a bomb ends in a typed failure:", () => {
  test("a fork bomb", async () => {
    expect(await sandboxes.run(bash(":(){ :|:& };:; exec sleep 2"))).toMatchObject(limit(/128 processes/))
  })

  test("a fork bomb whose forks ignore every signal and never end", async () => {
    const script = `import os, signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True:
    try: os.fork()
    except OSError: pass
`
    expect(await sandboxes.run(python(script), { timeoutMs: 2_000 })).toEqual({ status: "timed_out" })
  })

  test("a thread bomb", async () => {
    const script = `import threading, time
for _ in range(500): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()`
    expect(await sandboxes.run(python(script))).toMatchObject(limit(/128 processes/))
  })

  test("a memory bomb", async () => {
    expect(await sandboxes.run(python("x = bytearray(4_000_000_000)"))).toMatchObject(limit(/512 MiB of memory/))
  })

  test("a memory bomb of many processes", async () => {
    const script =
      "for i in $(seq 12); do python3 -c 'import time; x = bytearray(60_000_000); time.sleep(3)' & done; wait"
    expect(await sandboxes.run(bash(script))).toMatchObject(limit(/512 MiB of memory/))
  })

  test("a disk bomb in the work area, whose files are not kept", async () => {
    const workspace = newWorkspace()
    await sandboxes.result(bash("echo before > kept"), { workspace })
    const bomb = bash("echo after > kept; dd if=/dev/zero of=big bs=1M count=100000")
    expect(await sandboxes.run(bomb, { workspace })).toMatchObject(limit(/128 MiB/))
    expect(await sandboxes.result(bash("ls; cat kept"), { workspace })).toMatchObject({ stdout: "kept\nbefore\n" })
  })

  test("a disk bomb in /tmp", async () => {
    expect(await sandboxes.run(bash("dd if=/dev/zero of=/tmp/big bs=1M"))).toMatchObject(limit(/64 MiB in \/tmp/))
  })

  test.each(["/home/agent", "/tmp"])("a disk bomb of empty files in %s", async (place) => {
    const script = `import itertools
for n in itertools.count(): open(f"${place}/{n}", "w").close()`
    expect(await sandboxes.run(python(script))).toMatchObject(limit(/20000 files/))
  })

  test("a file that is huge and takes no room", async () => {
    const script = `for n in range(40):
    with open(str(n), "w") as file: file.truncate(100_000_000)`
    expect(await sandboxes.run(python(script))).toMatchObject(limit(/128 MiB/))
  })

  test("an output bomb", async () => {
    expect(await sandboxes.run(argv("yes"))).toMatchObject(limit(/64 MiB of output/))
  })

  test("an output bomb that comes in single bytes on both outputs is cut and counted", async () => {
    const script = "import os\nfor _ in range(300_000): os.write(1, b'a'); os.write(2, b'b')"
    const { stdout, stderr, stdoutCutBytes, stderrCutBytes } = await sandboxes.result(python(script))
    expect([stdout.length, stderr.length, stdoutCutBytes, stderrCutBytes]).toEqual([200_000, 200_000, 100_000, 100_000])
  })

  test("an infinite loop", async () => {
    expect(await sandboxes.run(bash("while :; do :; done"), { timeoutMs: 1_000 })).toEqual({ status: "timed_out" })
  })

  test("a loop that ignores every signal it may", async () => {
    const script = "trap '' TERM INT HUP ALRM USR1; while :; do sleep 1; done"
    expect(await sandboxes.run(bash(script), { timeoutMs: 1_000 })).toEqual({ status: "timed_out" })
  })
})

describe("nothing of the host is there:", () => {
  test("the network is unreachable, and there is no interface but loopback", async () => {
    const script = `import os, socket
print(sorted(os.listdir("/sys/class/net")))
for address in ("1.1.1.1", "169.254.169.254", "172.17.0.1", "10.0.0.1"):
    try:
        socket.create_connection((address, 80), timeout=3)
        print("connected to", address)
    except OSError as error: print(error.errno)
try: print(socket.getaddrinfo("example.com", 80))
except OSError: print("no names")`
    const { stdout } = await sandboxes.result(python(script))
    const [interfaces = "", ...attempts] = stdout.trimEnd().split("\n")
    // Tunnels without an address are the kernel's own, where it has them built in.
    expect(interfaces).toMatch(/^\['lo'/)
    expect(interfaces).not.toMatch(/eth|wlan|docker|veth|en[ops]\d/)
    expect(attempts).toEqual(["101", "101", "101", "101", "no names"])
  })

  test("the root is read-only", async () => {
    const places = [
      "/x",
      "/etc/x",
      "/usr/bin/x",
      "/var/tmp/x",
      "/opt/loop-gateway/guard.py",
      "/root/x",
      "/proc/sys/kernel/core_pattern",
    ]
    const script = `${places.map((place) => `echo x > ${place}`).join("; ")}; true`
    const { stderr } = await sandboxes.result(bash(script))
    expect(stderr.match(/Read-only file system|Permission denied/g)).toHaveLength(places.length)
  })

  test("it is an unprivileged user without capabilities, and cannot become more", async () => {
    const script = `id -u; id -g; grep -E 'Cap(Eff|Prm|Bnd|Amb)|NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\\t'
find / -xdev -perm /6000 -type f 2>/dev/null | wc -l
unshare -r id 2>&1 | grep -c denied\\\\\\|permitted; mount -t tmpfs x /tmp 2>&1 | grep -c superuser\\\\\\|permitted; chown 0 . 2>&1 | grep -c permitted`
    const { stdout } = await sandboxes.result(bash(script))
    expect(stdout.split("\n").slice(0, -1)).toEqual([
      "10001",
      "10001",
      ...["CapPrm", "CapEff", "CapBnd", "CapAmb"].map((name) => `${name}:0000000000000000`),
      "NoNewPrivs:1",
      "Seccomp:2",
      "0",
      "1",
      "1",
      "1",
    ])
  })

  test("a program that it makes setuid gains nothing, and is kept without it", async () => {
    const workspace = newWorkspace()
    await sandboxes.result(bash("cp /usr/bin/id me; chmod 6755 me; ./me -u"), { workspace })
    const { stdout } = await sandboxes.result(bash("stat -c %a me; ./me -u"), { workspace })
    expect(stdout).toBe("755\n10001\n")
  })

  test("no socket of an engine, and no device but the harmless ones", async () => {
    const script =
      "ls /var/run/docker.sock /run/docker.sock /run/containerd 2>&1 | grep -vc 'No such file'; ls /dev; mknod x b 8 0 2>&1 | grep -c permitted"
    const { stdout } = await sandboxes.result(bash(script))
    const [sockets, ...rest] = stdout.trimEnd().split("\n")
    expect(sockets).toBe("0")
    expect(rest.at(-1)).toBe("1")
    const harmless = [
      "core",
      "fd",
      "full",
      "mqueue",
      "null",
      "ptmx",
      "pts",
      "random",
      "shm",
      "stderr",
      "stdin",
      "stdout",
      "tty",
      "urandom",
      "zero",
    ]
    expect(rest.slice(0, -1).filter((device) => !harmless.includes(device))).toEqual([])
  })

  test("no variable but PATH and who it is", async () => {
    const { stdout } = await sandboxes.result(node("console.log(Object.keys(process.env).sort().join())"))
    expect(stdout).toBe("HOME,LANG,PATH,USER\n")
  })

  test("no path of the host, and not its name or name server", async () => {
    const { stdout } = await sandboxes.result(
      bash("hostname; grep -v '^#' /etc/resolv.conf; ls /tmp /home/* /mnt /media /srv"),
    )
    expect(stdout).toMatch(/^sandbox\n/)
    expect(stdout).not.toMatch(/nameserver (?!127\.0\.0\.1)/)
    expect(existsSync("/home/agent/.sandbox-script.sh")).toBe(false)
  })
})

test("the engine was told every limit, and mounts nothing of the host", async () => {
  const canceling = new AbortController()
  let hasStarted = false
  const onOutput = async () => void (hasStarted = true)
  const running = sandboxes.run(bash("echo started; sleep 60"), { signal: canceling.signal, onOutput })
  await expect.poll(() => hasStarted).toBe(true)
  const [name = ""] = await sandboxes.containers()
  const found = await sandboxes.engine.call(z.unknown(), { method: "GET", path: `/containers${name}/json` })
  canceling.abort()
  await running
  expect(found).toMatchObject({
    Mounts: [],
    Config: { User: "10001:10001" },
    HostConfig: {
      Binds: null,
      Privileged: false,
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapAdd: null,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      // What a program writes is nowhere on the host's disk.
      LogConfig: { Type: "none" },
      Memory: 512 * 1_024 * 1_024,
      MemorySwap: 512 * 1_024 * 1_024,
      NanoCpus: 1_000_000_000,
      PidsLimit: 128,
      AutoRemove: true,
    },
  })
})

describe("the guard holds:", () => {
  test("no signal stops it", async () => {
    const script = "for s in STOP KILL TERM INT ABRT SEGV ALRM CHLD; do kill -$s 1; done; sleep 60"
    expect(await sandboxes.run(bash(script), { timeoutMs: 1_500 })).toEqual({ status: "timed_out" })
  })

  test("no debugger takes it, and its pipe and memory cannot be opened", async () => {
    const script = `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print("attached" if libc.ptrace(16, 1, 0, 0) == 0 else "refused")
for name in ("mem", "fd/1", "fd/0", "environ", "maps"):
    try: print(name, open(f"/proc/1/{name}", "rb").read(10))
    except OSError: print("refused")`
    const { stdout } = await sandboxes.result(python(script))
    expect(stdout).toBe("refused\n".repeat(6))
  })

  test("what runs on in the background ends with the program", async () => {
    const started = performance.now()
    const { stdout } = await sandboxes.result(bash("setsid sleep 600 & nohup sleep 600 & (sleep 600 &) ; echo done"))
    expect(stdout).toBe("done\n")
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test("the dead are buried: more of them than processes are allowed", async () => {
    const script = `import os, time
for _ in range(400):
    # The child of a child that is gone belongs to the guard.
    if os.fork() == 0:
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    os.wait()
print("ok")`
    expect(await sandboxes.result(python(script))).toMatchObject({ exitCode: 0, stdout: "ok\n" })
  })

  test("frames in the output are output", async () => {
    const forged = String.raw`import os; os.write(1, b'R\x00\x00\x00\x02{}D\x00\x00\x00\x00'); os.write(2, b'F\x00\x00\x00\x01x')`
    expect(await sandboxes.result(python(forged))).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("{}D"),
    })
  })
})

describe("files that are kept are files:", () => {
  const survivors = async (prepare: string, look: string) => {
    const workspace = newWorkspace()
    const { stderr } = await sandboxes.result(python(`import os, socket\n${prepare}`), { workspace })
    const { stdout } = await sandboxes.result(python(`import os\n${look}`), { workspace })
    return { stderr, stdout }
  }
  const list = `print(sorted(name for name in os.listdir(b".") if not name.startswith(b".sandbox-script")))`

  test("a symbolic link to /etc/passwd is dropped, and that is told", async () => {
    const links = `os.symlink("/etc/passwd", "passwd"); os.symlink("/", "root"); os.symlink("..", "up"); open("kept", "w")`
    const { stderr, stdout } = await survivors(links, list)
    expect(stdout).toBe("[b'kept']\n")
    expect(stderr).toContain("3 links")
  })

  test("a link that takes a directory's place is not followed", async () => {
    const prepare = `os.mkdir("d"); open("d/f", "w"); os.symlink("/etc", "d/etc"); os.symlink("d", "e")`
    const { stdout } = await survivors(prepare, `print(sorted(os.walk(".")))`)
    expect(stdout).toContain("('./d', [], ['f'])")
    expect(stdout).not.toMatch(/etc|'e'/)
  })

  test("hard links become files of their own", async () => {
    const { stdout } = await survivors(
      `open("a", "w").write("x"); os.link("a", "b")`,
      `print(os.stat("a").st_nlink, open("b").read())`,
    )
    expect(stdout).toBe("1 x\n")
  })

  test("pipes and sockets are dropped", async () => {
    const prepare = `os.mkfifo("pipe"); socket.socket(socket.AF_UNIX).bind("socket")`
    expect(await survivors(prepare, list)).toEqual({
      stdout: "[]\n",
      stderr: expect.stringContaining("2 links, special files"),
    })
  })

  test("hostile names survive as they are", async () => {
    const names = [
      String.raw`b"new\nline"`,
      String.raw`b"\x1b[31mred\x07"`,
      `b"x" * 255`,
      String.raw`"\u202egnp.exe".encode()`,
      String.raw`b"\xff\xfe not utf-8"`,
      `b"-rf"`,
      `b"..."`,
      `b" "`,
      String.raw`b"back\\slash"`,
      `b"a" * 90 + b"=1 path=x\\n" + b"a" * 30`,
    ]
    const prepare = names.map((name) => `open(${name}, "w").write("x")`).join("\n")
    const expected = `print({${names.join(", ")}} ^ {n for n in os.listdir(b".") if not n.startswith(b".sandbox-script")})`
    expect((await survivors(prepare, expected)).stdout).toBe("set()\n")
  })

  test("a path that is too long for any archive is dropped, and what is beside it kept", async () => {
    const prepare = `open("kept", "w")
for _ in range(30):
    os.mkdir("d" * 200); os.chdir("d" * 200)
open("deep", "w")`
    const { stderr, stdout } = await survivors(prepare, `print("kept" in os.listdir("."), len(list(os.walk("."))) < 8)`)
    expect(stdout).toBe("True True\n")
    expect(stderr).toContain("too long paths")
  })

  test("files without any right are kept", async () => {
    const prepare = `os.mkdir("d"); open("d/f", "w").write("x"); os.chmod("d/f", 0); os.chmod("d", 0)`
    expect((await survivors(prepare, `print(open("d/f").read())`)).stdout).toBe("x\n")
  })

  test("a file in the script's place does not stand in its way", async () => {
    const prepare = `os.remove(".sandbox-script.py"); os.mkdir(".sandbox-script.py"); os.mkdir(".sandbox-script.py/x")`
    expect((await survivors(prepare, `print("ran")`)).stdout).toBe("ran\n")
  })
})

describe("output is text, whatever was written:", () => {
  test("binary and control characters are replaced", async () => {
    const { stdout } = await sandboxes.result(
      python(String.raw`import os; os.write(1, bytes(range(256)) + b"\x1b[2J\r\n\tend")`),
    )
    expect(stdout).toContain("\t\n")
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/)
    expect(stdout).toContain("ABC")
    expect(stdout).toMatch(/\u{fffd}\[2J\r\n\tend$/u)
  })

  test("invalid UTF-8 is replaced, and a character in two writes is whole", async () => {
    const script = String.raw`import os, time
os.write(1, b"\xc3"); time.sleep(0.2); os.write(1, b"\xa4 \xff\xc3(\xed\xa0\x80 \xf0\x9f\x98\x80")`
    const { stdout } = await sandboxes.result(python(script))
    expect(stdout).toMatch(/^ä \u{fffd}+\(\u{fffd}+ 😀$/u)
  })
})
