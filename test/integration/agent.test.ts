/**
 * The agent as a person or a unit runs it: real releases on sticks, a device in a directory, the loader simulated.
 *
 * The sticks are written and the device is installed once; each test works on a copy of the device.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openAgentLock } from "../../src/agent/agent-lock.ts";
import { simulatedDevicePaths } from "../../src/config/device-paths.ts";
import { parseAbsPath } from "../../src/path.ts";
import { type CliOptions, type CliRun, runCli, startCli } from "../support/cli.ts";
import { type FixtureEntry, writeOciLayout } from "../support/oci-fixtures.ts";

let directory: string;
let device: string;
let copies = 0;

const cli = (args: readonly string[], options: CliOptions = {}) => runCli(args, { cwd: directory, ...options });
const agent = (...args: string[]) => cli(["agent", ...args, "--sysroot", device]);
const run = (stick?: string, ...args: string[]) =>
  agent("run", ...(stick === undefined ? [] : ["--medium", stick]), ...args);

async function succeed(running: Promise<CliRun>): Promise<CliRun> {
  const result = await running;
  if (result.exitStatus !== 0) throw new Error(`exit status ${result.exitStatus}: ${result.stderr}`);
  return result;
}
const json = async (running: Promise<CliRun>) => JSON.parse((await succeed(running)).stdout);
const boot = () => succeed(cli(["os", "simulate-boot", "--sysroot", device]));
const entryFiles = () => readdirSync(join(device, "boot/loader/entries")).sort();
const bootedVersion = async () =>
  (await json(cli(["os", "status", "--json", "--sysroot", device]))).status.booted.image.version;

/** The last refusal on stderr: `code` of `error: … [CODE]`, and whether help follows. */
function refusal({ exitStatus, stderr }: CliRun): unknown {
  const [, code] = /^error: .* \[([A-Z_]+)\]$/m.exec(stderr) ?? [];
  return { exitStatus, code, help: /^help: \S/m.test(stderr) };
}

const CHECK = `#!/bin/sh
# The check of the image reads the configuration of the deployment that it is asked about.
grep -q '^screen=works$' "$BOOTFERRY_SYSROOT/bootferry/deploy/$BOOTFERRY_DEPLOYMENT/etc/app.conf" || { echo "the screen stays dark"; exit 3; }
`;

const files = (version: string, screen: string): FixtureEntry[] => [
  ...[
    "usr",
    "usr/lib",
    "usr/lib/modules",
    "usr/lib/modules/6.1",
    "usr/lib/bootferry",
    "usr/lib/bootferry/health.d",
  ].map((name): FixtureEntry => ({ name: `${name}/`, type: "directory" })),
  { name: "usr/lib/bootferry/health.d/required/", type: "directory" },
  { name: "usr/lib/bootferry/health.d/required/10-screen", content: CHECK, mode: 0o755 },
  { name: "usr/lib/modules/6.1/vmlinuz", content: "a kernel\n".repeat(50) },
  { name: "usr/lib/modules/6.1/initramfs.img", content: "an initramfs\n".repeat(50) },
  { name: "usr/lib/app", content: `version ${version}\n`.padEnd(20_000, version) },
  { name: "etc/", type: "directory" },
  { name: "etc/app.conf", content: `version=${version}\nscreen=${screen}\n` },
];

interface Stick {
  readonly version: number;
  readonly screen?: "works" | "dark";
  readonly key?: string;
  readonly compatible?: string;
}

async function makeStick(name: string, { version, screen = "works", key = "release", compatible = "kiosk" }: Stick) {
  const image = join(directory, `image-${name}`);
  mkdirSync(join(directory, name));
  const layers = [{ entries: files(`${version}.0`, screen) }];
  await writeOciLayout(image, [{ tag: "latest", images: [{ layers, architecture: "amd64" }] }]);
  const names = ["--name", "kiosk-os", "--release-version", `${version}.0`, "--sequence", `${version}`];
  const target = ["--compatible", compatible, "--key", `${key}.key`];
  await succeed(cli(["release", "create", `oci:${image}:latest`, "--to", name, ...names, ...target]));
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "bootferry-agent-cli-"));
  await Promise.all(
    ["root", "release", "stranger"].map((key) => succeed(cli(["key", "generate", key, "--no-passphrase"]))),
  );
  await succeed(
    cli(["root", "create", "--root-key", "root.key", "--release-key", "release.pub", "--out", "root.json"]),
  );
  await makeStick("stick-1", { version: 1 });
  await makeStick("stick-2", { version: 2 });
  await makeStick("stick-3-dark", { version: 3, screen: "dark" });
  await makeStick("stick-stranger", { version: 3, key: "stranger" });
  await makeStick("stick-other", { version: 3, compatible: "fridge" });
  mkdirSync(join(directory, "stick-empty"));
  const config = '[device]\ncompatible = "kiosk"\narchitecture = "amd64"\n[follow]\nname = "kiosk-os"\n';
  writeFileSync(join(directory, "agent.toml"), config);
  device = join(directory, "installed");
  const provision = ["--medium", "stick-1", "--trust-root", "root.json", "--agent-config", "agent.toml"];
  await succeed(cli(["os", "install", "to-filesystem", device, ...provision]));
  await boot();
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  device = join(directory, `device-${copies++}`);
  cpSync(join(directory, "installed"), device, { recursive: true });
});

