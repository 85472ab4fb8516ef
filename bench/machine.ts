/** What a figure is worth nothing without: the machine and the versions of what ran. No names of hosts, no paths. */
import { spawnSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  /** Over the last minute: what else the machine was doing when the bench began. */
  readonly loadAverage: number;
  readonly tools: readonly { readonly name: string; readonly version: string }[];
}

const TOOLS: readonly (readonly [name: string, argv: readonly [string, ...string[]]])[] = [
  ["skopeo", ["skopeo", "--version"]],
  ["umoci", ["umoci", "--version"]],
  ["tar", ["tar", "--version"]],
  ["gzip", ["gzip", "--version"]],
  ["openssl", ["openssl", "version"]],
];

export function readMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    loadAverage: loadavg()[0] ?? 0,
    tools: [
      { name: "node", version: process.versions.node },
      { name: "zlib and OpenSSL of node", version: `${process.versions.zlib}, ${process.versions.openssl}` },
      ...TOOLS.map(([name, argv]) => ({ name, version: firstVersion(argv) })),
    ],
  };
}

function firstVersion([file, ...args]: readonly [string, ...string[]]): string {
  const { stdout } = spawnSync(file, args, { encoding: "utf8" });
  return /\d+\.\d+\S*/.exec(stdout ?? "")?.[0] ?? "not installed";
}
