/**
 * Block devices for tests: sticks that are plugged in and pulled out, and the tools that mount and unlock them (blkid,
 * mount, umount, mountpoint, cryptsetup, prlimit, systemd-ask-password), as far as their answers matter to us.
 *
 * What is "mounted" is a directory of this machine, which a link at the mount point leads to.
 */
import { mkdirSync, rmdirSync, symlinkSync, unlinkSync } from "node:fs";
import { HostError } from "../../src/host/error.ts";
import type { Exec, ExecOptions, ExecResult } from "../../src/host/exec.ts";
import type { DeviceLookup, MediumDevice } from "../../src/media/device-lookup.ts";
import { type AbsPath, parseAbsPath } from "../../src/path.ts";

export interface FakeStick {
  /** In the words of blkid. */
  readonly type: string;
  readonly uuid?: string;
  readonly label?: string;
  /** What is on it. */
  readonly directory: AbsPath;
  readonly luks?: FakeLuks;
  /** The file system is so broken that mounting it fails. */
  readonly isBroken?: boolean;
}

export interface FakeLuks {
  readonly version?: string;
  /** What `luksDump --dump-json-metadata` prints; undefined when cryptsetup finds it damaged. */
  readonly header: string | undefined;
  readonly keys: readonly string[];
  readonly hasToken?: boolean;
  /** What `open` says before it comes to any key. */
  readonly openFails?: string;
  /** What the kernel's mapping uses in the end. */
  readonly cipher?: string;
}

export interface FakeMedia {
  readonly exec: Exec;
  readonly devices: DeviceLookup;
  /** Every tool that was run, with its arguments. */
  readonly commands: string[];
  /** What is mounted: mount point → device. */
  readonly mounts: ReadonlyMap<string, string>;
  /** Open mappings: name → device. */
  readonly mappings: ReadonlyMap<string, string>;
  /** Answers of the person who is asked for a passphrase, in order; nobody answers when they are used up. */
  readonly passphrases: string[];
  plug(path: string, stick: FakeStick): void;
  pull(path: string): void;
  /** Files of what is mounted are still open. */
  isBusy: boolean;
  /** Called when a tool is about to run. */
  onCommand: (argv: readonly string[]) => void;
}

const NOT_A_MOUNT_POINT = 32;

export function openFakeMedia(others: Exec = refuse): FakeMedia {
  const sticks = new Map<string, FakeStick & { readonly plugged: number }>();
  const mounts = new Map<string, string>();
  const mappings = new Map<string, string>();
  const commands: string[] = [];
  const passphrases: string[] = [];
  let plugged = 0;

  const stickAt = (device: string) => {
    const mapped = mappings.get(device.replace("/dev/mapper/", ""));
    const { luks: _, ...inner } = sticks.get(mapped ?? "") ?? { luks: undefined };
    return mapped === undefined ? sticks.get(device) : (inner as FakeStick);
  };
  const tools: Readonly<Record<string, (args: readonly string[], options: ExecOptions) => Answer>> = {
    blkid: (args) => blkid(stickAt(args.at(-1) ?? "")),
    mountpoint: (args) => (mounts.has(args.at(-1) ?? "") ? {} : { exitCode: NOT_A_MOUNT_POINT }),
    mount(args) {
      const { type = "", source = "", target = "" } = readOptions(args);
      const stick = stickAt(source);
      if (stick === undefined || stick.type !== type || stick.isBroken) return failure(32, "wrong fs type");
      rmdirSync(target);
      symlinkSync(stick.directory, target);
      mounts.set(target, source);
      return {};
    },
    umount(args) {
      const target = args.at(-1) ?? "";
      if (fake.isBusy && !args.includes("--lazy")) return failure(NOT_A_MOUNT_POINT, "target is busy");
      if (!mounts.delete(target)) return { exitCode: NOT_A_MOUNT_POINT };
      unlinkSync(target);
      mkdirSync(target);
      return {};
    },
    prlimit: ([, tool = "", ...args], options) => tools[tool]?.(args, options) ?? failure(127, "no such tool"),
    "systemd-ask-password"() {
      const answer = passphrases.shift();
      return answer === undefined ? failure(1, "timeout") : { stdout: `${answer}\n` };
    },
    cryptsetup([verb, ...args], options) {
      const name = args.at(-1) ?? "";
      if (verb === "luksDump") {
        const header = stickAt(name)?.luks?.header;
        return header === undefined ? failure(1, `Device ${name} is not a valid LUKS device.`) : { stdout: header };
      }
      if (verb === "close") {
        if ([...mounts.values()].includes(`/dev/mapper/${name}`)) return {}; // deferred: it stays until it is unmounted
        return mappings.delete(name) ? {} : failure(4, "no such mapping");
      }
      const { cipher = "aes-xts-plain64" } = sticks.get(mappings.get(name) ?? "")?.luks ?? {};
      if (verb === "status")
        return { stdout: `${name} is active.\n  type:    LUKS2\n  cipher:  ${cipher}\n  mode:    readonly\n` };
      const luks = stickAt(args.at(-2) ?? "")?.luks;
      const key = options.stdin === undefined ? undefined : Buffer.from(options.stdin).toString();
      const fits = args.includes("--token-only") ? luks?.hasToken : key !== undefined && luks?.keys.includes(key);
      if (mappings.has(name)) return failure(5, `Device ${name} already exists.`);
      if (luks?.openFails !== undefined) return failure(1, luks.openFails);
      if (!fits) return failure(2, "No key available with this passphrase.");
      mappings.set(name, args.at(-2) ?? "");
      return {};
    },
  };
  const fake: FakeMedia = {
    ...{ commands, mounts, mappings, passphrases },
    isBusy: false,
    onCommand: () => undefined,
    devices: {
      find: (path) => findStick(path, sticks.get(path)?.plugged),
      isGone: async ({ path, identity }) => findStick(path, sticks.get(path)?.plugged)?.identity !== identity,
    },
    plug(path, stick) {
      plugged += 1;
      sticks.set(path, { ...stick, plugged });
    },
    pull: (path) => void sticks.delete(path),
    async exec(argv, options) {
      const [tool, ...args] = argv;
      const run = tools[tool];
      if (run === undefined) return others(argv, options);
      commands.push(argv.join(" "));
      fake.onCommand(argv);
      options.signal?.throwIfAborted();
      return resultOf(argv, run(args, options), options);
    },
  };
  return fake;
}