/** A copy of a stick with one bit of the layer of its image flipped. */
function tampered(stick: string): string {
  const copy = `${stick}-tampered-${copies}`;
  cpSync(join(directory, stick), join(directory, copy), { recursive: true });
  const blob = (digest: string) => join(directory, copy, "bootferry/blobs/sha256", digest.slice("sha256:".length));
  const index = JSON.parse(readFileSync(join(directory, copy, "bootferry/index.json"), "utf8"));
  const image = index.manifests.find(({ platform }: { platform?: unknown }) => platform !== undefined);
  const layer = blob(JSON.parse(readFileSync(blob(image.digest), "utf8")).layers[0].digest);
  const bytes = readFileSync(layer);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(layer, bytes);
  return copy;
}

describe("bootferry agent", () => {
  it("carries a device from one release to the next, and keeps out what must stay out", async () => {
    expect(await json(run("stick-2", "--json"))).toMatchObject({
      outcome: "rebooting",
      release: { name: "kiosk-os", version: "2.0", sequence: 2 },
      error: null,
    });
    expect(entryFiles()).toHaveLength(2);
    await boot();
    expect(await json(run(undefined, "--json"))).toMatchObject({
      outcome: "confirmed",
      health: {
        healthy: true,
        checks: [{ check: "/usr/lib/bootferry/health.d/required/10-screen", result: "passed" }],
      },
    });
    expect(await bootedVersion()).toBe("2.0");
    const entries = entryFiles();

    const again = await succeed(run("stick-2"));
    expect(again.stdout).toBe("kiosk-os 2.0 (sequence 2) is installed already.\n");
    expect(refusal(await run("stick-1"))).toEqual({ exitStatus: 3, code: "TRUST_SEQUENCE_OLDER", help: true });
    expect(refusal(await run("stick-stranger"))).toEqual({ exitStatus: 3, code: "TRUST_KEY_UNKNOWN", help: true });
    expect(refusal(await run(tampered("stick-3-dark")))).toEqual({
      exitStatus: 6,
      code: "OCI_BLOB_DIGEST_MISMATCH",
      help: true,
    });
    expect(entryFiles()).toEqual(entries);
    expect(await bootedVersion()).toBe("2.0");

    const { records } = await json(agent("history", "--json"));
    expect(
      records.map((record: { state: string; reason: { code: string } | null }) => record.reason?.code ?? record.state),
    ).toEqual(["confirmed", "TRUST_SEQUENCE_OLDER", "TRUST_KEY_UNKNOWN", "OCI_BLOB_DIGEST_MISMATCH"]);
  });

  it("goes back from a release that is not well, and tries it again when somebody allows it", async () => {
    await succeed(run("stick-3-dark"));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await boot();
      expect(await bootedVersion()).toBe("3.0");
      expect((await succeed(run())).stdout).toContain("Reboot asked for");
    }
    await boot();
    expect(await bootedVersion()).toBe("1.0");
    expect(await json(run(undefined, "--json"))).toMatchObject({ outcome: "rolled-back", release: { version: "3.0" } });
    expect((await agent("history", "--limit", "1")).stdout).toMatch(
      /rolled-back: kiosk-os 3\.0.*the screen stays dark/s,
    );
    expect((await succeed(run("stick-3-dark"))).stdout).toContain("was tried already");

    expect((await succeed(agent("approve", "3.0"))).stdout).toBe("kiosk-os 3.0 (sequence 3) may be tried again.\n");
    expect(refusal(await agent("approve", "3.0"))).toEqual({
      exitStatus: 1,
      code: "AGENT_APPROVE_UNKNOWN",
      help: true,
    });
    expect(await json(run(undefined, "--json"))).toMatchObject({ outcome: "rebooting", release: { version: "3.0" } });
    await boot();
    expect(await bootedVersion()).toBe("3.0");
  });
});

