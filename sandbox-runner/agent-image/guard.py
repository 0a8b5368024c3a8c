"""First process of a sandbox container: brings the files in, runs one program, and hands output, files and result out.

Speaks frames with its runner: one byte of type, four bytes of length (big-endian), the payload.
  in:  H header (JSON), I standard input of the program, F piece of a tar archive (empty: its end), G go
  out: O and E output, R result (JSON), F piece of a tar archive, D done
It is closed to the program that it runs: as process 1 no signal stops it, and as it is not dumpable no debugger takes it. When
its standard input ends, the runner is gone: it exits, and with process 1 the kernel ends all others in the container.
"""
import ctypes
import json
import os
import select
import signal
import stat
import sys
import time

# On a file system of its own, which belongs to root: the engines agree on no way to give it to somebody else.
WORK = b"/home/agent"
PR_SET_DUMPABLE = 4
# Until the runner has sent everything, and for handing the files out.
TRANSFER_SECONDS = 60
LOOK_MILLISECONDS = 500
PIECE = 65536
EXIT_TIMED_OUT, EXIT_BROKEN, EXIT_RUNNER_GONE = 124, 125, 126
NOT_STARTED, NOT_FOUND = 126, 127
INTERPRETERS = {"bash": ("bash", b".sandbox-script.sh"), "python": ("python3", b".sandbox-script.py"),
                "node": ("node", b".sandbox-script.js")}

libc = ctypes.CDLL(None, use_errno=True)


def main():
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(EXIT_TIMED_OUT))
    signal.alarm(TRANSFER_SECONDS)
    os.makedirs(WORK, 0o700, exist_ok=True)
    header, stdin = receive()
    argv, script = command_of(header)
    started = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, header["timeoutMs"] / 1000)
    result = run(argv, stdin, header)
    result["durationMs"] = int((time.monotonic() - started) * 1000)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.alarm(TRANSFER_SECONDS)
    result.update(limits_reached(header["reserveBytes"]))
    if script is not None:
        forget(script)
    files, result["droppedFiles"], size = find_files(header["maxFiles"])
    result["tooManyFiles"] = result["tooManyFiles"] or files is None
    result["filesTooLarge"] = size > header["maxFileBytes"]
    send(b"R", json.dumps(result).encode())
    if files is not None and not result["filesTooLarge"]:
        send_files(files)
    send(b"D", b"")


# --- Frames -----------------------------------------------------------------------------------------------------------


def read_exactly(size):
    pieces = []
    while size > 0:
        piece = os.read(0, min(size, PIECE))
        if not piece:
            os._exit(EXIT_RUNNER_GONE)
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def read_frame():
    head = read_exactly(5)
    return head[:1], read_exactly(int.from_bytes(head[1:], "big"))


def send(kind, payload):
    rest = memoryview(kind + len(payload).to_bytes(4, "big") + payload)
    while rest:
        rest = rest[os.write(1, rest):]


# --- In ---------------------------------------------------------------------------------------------------------------


def receive():
    header, stdin = None, os.open("/dev/null", os.O_RDONLY)
    while True:
        kind, payload = read_frame()
        if kind == b"H":
            header = json.loads(payload)
        elif kind == b"I":
            stdin = memory_file(payload)
        elif kind == b"F":
            bring_in(payload)
        elif kind == b"G" and header is not None:
            return header, stdin
        else:
            os._exit(EXIT_BROKEN)


def memory_file(content):
    """A file without a name, so that a program that reads nothing keeps nobody waiting."""
    file = os.memfd_create("stdin")
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest):]
    os.lseek(file, 0, os.SEEK_SET)
    return file


class IncomingArchive:
    """The pieces of an archive as one file; an empty piece is its end."""

    def __init__(self, first):
        self.rest = memoryview(first)

    def read(self, size):
        if not self.rest:
            kind, payload = read_frame()
            if kind != b"F":
                os._exit(EXIT_BROKEN)
            self.rest = memoryview(payload)
        piece, self.rest = self.rest[:size], self.rest[size:]
        return bytes(piece)


def bring_in(first):
    """Unpacks what the runner stored of an earlier run. It holds files and directories alone, each after its parent."""
    import tarfile

    pieces = IncomingArchive(first)
    with tarfile.open(fileobj=pieces, mode="r|", bufsize=PIECE, encoding="utf-8", errors="surrogateescape") as archive:
        for member in archive:
            path = os.path.join(WORK, os.fsencode(member.name))
            if member.isdir():
                os.mkdir(path)
                continue
            content = archive.extractfile(member)
            with open(path, "xb") as file:
                while piece := content.read(PIECE):
                    file.write(piece)
            os.chmod(path, member.mode)
            os.utime(path, (member.mtime, member.mtime))
        while pieces.read(PIECE):
            pass


# --- The program ------------------------------------------------------------------------------------------------------


def command_of(header):
    """The words to execute, and the file that holds the script where it is one."""
    if header["form"] == "argv":
        return header["argv"], None
    interpreter, name = INTERPRETERS[header["language"]]
    path = os.path.join(WORK, name)
    forget(path)
    with open(path, "xb") as file:
        file.write(header["script"].encode("utf-8", "replace"))
    return [interpreter, os.fsdecode(name)], path


def forget(path):
    try:
        if stat.S_ISDIR(os.lstat(path).st_mode):
            import shutil
            shutil.rmtree(path)
        else:
            os.unlink(path)
    except FileNotFoundError:
        pass


