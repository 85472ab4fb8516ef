/**
 * Simulated devices and the sticks that somebody carries between them and the workstation, through the command line: each
 * device has its own clock, falls ill when told so, and leaves its receipts on sticks as the real one does.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Exec, execOnHost } from "../../src/host/exec.ts";
import type { CliRun } from "./cli.ts";
import { runInProcess } from "./cli-in-process.ts";
import { type FixtureEntry, writeOciLayout } from "./oci-fixtures.ts";

/** Whether the device is well is a matter of the device, and not of the release: one stick has many outcomes. */
const CHECK = `#!/bin/sh
test "$(cat "$BOOTFERRY_SYSROOT/sick-of" 2>/dev/null)" != "$(cat "$BOOTFERRY_SYSROOT/bootferry/deploy/$BOOTFERRY_DEPLOYMENT/etc/version")" || { echo "the screen stays dark"; exit 3; }
`;

const directories = (path: string) =>
  path
    .split("/")
    .map((_, index, parts): FixtureEntry => ({ name: `${parts.slice(0, index + 1).join("/")}/`, type: "directory" }));

function imageFiles(version: number, font: number): readonly FixtureEntry[] {
  return [
    ...directories("usr/lib/modules/6.12"),
    ...directories("usr/lib/bootferry/health.d/required").slice(2),
    { name: "usr/lib/bootferry/health.d/required/10-screen", content: CHECK, mode: 0o755 },
    { name: "usr/lib/modules/6.12/vmlinuz", content: `kernel of ${version}\n`.repeat(20) },
    { name: "usr/lib/modules/6.12/initramfs.img", content: `initramfs of ${version}\n`.repeat(20) },
    { name: "usr/lib/app", content: `version ${version}\n`.padEnd(20_000, String(version)) },
    { name: "usr/lib/font", content: `font ${font}\n`.padEnd(5000, String(font)) },
    { name: "etc/", type: "directory" },
    { name: "etc/version", content: `${version}\n` },
  ];
}

export interface StickContents {
  readonly sequence: number;
  readonly compatible?: string;
  /** Of which release it has the font; its own by default. */
  readonly font?: number;
  /** `release` or `stranger`. */
  readonly key?: string;
  readonly options?: readonly string[];
}

export class WalkingFleet implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "bootferry-fleet-"));
  /** Of whatever runs next. */
  today = "2026-11-20";

  /** Runs a command; fails when it does not succeed. */
  async cli(...args: readonly string[]): Promise<string> {
    const run = await this.run(...args);
    if (run.exitStatus !== 0)
      throw new Error(`bootferry ${args.join(" ")}: ${run.exitStatus} ${run.stderr}${run.stdout}`);
    return run.stdout;
  }

  /** Runs a command, by a clock that is synchronised and says noon of today. */
  run(...args: readonly string[]): Promise<CliRun> {
    const now = new Date(`${this.today}T12:00:00Z`);
    const exec: Exec = async (argv, options) =>
      argv[0] === "timedatectl"
        ? { exitCode: 0, stdout: Buffer.from("yes\n"), stderrTail: "" }
        : execOnHost(argv, options);
    return runInProcess(this.directory, args, {}, { exec, clock: { nowUtc: () => now } });
  }

  async makeKeys(): Promise<void> {
    for (const key of ["root", "release", "stranger"]) await this.cli("key", "generate", key, "--no-passphrase");
    const keys = ["--root-key", "root.key", "--release-key", "release.pub"];
    await this.cli("root", "create", ...keys, "--out", "root.json");
  }

  /** Writes a stick with one release of `kiosk-os`. */
  async makeStick(name: string, contents: StickContents): Promise<void> {
    const { sequence, font = sequence, compatible = "kiosk", key = "release", options = [] } = contents;
    const layers = [{ entries: imageFiles(sequence, font) }];
    await writeOciLayout(join(this.directory, `image-${name}`), [
      { tag: "latest", images: [{ layers, architecture: "amd64" }] },
    ]);
    mkdirSync(join(this.directory, name));
    const names = ["--name", "kiosk-os", "--release-version", `${sequence}.0`, "--sequence", `${sequence}`];
    const rest = ["--compatible", compatible, "--key", `${key}.key`, ...options];
    await this.cli(
      "release",
      "create",
      `oci:${join(this.directory, `image-${name}`)}:latest`,
      "--to",
      name,
      ...names,
      ...rest,
    );
  }

  /** Makes a device of a stick, boots it, and runs its agent for the first time. */
  async makeDevice(name: string, stick: string): Promise<void> {
    const config = [
      `[device]\ncompatible = "kiosk"\narchitecture = "amd64"\nid = "${name}"\nlabel = "${name}"`,
      '[follow]\nname = "kiosk-os"\n[store]\nfs-verity = "off"\n[receipts]\nwrite-to-media = true\n',
    ];
    writeFileSync(this.path(`${name}.toml`), config.join("\n"));
    const provision = ["--medium", stick, "--trust-root", "root.json", "--agent-config", `${name}.toml`];
    await this.cli("os", "install", "to-filesystem", name, ...provision);
    await this.boot(name);
  }

  /** The device finds this release not to be well. */
  fallsIll(device: string, sequence: number): void {
    writeFileSync(this.path(device, "sick-of"), `${sequence}\n`);
  }

  /** Presses the power button until the device is at rest: once for an update that is well, more often for one that is not. */
  async boot(device: string): Promise<void> {
    for (let boots = 0; boots < 6; boots++) {
      await this.cli("os", "simulate-boot", "--sysroot", device);
      const { outcome } = JSON.parse(await this.cli("agent", "run", "--sysroot", device, "--json"));
      if (outcome !== "rebooting") return;
    }
    throw new Error(`${device} does not come to rest`);
  }

  /** Inserts a stick, pulls it out when the device says so, and lets the device reboot if it wants to. */
  async visit(device: string, stick: string): Promise<CliRun> {
    const run = await this.insert(device, stick);
    if (JSON.parse(run.stdout).outcome === "rebooting") await this.boot(device);
    return run;
  }

  /** Inserts a stick, and has the receipts written as bootferry-receipts@.service does. */
  async insert(device: string, stick: string): Promise<CliRun> {
    const run = await this.run("agent", "run", "--sysroot", device, "--medium", stick, "--json");
    await this.run("agent", "write-receipts", "--sysroot", device, "--medium", stick);
    return run;
  }

  copy(from: string, to: string): void {
    rmSync(this.path(to), { recursive: true, force: true });
    cpSync(this.path(from), this.path(to), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
