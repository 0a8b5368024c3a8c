/** What a sandbox may have, and the container that holds it to that. */
import type { CommandId } from "../../core/runner/command.ts"

const mebibyte = 1_024 * 1_024

/** What one program gets. A Raspberry Pi has room for three of them. */
export const limits = {
  memoryBytes: 512 * mebibyte,
  /** Processes and threads, the guard among them. */
  processes: 128,
  cpus: 1,
  /** Of the work area, in whole pages, and so of what is kept. It counts as memory while the program runs. */
  maxFileBytes: 128 * mebibyte,
  maxFiles: 20_000,
  /** More than that in the work area, so that what was kept fits in again, with a script beside it. */
  reserveBytes: 8 * mebibyte,
  /** Of /tmp, which ends with the container. */
  temporaryBytes: 64 * mebibyte,
  /** Kept or not: beyond it the program is ended. */
  maxTotalOutputBytes: 64 * mebibyte,
  openFiles: 1_024,
  userProcesses: 2_048,
} as const

/** By these the runner finds its containers, whoever else uses the engine, and knows the image of its own version. */
export const labels = {
  owner: "loop-gateway.owner",
  command: "loop-gateway.command",
  source: "loop-gateway.source",
} as const

/** One name a command: the engine refuses a second container of it for as long as there is the first. */
export function containerName(owner: string, command: CommandId): string {
  return `loop-sandbox-${owner}-${command}`
}

const user = "10001:10001"
const workBytes = limits.maxFileBytes + limits.reserveBytes
/** Podman knows no owner and no number of inodes here: the guard makes a place of its own and counts the files. */
const tmpfs = (sizeBytes: number) => `rw,exec,nosuid,nodev,size=${sizeBytes},mode=1777`

/**
 * The body of "Create a container". Nothing of the host is in it but the image: no path, no network, no variable, no device. It
 * writes no log, since a program that never stops writing would fill the host's disk with it; and it is gone when its guard exits.
 * The engine's own seccomp profile holds as long as none is named.
 */
export function containerSpec(place: { image: string; owner: string; command: CommandId; canLimitCpu: boolean }) {
  return {
    Image: place.image,
    Entrypoint: ["python3", "-I", "-S", "/opt/loop-gateway/guard.py"],
    Cmd: [],
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"],
    User: user,
    WorkingDir: "/home",
    Hostname: "sandbox",
    Labels: { [labels.owner]: place.owner, [labels.command]: place.command },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    // When the runner dies, its end of the pipe closes, and the guard exits.
    StdinOnce: true,
    Tty: false,
    NetworkDisabled: true,
    HostConfig: {
      AutoRemove: true,
      NetworkMode: "none",
      // Else the host's own name server is written into the container.
      Dns: ["127.0.0.1"],
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      IpcMode: "private",
      ShmSize: 16 * mebibyte,
      Tmpfs: { "/home": tmpfs(workBytes), "/tmp": tmpfs(limits.temporaryBytes) },
      LogConfig: { Type: "none", Config: {} },
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
      Memory: limits.memoryBytes,
      // As much as the memory: none of it is swap.
      MemorySwap: limits.memoryBytes,
      PidsLimit: limits.processes,
      // The gateway comes first.
      CpuShares: 256,
      ...(place.canLimitCpu ? { NanoCpus: limits.cpus * 1_000_000_000 } : {}),
      Ulimits: [
        { Name: "nofile", Soft: limits.openFiles, Hard: limits.openFiles },
        { Name: "core", Soft: 0, Hard: 0 },
        // Podman's own default is more than it may set in some places. Counted for all containers together.
        { Name: "nproc", Soft: limits.userProcesses, Hard: limits.userProcesses },
        { Name: "fsize", Soft: workBytes, Hard: workBytes },
      ],
    },
  }
}
