/**
 * What there is to collect on a device, most telling first: the agent's own records, its configuration, what the machine is,
 * and the journals. Files are named one by one: a key can not come along because it lies beside them.
 */
import type { DeviceFiles } from "../config/device-files.ts";
import type { DevicePaths } from "../config/device-paths.ts";
import { findConfigFiles } from "../config/load-agent-config.ts";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";
import type { SupportSource } from "./collect.ts";
import { readTail } from "./read-tail.ts";

/** In the state directory. Not `device.key`, and not the release that is kept: its envelope says nothing that history does not. */
const STATE_FILES = [
  ...[
    "history.jsonl",
    "history.jsonl.1",
    "journal.json",
    "verdicts.json",
    "media.json",
    "given-up-boots",
    "trust.json",
  ],
  ...["bootc.json", "bootc-trial", "receipts.jsonl", "receipts.jsonl.1", "receipt-head.json"],
];

export interface DeviceSourcePorts {
  readonly exec: Exec;
  readonly paths: DevicePaths;
  readonly files: DeviceFiles;
  /** Journals from here on; undefined for all that is kept. */
  readonly sinceUtc: Date | undefined;
}

export async function deviceSources(ports: DeviceSourcePorts): Promise<readonly SupportSource[]> {
  const { paths, files } = ports;
  const state = STATE_FILES.flatMap((name) =>
    [name, `${name}.damaged`].map((name) => fileSource(`state-${name}`, below(paths.stateDirectory, name))),
  );
  const machine = [
    fileSource("kernel-command-line.txt", paths.kernelCommandLine),
    { name: "os-release.txt", read: () => files.readFile(parseAbsPath("/usr/lib/os-release")) },
  ];
  return [...state, ...(await configSources(files)), ...machine, ...(paths.isSimulated ? [] : machineSources(ports))];
}

function fileSource(name: string, path: AbsPath): SupportSource {
  return {
    name,
    async read() {
      try {
        return readTail(path);
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw hostError(error, `reading ${path}`);
      }
    },
  };
}

/** agent.toml and its drop-ins, each as it is; also those that cannot be parsed. */
async function configSources(files: DeviceFiles): Promise<readonly SupportSource[]> {
  let found: Awaited<ReturnType<typeof findConfigFiles>> = [];
  const failed: SupportSource[] = [];
  try {
    found = await findConfigFiles(files);
  } catch (error) {
    failed.push({ name: "config", read: () => Promise.reject(error) });
  }
  const name = (file: string) => `config${file.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}`.slice(0, 100);
  return [...found.map(({ file, bytes }) => ({ name: name(file), read: async () => Buffer.from(bytes) })), ...failed];
}

const TOOL_TIMEOUT_MS = 60_000; // a journal of years on a slow card
const LINES = 20_000; // some 3 MiB
const JSON_LINES = 5_000; // an entry with its fields has some 500 bytes
const FIELDS = [
  ...["MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "UNIT", "_BOOT_ID"],
  ...["STATE", "MEDIUM", "CODE", "RELEASE_NAME", "RELEASE_VERSION", "ABOUT"].map((name) => `BOOTFERRY_${name}`),
];

/** What tools of this machine say of it. */
function machineSources({ exec, sinceUtc }: DeviceSourcePorts): readonly SupportSource[] {
  const since = sinceUtc === undefined ? [] : [`--since=${sinceUtc.toISOString().slice(0, 19).replace("T", " ")} UTC`];
  const journal = ["journalctl", "--no-pager", "--quiet", "--utc", ...since] as const;
  const text = ["--output=short-iso-precise", `--lines=${LINES}`];
  const asJson = ["--output=json", `--output-fields=${FIELDS.join(",")}`, `--lines=${JSON_LINES}`];
  const tools: Readonly<Record<string, readonly [string, ...string[]]>> = {
    "journal-bootferry.txt": [...journal, ...text, "--unit=bootferry-*"],
    "journal-bootferry.jsonl": [...journal, ...asJson, "--unit=bootferry-*"],
    "journal-kernel.txt": [...journal, ...text, "_TRANSPORT=kernel"],
    "journal-boots.txt": ["journalctl", "--no-pager", "--quiet", "--utc", "--list-boots"],
    "units.txt": ["systemctl", "--no-pager", "--full", "status", "--lines=0", "bootferry-*"],
    "failed-units.txt": ["systemctl", "--no-pager", "list-units", "--failed"],
    "kernel.txt": ["uname", "--all"],
    "block-devices.json": [
      "lsblk",
      "--json",
      "--output",
      "NAME,TYPE,SIZE,RO,RM,TRAN,MODEL,PTTYPE,FSTYPE,LABEL,MOUNTPOINT",
    ],
    "file-systems.txt": ["df", "-P", "-T"],
  };
  return Object.entries(tools).map(([name, argv]) => ({
    name,
    async read() {
      const { stdout, stderrTail } = await exec(argv, { timeoutMs: TOOL_TIMEOUT_MS, acceptsAll: true });
      return stdout.length > 0 ? stdout : stderrTail; // that it found nothing, or why it could not look
    },
  }));
}