def execute(argv, stdin, stdout, stderr):
    """In the child: becomes the program, or says why not as a shell would."""
    try:
        # Readable again, or /proc/self would belong to root. Where memory ends, the program goes first.
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGALRM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for target, source in enumerate((stdin, stdout, stderr)):
            os.dup2(source, target)
        os.chdir(WORK)
        environment = {"PATH": os.environ["PATH"], "HOME": os.fsdecode(WORK), "LANG": "C.UTF-8", "USER": "agent"}
        os.execvpe(argv[0], argv, environment)
    except FileNotFoundError:
        message, code = "there is no such program", NOT_FOUND
    except OSError as error:
        message, code = os.strerror(error.errno), NOT_STARTED
    except ValueError:
        message, code = "an argument holds what no argument can", NOT_STARTED
    os.write(stderr, f"sandbox: {message}\n".encode())
    os._exit(code)


class Output:
    """One output of the program: so much of it is sent, all of it counted."""

    def __init__(self, kind, limit):
        self.kind, self.left, self.total = kind, limit, 0

    def take(self, piece):
        self.total += len(piece)
        kept = piece[:self.left]
        self.left -= len(kept)
        if kept:
            send(self.kind, kept)


def run(argv, stdin, header):
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    program = os.fork()
    if program == 0:
        execute(argv, stdin, out_write, err_write)
    os.close(out_write)
    os.close(err_write)
    outputs = {out_read: Output(b"O", header["maxOutputBytes"]), err_read: Output(b"E", header["maxOutputBytes"])}
    stdout, stderr = outputs[out_read], outputs[err_read]
    poll = select.poll()
    for file in (0, wake_read, out_read, err_read):
        poll.register(file, select.POLLIN)
    status = None
    too_much = False
    too_many = False
    while status is None and not too_much and not too_many:
        for file, _ in poll.poll(LOOK_MILLISECONDS):
            if file == 0:
                os._exit(EXIT_RUNNER_GONE)
            elif file == wake_read:
                os.read(wake_read, PIECE)
                status = reap(program, os.WNOHANG)
            elif piece := os.read(file, PIECE):
                outputs[file].take(piece)
            else:
                poll.unregister(file)
        too_much = stdout.total + stderr.total > header["maxTotalOutputBytes"]
        too_many = has_too_many_files(header["maxFiles"])
    if status is None:
        status = end_all(program)
    else:
        end_all(program)
    # Every writer is dead: what is left in the pipes is finite.
    for file, output in outputs.items():
        while piece := os.read(file, PIECE):
            output.take(piece)
    code = os.waitstatus_to_exitcode(status)
    return {"exitCode": code if code >= 0 else None, "stdoutBytes": stdout.total, "stderrBytes": stderr.total,
            "tooMuchOutput": too_much, "tooManyFiles": too_many}


def has_too_many_files(most):
    """Their count is limited here: not every engine does, and millions of them would take the kernel's time to remove."""
    rooms = [os.statvfs(place) for place in (WORK, b"/tmp")]
    return any(room.f_files - room.f_ffree > most + 100 for room in rooms)


def reap(program, how):
    """Buries who is dead. Gives the program's status when it was among them."""
    status = None
    try:
        while True:
            pid, found = os.waitpid(-1, how)
            if pid == 0:
                return status
            if pid == program:
                status = found
    except ChildProcessError:
        return status


def end_all(program):
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return reap(program, 0)


def limits_reached(reserve):
    """What is in reserve in the work area is for bringing in the files next time, and the script with them."""
    work, temporary = os.statvfs(WORK), os.statvfs(b"/tmp")
    return {
        "diskFull": work.f_bavail * work.f_bsize < reserve or temporary.f_bavail == 0,
        "killedForMemory": counted(("memory.events", "memory/memory.oom_control"), "oom_kill"),
        "refusedProcesses": counted(("pids.events", "pids/pids.events"), "max"),
    }


def counted(names, word):
    """A counter of the container's own control group, in the second version's place or the first's."""
    for name in names:
        try:
            with open(f"/sys/fs/cgroup/{name}") as file:
                for line in file:
                    key, _, value = line.partition(" ")
                    if key == word:
                        return int(value)
        except OSError:
            continue
    return 0


# --- Out --------------------------------------------------------------------------------------------------------------

LONGEST_PATH = 1000
PAGE = 4096


def find_files(most):
    """Directories and files below the work area, parents first: None when they are too many; how many others; all pages."""
    found, dropped, size, waiting = [], 0, 0, [b""]
    while waiting:
        folder = waiting.pop()
        os.chmod(os.path.join(WORK, folder), 0o700)
        with os.scandir(os.path.join(WORK, folder)) as entries:
            for entry in entries:
                path = os.path.join(folder, entry.name)
                status = entry.stat(follow_symlinks=False)
                if len(path) > LONGEST_PATH or not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
                    dropped += 1
                    continue
                found.append((path, status))
                if len(found) > most:
                    return None, dropped, size
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(path)
                else:
                    size += -(-status.st_size // PAGE) * PAGE
    return found, dropped, size


class OutgoingArchive:
    def write(self, content):
        send(b"F", bytes(content))
        return len(content)


def send_files(files):
    import tarfile

    with tarfile.open(fileobj=OutgoingArchive(), mode="w|", bufsize=PIECE, format=tarfile.PAX_FORMAT,
                      encoding="utf-8", errors="surrogateescape") as archive:
        for path, status in files:
            member = tarfile.TarInfo(os.fsdecode(path))
            member.mtime = int(status.st_mtime)
            if stat.S_ISDIR(status.st_mode):
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member)
                continue
            whole = os.path.join(WORK, path)
            member.size = status.st_size
            member.mode = 0o755 if status.st_mode & 0o100 else 0o644
            os.chmod(whole, 0o600)
            with open(whole, "rb") as file:
                archive.addfile(member, file)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(EXIT_BROKEN)
