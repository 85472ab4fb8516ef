/**
 * One stick goes into a device of our own engine and into a bootc host (the stand-in): both take it, confirm what is well, leave
 * what is sick, refuse the same things for the same reasons, and tell the same history.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HistoryRecord, readHistory } from "../../src/agent/history.ts";
import { listPrograms } from "../../src/agent/programs.ts";
import { runAgent } from "../../src/agent/run-agent.ts";
import type { AgentPorts } from "../../src/agent/session.ts";
import { openMedium } from "../../src/bundle/medium.ts";
import { hostFiles } from "../../src/config/device-files.ts";
import { simulatedDevicePaths } from "../../src/config/device-paths.ts";
import { parseAgentConfig } from "../../src/config/load-agent-config.ts";
import { openBootcBackend } from "../../src/deploy/bootc/backend.ts";
import { type AbsPath, below, parseAbsPath, toAbsPath } from "../../src/path.ts";
import { deviceKeyFile } from "../../src/receipt/device-key.ts";
import { type Receipt, verifyReceipt } from "../../src/receipt/receipt.ts";
import { readReceiptLog } from "../../src/receipt/receipt-log.ts";
import { parsePrivateKeyPem } from "../../src/trust/keys.ts";
import { type BootcImageOptions, bootcImage } from "../support/bootc-double/bootc-images.ts";
import { type DoubleMachine, openDoubleMachine } from "../support/bootc-double/machine.ts";
import { runInProcess } from "../support/cli-in-process.ts";
import { writeOciLayout } from "../support/oci-fixtures.ts";
import { steppedClock } from "../support/stepped-clock.ts";

const CONFIG =
  '[device]\ncompatible = "acme"\narchitecture = "amd64"\n[follow]\nname = "os"\n[store]\nfs-verity = "off"\n';
const CHECKS = "usr/lib/bootferry/health.d/required/";
const SICK = {
  extra: [
    { name: "usr/lib/bootferry/", type: "directory" },
    { name: "usr/lib/bootferry/health.d/", type: "directory" },
    { name: CHECKS, type: "directory" },
    { name: `${CHECKS}10-app`, mode: 0o755, content: "#!/bin/sh\necho the screen stays dark\nexit 1\n" },
  ],
} as const;

/** Devices trust the vendor's root. */
const SIGNERS = ["vendor", "stranger"] as const;
type Signer = (typeof SIGNERS)[number];