describe("an agent that is killed", () => {
  /** A hook that kills the agent with SIGKILL when it enters the state: the hook's parent is `timeout`, its parent is the agent. */
  const KILLER = "#!/bin/sh\nread -r _ _ _ agent _ < /proc/$PPID/stat\nkill -KILL $agent\n";

  it.each(["storing", "stored", "staged"])("while %s goes on where it was", async (state) => {
    const [deployment = ""] = readdirSync(join(device, "bootferry/deploy"));
    const hooks = join(device, "bootferry/deploy", deployment, "etc/bootferry/hooks.d");
    mkdirSync(join(hooks, state), { recursive: true });
    writeFileSync(join(hooks, state, "10-kill"), KILLER, { mode: 0o755 });
    expect((await run("stick-2")).exitStatus).toBeNull();
    expect(await json(agent("status", "--json"))).toMatchObject({ state });
    rmSync(hooks, { recursive: true });
    expect(await json(run(state === "storing" ? "stick-2" : undefined, "--json"))).toMatchObject({
      outcome: "rebooting",
    });
    await boot();
    expect(await json(run(undefined, "--json"))).toMatchObject({ outcome: "confirmed", release: { version: "2.0" } });
  });
});

describe("bootferry agent run", () => {
  it.each([
    ["stick-other", 4, "BUNDLE_COMPATIBLE_MISMATCH"],
    ["stick-empty", 6, "BUNDLE_MEDIUM_FOREIGN"],
    ["no-such-stick", 6, "BUNDLE_MEDIUM_FOREIGN"],
  ])("refuses %s with exit status %i and %s", async (stick, exitStatus, code) => {
    expect(refusal(await run(stick))).toEqual({ exitStatus, code, help: true });
  });

  it("is busy while another one runs", async () => {
    const paths = simulatedDevicePaths(parseAbsPath(device));
    await using _lock = await openAgentLock(paths.runtimeDirectory);
    expect(refusal(await run("stick-2"))).toEqual({ exitStatus: 7, code: "HOST_BUSY", help: true });
  });

  it("waits for another one with --lock-timeout", async () => {
    const paths = simulatedDevicePaths(parseAbsPath(device));
    const lock = await openAgentLock(paths.runtimeDirectory);
    const waiting = run("stick-2", "--lock-timeout", "60");
    setTimeout(() => void lock[Symbol.asyncDispose](), 500);
    await succeed(waiting);
  });

  it("ends with --store-only when the medium can be removed, and the next run goes on", async () => {
    expect(await json(run("stick-2", "--store-only", "--json"))).toMatchObject({ outcome: "stored", state: "stored" });
    expect(entryFiles()).toHaveLength(1);
    expect(await json(run(undefined, "--json"))).toMatchObject({ outcome: "rebooting" });
    expect(refusal(await run(undefined, "--store-only"))).toMatchObject({ exitStatus: 2, code: "CLI_USAGE" });
  });

  it("says that a device that is no block device is none, and begins no attempt", async () => {
    const before = await json(agent("history", "--json"));
    expect(refusal(await run(undefined, "--device", "/dev/null"))).toEqual({
      ...{ exitStatus: 6, code: "MEDIA_NO_SUCH_DEVICE", help: true },
    });
    expect(await json(agent("history", "--json"))).toEqual(before);
  });

  it("says with --dry-run what it would do, and writes nothing", async () => {
    const state = join(device, "bootferry/var/lib/bootferry");
    expect((await succeed(run("stick-2", "--dry-run"))).stdout).toBe(
      "A run would install kiosk-os 2.0 (sequence 2).\nIt would then reboot at once, check its health and keep it, or go back.\n",
    );
    expect(refusal(await run("stick-stranger", "--dry-run"))).toMatchObject({
      exitStatus: 3,
      code: "TRUST_KEY_UNKNOWN",
    });
    expect(existsSync(join(state, "journal.json"))).toBe(false);
    expect(existsSync(join(device, "run/bootferry/status.json"))).toBe(false);
  });

  it("logs JSON lines when asked to, and plain ones otherwise", async () => {
    const logged = await succeed(run("stick-2", "--log-json"));
    const states = logged.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === "state entered");
    expect(states.map(({ state }) => state)).toEqual([
      "detected",
      "mounted",
      "verified",
      "storing",
      "stored",
      "staged",
      "rebooting",
    ]);
    const refused = await run("stick-other");
    expect(refused.stderr).not.toContain("{");
  });

  it("takes another configuration, and says what is wrong with it", async () => {
    writeFileSync(join(directory, "wrong.toml"), "[device]\ncompatible = 1\n");
    expect(refusal(await run("stick-2", "--config", "wrong.toml"))).toMatchObject({
      exitStatus: 1,
      code: "CONFIG_VALUE_INVALID",
    });
    writeFileSync(
      join(directory, "manual.toml"),
      `${readFileSync(join(directory, "agent.toml"), "utf8")}[reboot]\npolicy = "manual"\n`,
    );
    expect((await succeed(run("stick-2", "--config", "manual.toml"))).stdout).toContain(
      "It waits for somebody to reboot the device.",
    );
  });

  it("does nothing to a directory that is no device", async () => {
    const empty = join(directory, `empty-${copies}`);
    mkdirSync(empty);
    expect(refusal(await cli(["agent", "run", "--sysroot", empty]))).toMatchObject({ exitStatus: 1 });
    expect(readdirSync(empty)).toEqual([]);
  });
});

