/**
 * A simulated device whose real agent is held in each of its states for as long as a test looks at it: by a hook that
 * waits, and, amid copying, by a slow stick (slow-stick.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AgentStatus, peekStatus } from "../../src/agent/status-file.ts";
import { simulatedDevicePaths } from "../../src/config/device-paths.ts";
import { parseAbsPath } from "../../src/path.ts";
import { runCli } from "../support/cli.ts";
import { type FixtureEntry, writeOciLayout } from "../support/oci-fixtures.ts";
import { LARGE_BYTES } from "./large-bytes.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const SLOW_STICK = fileURLToPath(new URL("slow-stick.ts", import.meta.url));

const CHECK = `#!/bin/sh
grep -q '^screen=works$' "$BOOTFERRY_SYSROOT/bootferry/deploy/$BOOTFERRY_DEPLOYMENT/etc/app.conf" || { echo "the screen stays dark"; exit 3; }
`;
const HOLD = `#!/bin/sh
while [ -e "$BOOTFERRY_SYSROOT/hold-$BOOTFERRY_STATE" ]; do sleep 0.1; done
`;
const HELD_STATES = ["mounted", "stored", "rebooting", "assessing"] as const;
const CONFIG = `[device]
compatible = "acme-kiosk-v2"
architecture = "amd64"
[follow]
name = "kiosk-os"
[hooks]
timeout-seconds = 60
[store]
fs-verity = "off"
`;

function contentOf(version: string, screen: "works" | "dark", content: Buffer): readonly FixtureEntry[] {
  const directories = ["usr", "usr/lib", "usr/lib/modules", "usr/lib/modules/6.12", "usr/lib/bootferry", "etc"];
  const lib = "usr/lib/bootferry";
  const below = [`${lib}/health.d`, `${lib}/health.d/required`, `${lib}/hooks.d`];
  const hooks = HELD_STATES.map((state) => `${lib}/hooks.d/${state}`);
  return [
    ...[...directories, ...below, ...hooks].map((name): FixtureEntry => ({ name: `${name}/`, type: "directory" })),
    { name: `${lib}/health.d/required/10-screen`, content: CHECK, mode: 0o755 },
    ...hooks.map((name): FixtureEntry => ({ name: `${name}/10-hold`, content: HOLD, mode: 0o755 })),
    { name: "usr/lib/modules/6.12/vmlinuz", content: "a kernel\n".repeat(50) },
    { name: "usr/lib/modules/6.12/initramfs.img", content: "an initramfs\n".repeat(50) },
    { name: "usr/lib/app", content },
    { name: "etc/app.conf", content: `version=${version}\nscreen=${screen}\n` },
  ];
}

/** What the agent can be held in. */
type Held = (typeof HELD_STATES)[number] | "reading";

interface StickOptions {
  readonly sequence: number;
  readonly key?: string;
  readonly screen?: "works" | "dark";
  readonly contentBytes?: number;
}

export class PanelDevice implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "bootferry-panel-"));
  readonly sysroot = join(this.directory, "device");
  readonly #runtimeDirectory = simulatedDevicePaths(parseAbsPath(this.sysroot)).runtimeDirectory;
  readonly #agents = new Set<ChildProcess>();

  /** Keys, sticks, and a device that runs 42.3.0. */
  static async open(): Promise<PanelDevice> {
    const device = new PanelDevice();
    for (const key of ["root", "release", "stranger"]) await device.cli("key", "generate", key, "--no-passphrase");
    await device.cli("root", "create", "--root-key", "root.key", "--release-key", "release.pub", "--out", "root.json");
    await device.makeStick("42.3.0", { sequence: 40 });
    device.writeConfig("agent.toml", "");
    const provisioning = ["--medium", "stick-42.3.0", "--trust-root", "root.json", "--agent-config", "agent.toml"];
    await device.cli("os", "install", "to-filesystem", device.sysroot, ...provisioning);
    await device.boot();
    return device;
  }

  async cli(...args: readonly string[]): Promise<void> {
    const { exitStatus, stderr } = await runCli(args, { cwd: this.directory });
    if (exitStatus !== 0) throw new Error(`${args.join(" ")} ended with ${exitStatus}: ${stderr}`);
  }

  /** Writes `stick-VERSION` with a signed release. */
  async makeStick(version: string, { sequence, key = "release", screen = "works", contentBytes = 1000 }: StickOptions) {
    const image = join(this.directory, `image-${version}`);
    const layers = [{ entries: contentOf(version, screen, randomBytes(contentBytes)) }];
    await writeOciLayout(image, [{ tag: "latest", images: [{ layers, architecture: "amd64" }] }]);
    mkdirSync(join(this.directory, `stick-${version}`));
    const names = ["--name", "kiosk-os", "--release-version", version, "--sequence", `${sequence}`];
    const target = ["--compatible", "acme-kiosk-v2", "--key", `${key}.key`];
    await this.cli("release", "create", `oci:${image}:latest`, "--to", `stick-${version}`, ...names, ...target);
  }

  makeLargeStick(version: string, sequence: number): Promise<void> {
    return this.makeStick(version, { sequence, contentBytes: LARGE_BYTES });
  }

  /** A configuration for `--config`. */
  writeConfig(name: string, reboot: string): void {
    writeFileSync(join(this.directory, name), `${CONFIG}${reboot}`);
  }

  boot(): Promise<void> {
    return this.cli("os", "simulate-boot", "--sysroot", this.sysroot);
  }

  /** The next agent that enters one of these states, or is amid reading a large stick, stays in it until it is let go. */
  hold(...states: readonly Held[]): void {
    for (const state of states) writeFileSync(join(this.sysroot, `hold-${state}`), "");
  }

  letGo(...states: readonly Held[]): void {
    for (const state of states) rmSync(join(this.sysroot, `hold-${state}`));
  }

  /** Runs the agent to its end. Refusals are ends like others. */
  async run(...args: readonly string[]): Promise<void> {
    await this.start(...args).ended;
  }

  start(...args: readonly string[]): RunningAgent {
    const command = ["--import", SLOW_STICK, MAIN, "agent", "run", "--sysroot", this.sysroot, ...args];
    const child = spawn(process.execPath, command, {
      cwd: this.directory,
      env: { ...process.env, BOOTFERRY_TEST_SLOW: join(this.sysroot, "hold-reading") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#agents.add(child);
    const said: Buffer[] = [];
    child.stderr.on("data", (chunk) => said.push(chunk));
    const ended = new Promise<void>((resolve) => {
      child.on("close", () => {
        this.#agents.delete(child);
        resolve();
      });
    });
    const kill = (signal: NodeJS.Signals) => void child.kill(signal);
    return { ended, kill, said: () => Buffer.concat(said).toString("utf8") };
  }

  /** What the agent says of itself; undefined before it has said anything since the boot. */
  status(): AgentStatus | undefined {
    return peekStatus(this.#runtimeDirectory);
  }

  [Symbol.dispose](): void {
    for (const child of this.#agents) child.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export interface RunningAgent {
  readonly ended: Promise<void>;
  readonly said: () => string;
  kill(signal: NodeJS.Signals): void;
}