let directory: AbsPath;
beforeAll(async () => {
  directory = toAbsPath(mkdtempSync(join(tmpdir(), "one-stick-")));
  await cli("key", "generate", "root", "--no-passphrase");
  for (const signer of SIGNERS) {
    await cli("key", "generate", signer, "--no-passphrase");
    const keys = ["--root-key", "root.key", "--release-key", `${signer}.pub`];
    await cli("root", "create", ...keys, "--out", `${signer}-root.json`);
  }
  writeFileSync(join(directory, "agent.toml"), CONFIG);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function cli(...args: readonly string[]) {
  const run = await runInProcess(directory, args);
  if (run.exitStatus !== 0) throw new Error(`bootferry ${args.join(" ")}: ${run.stderr}`);
  return run;
}

/** A stick with one release, whose image both kinds of devices can boot. */
async function makeStick(
  sequence: number,
  options: BootcImageOptions = {},
  signer: Signer = "vendor",
): Promise<AbsPath> {
  const [layout, stick] = [`layout-${sequence}`, `stick-${sequence}`];
  mkdirSync(join(directory, stick));
  await writeOciLayout(below(directory, layout), [{ tag: "image", images: [bootcImage(`${sequence}.0`, options)] }]);
  const named = [
    "--name",
    "os",
    "--release-version",
    `${sequence}.0`,
    "--sequence",
    `${sequence}`,
    "--compatible",
    "acme",
  ];
  const signed = ["--key", `${signer}.key`, "--root", `${signer}-root.json`];
  await cli("release", "create", `oci:${layout}:image`, "--to", stick, ...named, ...signed);
  return below(directory, stick);
}

interface Host {
  /** @returns what it came to */
  insert(stick: AbsPath): Promise<string>;
  /** Goes on with what an earlier run has left. */
  goOn(): Promise<string>;
  boot(): Promise<void>;
  booted(): Promise<string | null | undefined>;
  history(): readonly HistoryRecord[];
  /** What it has signed; the signatures are good. */
  receipts(): readonly Receipt[];
}

async function openNativeHost(first: AbsPath): Promise<Host> {
  const provision = ["--medium", first, "--trust-root", "vendor-root.json", "--agent-config", "agent.toml"];
  await cli("os", "install", "to-filesystem", "native", ...provision);
  await cli("os", "simulate-boot", "--sysroot", "native");
  const paths = simulatedDevicePaths(below(directory, "native"));
  const agent = async (...args: readonly string[]) => {
    const run = await runInProcess(directory, ["agent", "run", "--sysroot", "native", "--json", ...args]);
    return JSON.parse(run.stdout).outcome;
  };
  const host: Host = {
    insert: (stick) => agent("--medium", stick),
    goOn: () => agent(),
    boot: async () => void (await cli("os", "simulate-boot", "--sysroot", "native")),
    async booted() {
      const { stdout } = await cli("os", "status", "--sysroot", "native", "--json");
      return JSON.parse(stdout).status.booted.image.version;
    },
    history: () => readHistory(paths.stateDirectory).records,
    receipts: () => receiptsIn(paths.stateDirectory),
  };
  await host.goOn();
  return host;
}

/** What runs at first came from a registry. Its programs are those of the layers that the stand-in has booted. */
async function openBootcHost(machine: DoubleMachine): Promise<Host> {
  await machine.provision(bootcImage("1.0"));
  const root = below(machine.root, "root");
  mkdirSync(join(root, "etc/bootferry"), { recursive: true });
  writeFileSync(join(root, "etc/bootferry/root.json"), readFileSync(join(directory, "vendor-root.json")));
  writeFileSync(join(root, "etc/hostname"), "kiosk\n"); // as in the images
  const { paths, exec, inhibit } = machine;
  mkdirSync(paths.stateDirectory, { recursive: true });
  mkdirSync(paths.runtimeDirectory, { recursive: true });
  const backend = openBootcBackend({ paths, exec, tries: 3, inhibit });
  let attempts = 0;
  const ports: AgentPorts = {
    ...{ backend, paths, exec, openMedium, agentVersion: "1.0.0" },
    files: {
      readFile: (path) => hostFiles.readFile(below(root, path)),
      listDirectory: (path) => hostFiles.listDirectory(below(root, path)),
    },
    programs: { listPrograms: async (path) => listPrograms(below(root, path)), env: {} },
    devices: { find: () => undefined, isGone: async () => false },
    clock: steppedClock(1000, Date.UTC(2026, 10, 20)),
    monotonicMs: () => 0,
    sleep: async () => undefined,
    newAttemptId: () => `attempt-${++attempts}`,
    synchronisedNowUtc: async () => undefined,
    config: parseAgentConfig(Buffer.from(CONFIG), parseAbsPath("/etc/bootferry/agent.toml")),
  };
  const booted = async () => (await backend.status()).status.booted?.image?.version;
  return {
    insert: async (stick) => (await runAgent(ports, { medium: { kind: "directory", directory: stick } })).kind,
    goOn: async () => (await runAgent(ports, {})).kind,
    async boot() {
      machine.boot();
      rmSync(join(root, "usr"), { recursive: true, force: true });
      if ((await booted()) !== "4.0") return; // the one that is sick
      mkdirSync(join(root, CHECKS), { recursive: true });
      for (const { name, content, mode } of SICK.extra.filter((entry) => "content" in entry)) {
        writeFileSync(join(root, name), content, { mode });
      }
    },
    booted,
    history: () => readHistory(paths.stateDirectory).records,
    receipts: () => receiptsIn(paths.stateDirectory),
  };
}

/** Inserts a stick, boots as often as it takes, and says each outcome on the way. */
async function carry(host: Host, stick: AbsPath): Promise<readonly string[]> {
  const outcomes = [await host.insert(stick)];
  while (outcomes.at(-1) === "rebooting" && outcomes.length < 9) {
    await host.boot();
    outcomes.push(await host.goOn());
  }
  return outcomes;
}

const attempts = (host: Host) =>
  host.history().flatMap((record) => {
    if (record.kind !== "attempt") return [];
    const { state, release, reason, health, refusals } = record;
    const failed =
      health?.checks.filter(({ result }) => result !== "passed").map(({ check, output }) => `${check}: ${output}`) ??
      [];
    return [{ state, release, code: reason?.code ?? null, failed, refusals: refusals.map(({ code }) => code) }];
  });

function receiptsIn(stateDirectory: AbsPath): readonly Receipt[] {
  const key = parsePrivateKeyPem(readFileSync(deviceKeyFile(stateDirectory), "utf8")).publicKey;
  return readReceiptLog(stateDirectory).map((it) => {
    if (it === undefined) throw new Error("a receipt cannot be read");
    return verifyReceipt(it.envelope, key).receipt;
  });
}

/** All but which device it is, when, and what its backend calls its deployments. */
function comparable({ device, previous, atUtc, isClockTrusted, bootId, attempt, running, held, ...rest }: Receipt) {
  const { id, backend, ...kind } = device;
  const own = [previous, atUtc, isClockTrusted, bootId, attempt, id, backend, running.deployment];
  expect(own.filter((it) => it === undefined)).toEqual([]);
  return {
    ...rest,
    device: kind,
    running: running.release,
    held: held.map(({ payloadDigest }) => payloadDigest).sort(),
  };
}

describe("one stick", () => {
  it("does the same on a device of our own engine and on a bootc host, and both tell the same of it", async () => {
    using machine = openDoubleMachine({ version: "1.16.10" });
    const sticks = {
      one: await makeStick(1),
      two: await makeStick(2),
      three: await makeStick(3),
      four: await makeStick(4, SICK),
    };
    const foreign = await makeStick(5, {}, "stranger");
    const hosts = { native: await openNativeHost(sticks.one), bootc: await openBootcHost(machine) };

    const steps = [
      { stick: sticks.two, outcomes: ["rebooting", "confirmed"], runs: "2.0" },
      { stick: sticks.two, outcomes: ["nothing"], runs: "2.0" },
      { stick: sticks.three, outcomes: ["rebooting", "confirmed"], runs: "3.0" },
      { stick: sticks.two, outcomes: ["refused"], runs: "3.0" },
      { stick: foreign, outcomes: ["refused"], runs: "3.0" },
    ];
    for (const { stick, outcomes, runs } of steps) {
      for (const host of Object.values(hosts)) {
        expect(await carry(host, stick)).toEqual(outcomes);
        expect(await host.booted()).toBe(runs);
      }
    }
    for (const host of Object.values(hosts)) {
      const outcomes = await carry(host, sticks.four);
      expect(outcomes.at(-1)).toBe("rolled-back");
      expect(await host.booted()).toBe("3.0");
      expect(await carry(host, sticks.four)).toEqual(["nothing"]);
    }
    expect(attempts(hosts.bootc)).toEqual(attempts(hosts.native));
    expect(attempts(hosts.native).map(({ state }) => state)).toEqual([
      ...["confirmed", "confirmed", "refused", "refused", "rolled-back"],
    ]);

    const [native, bootc] = [hosts.native.receipts(), hosts.bootc.receipts()];
    expect(native.map(({ outcome }) => outcome)).toEqual([
      ...["enrolled", "confirmed", "confirmed", "refused", "refused", "rolled-back"],
    ]);
    // Where the two begin is not the same: one was installed from the first stick, the other one from a registry.
    const first = native[0]?.running.release?.payloadDigest;
    expect(bootc[0]?.running.release).toBeNull();
    const later = (receipts: readonly Receipt[]) =>
      receipts
        .slice(1)
        .map(comparable)
        .map(({ held, ...rest }) => ({ ...rest, held: held.filter((it) => it !== first) }));
    expect(later(bootc)).toEqual(later(native));
    expect(new Set(native.map(({ device }) => device.backend))).toEqual(new Set(["native"]));
    expect(new Set(bootc.map(({ device }) => device.backend))).toEqual(new Set(["bootc"]));
  }, 300_000);
});
