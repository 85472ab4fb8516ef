/**
 * A fresh Debian 13 in a directory, and commands in it, each in a mount namespace of its own so that nothing stays
 * mounted. It is no machine: no systemd runs in it, and the kernel is this machine's.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLONE } from "./packages.ts";

const ROOT_TAR = join(CLONE, ".cache/package/root.tar");

const IN_ROOT = `set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/run"
exec chroot "$1" /bin/bash -euo pipefail -c "$2"`;

export interface Ended {
  readonly status: number | null;
  /** stdout and stderr, as a terminal shows them. */
  readonly said: string;
}

export interface FreshRoot extends Disposable {
  readonly path: string;
  tryRun(script: string): Ended;
  /** @returns what it said; throws when it fails */
  run(script: string): string;
}

export function openFreshRoot(): FreshRoot {
  const path = mkdtempSync(join(tmpdir(), "bootferry-debian-"));
  const unpacked = spawnSync("tar", ["-C", path, "--numeric-owner", "-xpf", ROOT_TAR], { encoding: "utf8" });
  if (unpacked.status !== 0) throw new Error(`${unpacked.stderr}: run test/package/setup.sh`);
  cpSync("/etc/resolv.conf", join(path, "etc/resolv.conf"), { dereference: true });
  const tryRun = (script: string): Ended => {
    const { status, stdout, error } = spawnSync(
      "unshare",
      ["--mount", "bash", "-c", `exec 2>&1\n${IN_ROOT}`, "-", path, script],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
        maxBuffer: 64 << 20,
        env: {
          PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          HOME: "/root",
          LC_ALL: "C.UTF-8",
          DEBIAN_FRONTEND: "noninteractive",
        },
      },
    );
    if (error !== undefined) throw error;
    return { status, said: stdout };
  };
  return {
    path,
    tryRun,
    run(script) {
      const { status, said } = tryRun(script);
      if (status === 0) return said;
      throw new Error(`status ${status} of\n${script}\n${said}`);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