describe("bootferry agent status", () => {
  it("tells what was done last, also after a reboot", async () => {
    expect((await succeed(agent("status"))).stdout).toBe("idle: Nothing to do.\n");
    await run("stick-other");
    const status = await json(agent("status", "--json"));
    expect(status).toMatchObject({ state: "refused", code: "BUNDLE_COMPATIBLE_MISMATCH", medium: "may-be-removed" });
    await boot();
    expect(await json(agent("status", "--json"))).toEqual({
      ...status,
      running: null,
      updatedAtUtc: expect.any(String),
    });
  });

  it("does so on a device whose memory of its root cannot be read here", async () => {
    await run("stick-other");
    writeFileSync(join(device, "bootferry/var/lib/bootferry/trust.json"), '{"version":99}');
    expect(await json(agent("status", "--json"))).toMatchObject({ state: "refused", trustRoot: null });
  });
});

describe("bootferry health", () => {
  const health = (...args: string[]) => cli(["health", "--sysroot", device, ...args]);

  it("runs the checks of the system that runs", async () => {
    expect(await json(health("--json"))).toMatchObject({ healthy: true, checks: [{ result: "passed" }] });
  });

  it("fails when a check fails, and changes nothing", async () => {
    const before = entryFiles();
    const [deployment = ""] = readdirSync(join(device, "bootferry/deploy"));
    writeFileSync(join(device, "bootferry/deploy", deployment, "etc/app.conf"), "screen=dark\n");
    const sick = await health();
    expect(refusal(sick)).toEqual({ exitStatus: 1, code: "AGENT_UNHEALTHY", help: true });
    expect(sick.stdout).toContain("the screen stays dark");
    expect(entryFiles()).toEqual(before);
    expect(existsSync(join(device, "bootferry/var/lib/bootferry/journal.json"))).toBe(false);
  });
});

describe("bootferry agent watch", () => {
  it("installs a bundle that is copied into its spool, not before all of it is there, and ends in order", async () => {
    const incoming = join(directory, `incoming-${copies}`);
    // Labels that no medium of the machine that runs the tests has.
    const config = `${readFileSync(join(directory, "agent.toml"), "utf8")}[media]\nlabels = ["BOOTFERRY-TEST"]\n`;
    writeFileSync(join(directory, "watch.toml"), config);
    mkdirSync(join(incoming, "bundle/bootferry"), { recursive: true });
    const source = join(directory, "stick-2/bootferry");
    const copy = (name: string) =>
      cpSync(join(source, name), join(incoming, "bundle/bootferry", name), { recursive: true });
    copy("oci-layout");
    copy("index.json"); // first, which is the worst order
    const watch = startCli(
      ["agent", "watch", "--sysroot", device, "--spool", incoming, "--config", "watch.toml", "--json"],
      { cwd: directory },
    );
    await watch.says("A bundle is not complete yet.");
    copy("blobs");
    await watch.says("You can remove the medium.");
    watch.stop("SIGTERM");
    const { exitStatus, stderr } = await watch.ended;
    expect([exitStatus, stderr]).toEqual([
      0,
      expect.stringMatching(/is not there\n.*Looking at a medium\. [^\n]*bundle/s),
    ]);
    await succeed(run()); // whatever was cut by stopping it goes on
    await boot();
    await succeed(run());
    expect(await bootedVersion()).toBe("2.0");
  }, 120_000);
});