interface Answer {
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

function failure(exitCode: number, stderr: string): Answer {
  return { exitCode, stderr };
}

function resultOf(argv: readonly string[], answer: Answer, { accept }: ExecOptions): ExecResult {
  const { exitCode = 0, stdout = "", stderr = "" } = answer;
  if (exitCode === 0 || accept?.includes(exitCode))
    return { exitCode, stdout: Buffer.from(stdout), stderrTail: stderr };
  throw new HostError("HOST_TOOL_FAILED", `${argv.join(" ")}: exit status ${exitCode}: ${stderr}`);
}

function blkid(stick: FakeStick | undefined): Answer {
  if (stick === undefined) return { exitCode: 2 };
  const { type, uuid, label, luks } = stick;
  const facts = {
    ID_FS_TYPE: luks === undefined ? type : "crypto_LUKS",
    ID_FS_VERSION: luks && (luks.version ?? "2"),
    ID_FS_UUID: uuid,
    ID_FS_LABEL: label,
  };
  const lines = Object.entries(facts).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
  return { stdout: `${lines.join("\n")}\n` };
}

function readOptions(args: readonly string[]) {
  const after = (flag: string) => args[args.indexOf(flag) + 1];
  return { type: after("-t"), source: after("--source"), target: after("--target") };
}

const STICK_BYTES = 64 << 20;

function findStick(path: AbsPath, plugged: number | undefined): MediumDevice | undefined {
  if (plugged === undefined) return undefined;
  const kernelName = path.replace("/dev/", "");
  return { path: parseAbsPath(path), kernelName, sizeBytes: STICK_BYTES, identity: `${plugged}` };
}

const refuse: Exec = async ([tool]) => {
  throw new HostError("HOST_TOOL_MISSING", `${tool} is not installed`);
};

/** A header as cryptsetup 2.8 prints it, with parts of it replaced. */
export function luksHeader(
  changes: { cipher?: string; slotCipher?: string; kdf?: object; config?: object; segment?: object } = {},
) {
  const encryption = changes.cipher ?? "aes-xts-plain64";
  return JSON.stringify({
    keyslots: {
      "0": {
        ...{ type: "luks2", key_size: 64, af: { type: "luks1", stripes: 4000, hash: "sha256" } },
        area: {
          type: "raw",
          offset: "32768",
          size: "258048",
          encryption: changes.slotCipher ?? "aes-xts-plain64",
          key_size: 64,
        },
        kdf: changes.kdf ?? { type: "argon2id", time: 4, memory: 65536, cpus: 2, salt: "c2FsdA==" },
      },
    },
    tokens: {},
    segments: {
      "0": {
        type: "crypt",
        offset: "16777216",
        size: "dynamic",
        iv_tweak: "0",
        encryption,
        sector_size: 512,
        ...changes.segment,
      },
    },
    digests: {},
    config: { json_size: "12288", keyslots_size: "16744448", ...changes.config },
  });
}
