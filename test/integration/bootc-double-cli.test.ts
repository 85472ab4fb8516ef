/** The stand-in for bootc as a program: what it is called with, what it prints, and the pipe for its progress. */
import { spawn } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { errnoOf } from "../../src/error.ts";
import { execOnHost } from "../../src/host/exec.ts";
import { bootcImage } from "../support/bootc-double/bootc-images.ts";
import { type DoubleMachine, type DoubleOptions, openDoubleMachine } from "../support/bootc-double/machine.ts";
import {
  hostOf,
  layoutTarget,
  runVerb,
  switchToLayout,
  versionsOf,
  writeLayout,
} from "../support/bootc-double/run-verb.ts";

const BIN = join(import.meta.dirname, "../support/bootc-double/bin");

const TIMEOUT_MS = 60_000;

let machine: DoubleMachine;
const open = async (options: DoubleOptions = {}) => {
  machine = openDoubleMachine(options);
  await machine.provision(bootcImage("1.0"));
  await writeLayout(machine, bootcImage("1.1"));
};
afterEach(() => machine[Symbol.dispose]());

describe("its arguments", () => {
  it.each([
    ["an unknown option", ["switch", "--later", "x"], "unexpected argument '--later' found"],
    ["no target", ["switch"], "required arguments were not provided"],
    ["a second target", ["switch", "x", "y"], "unexpected argument 'y' found"],
    ["a value that is none", ["status", "--format", "xml"], "possible values: humanreadable, yaml, json"],
    ["an unknown verb", ["downgrade"], "unrecognized subcommand 'downgrade'"],
    ["--check with --apply", ["upgrade", "--check", "--apply"], "cannot be used with"],
    ["--check with --soft-reboot", ["upgrade", "--check", "--soft-reboot=auto"], "cannot be used with"],
    ["--check with --download-only", ["upgrade", "--download-only", "--check"], "cannot be used with"],
    ["--apply with --download-only", ["upgrade", "--apply", "--download-only"], "cannot be used with"],
    ["both halves at once", ["upgrade", "--from-downloaded", "--download-only"], "cannot be used with"],
  ] as const)("are a usage error with exit status 2: %s", async (_what, args, message) => {
    await open();
    const { exitCode, stderr } = await runVerb(machine, ...args);
    expect({ exitCode, isSaid: stderr.includes(message) }).toEqual({ exitCode: 2, isSaid: true });
  });

  it.each([
    ["1.1.0", "upgrade", ["--progress-fd", "--soft-reboot", "--download-only", "--tag"]],
    ["1.6.0", "upgrade", ["--soft-reboot", "--download-only", "--tag"]],
    ["1.11.1", "upgrade", ["--download-only", "--from-downloaded", "--tag"]],
    ["1.12.0", "upgrade", ["--tag"]],
    ["1.16.9", "switch", ["--download-only", "--from-downloaded"]],
    ["1.16.10", "switch", []],
  ] as const)("are those of version %s of %s", async (version, verb, missing) => {
    await open({ version });
    expect((await runVerb(machine, "--version")).stdout).toBe(`bootc ${version}\n`);
    const { stdout } = await runVerb(machine, verb, "--help");
    expect(stdout).toContain(`Usage: bootc ${verb}`);
    expect(stdout).not.toContain("--progress-fd"); // hidden in all of them
    expect(missing.filter((flag) => stdout.includes(`${flag}\n`) || stdout.includes(`${flag} <`))).toEqual([]);
    for (const flag of missing)
      expect((await runVerb(machine, verb, flag, "3")).stderr).toContain(`unexpected argument '${flag}' found`);
  });

  it("may be refused one by one", async () => {
    await open();
    machine.setTrap("unknownOptions", ["--quiet"]);
    expect((await switchToLayout(machine, "--quiet")).exitCode).toBe(2);
  });
});

describe("its status", () => {
  it("has the fields of its version", async () => {
    for (const [version, missing] of [
      ["1.11.0", ["downloadOnly", "usrOverlay", "readOnly"]],
      ["1.13.0", ["usrOverlay", "readOnly"]],
      ["1.16.6", ["readOnly"]],
      ["1.16.9", []],
    ] as const) {
      await open({ version });
      const { stdout } = await runVerb(machine, "status", "--format=json");
      const absent = ["downloadOnly", "usrOverlay", "readOnly"].filter((field) => !stdout.includes(`"${field}":`));
      expect({ version, absent }).toEqual({ version, absent: missing });
      machine[Symbol.dispose]();
    }
    await open();
  });

  it("is YAML where there is no terminal, and can be had for people and without what is not booted", async () => {
    await open();
    await switchToLayout(machine);
    expect((await runVerb(machine, "status")).stdout).toContain("kind: BootcHost\n");
    expect((await runVerb(machine, "status", "--format=humanreadable")).stdout).toContain("● Booted image");
    const { stdout } = await runVerb(machine, "status", "--json", "--booted");
    expect(JSON.parse(stdout).status.staged).toBe(null);
    const unsupported = await runVerb(machine, "status", "--format-version=2");
    expect(unsupported).toMatchObject({ exitCode: 1, stderr: "error: Unsupported format version: 2" });
  });
});

describe("its executables", () => {
  const env = () => ({
    ...process.env,
    PATH: `${BIN}:${process.env["PATH"]}`,
    BOOTC_DOUBLE_STATE: machine.stateDirectory,
  });

  it("are found in PATH and called by their path", async () => {
    await open();
    const options = { timeoutMs: TIMEOUT_MS, env: { BOOTC_DOUBLE_STATE: machine.stateDirectory } };
    const script = `exec bootc switch --transport oci '${layoutTarget(machine)}'`;
    await machine.exec(["sh", "-c", script], { timeoutMs: TIMEOUT_MS });
    expect((await versionsOf(machine))[0]).toBe("1.1");
    await execOnHost([join(BIN, "ostree"), "admin", "undeploy", "0"], options);
    expect((await versionsOf(machine))[0]).toBe(null);
    await switchToLayout(machine);
    await execOnHost([join(BIN, "bootc-double-boot")], options);
    const { stdout } = await execOnHost([join(BIN, "bootc"), "status", "--json"], options);
    expect(JSON.parse(stdout.toString()).status.booted.image.version).toBe("1.1");
    const failed = execOnHost([join(BIN, "bootc"), "upgrade", "--tag", "none"], options);
    await expect(failed).rejects.toMatchObject({ code: "HOST_TOOL_FAILED" });
  });

  it("are noted with their arguments, and whether a shutdown was inhibited", async () => {
    await open();
    await using _awake = await machine.inhibit("a test");
    await machine.exec(["systemctl", "is-active", "x.timer"], { timeoutMs: 1000, accept: [3] });
    await runVerb(machine, "rollback");
    expect(machine.calls()).toEqual([
      { argv: ["systemd-inhibit", "a test"], isInhibited: false },
      { argv: ["systemctl", "is-active", "x.timer"], isInhibited: true },
      { argv: ["bootc", "rollback"], isInhibited: true },
    ]);
  });

  it("never end when they are to reboot", async () => {
    await open();
    const args = ["bootc", "switch", "--apply", "--transport", "oci", layoutTarget(machine)] as const;
    await endWhen(args, () => machine.state().isRebootRequested);
    await runVerb(machine, "status");
    expect((await switchToLayout(machine)).exitCode).toBe(0); // whoever is gone holds no lock
  });

  it("hang or fail when a test wants it", async () => {
    await open();
    machine.setTrap("failures", { upgrade: "Pulling: unexpected EOF" });
    expect((await runVerb(machine, "update")).stderr).toBe("error: Upgrading: Pulling: unexpected EOF");
    machine.setTrap("hangs", ["rollback"]);
    await endWhen(["bootc", "rollback"], () => machine.calls().some(({ argv }) => argv[1] === "rollback"));
  });

  it("write their progress into a pipe", async () => {
    await open();
    const { events } = await switchWithPipe("read");
    expect(events[0]).toEqual({ type: "Start", version: "0.1.0" });
    expect(new Set(events.map((event) => event.task))).toEqual(new Set([undefined, "pulling", "importing", "staging"]));
    expect(events.at(-1)).toMatchObject({ type: "ProgressSteps", task: "staging", steps: 3, stepsTotal: 3 });
  });

  it("block while nobody empties the pipe", async () => {
    await open();
    machine.setTrap("progress", "flood");
    const { meanwhile, events } = await switchWithPipe("slowly");
    expect(meanwhile).toMatchObject({ versions: [null, "1.0", null], second: { exitCode: 1 } });
    expect(meanwhile?.second.stderr).toContain("already locked");
    expect(events.length).toBeGreaterThan(1000);
    expect((await versionsOf(machine))[0]).toBe("1.1");
  });

  it("do without the pipe when nobody reads it any more", async () => {
    await open();
    const { exitCode, stderr } = await switchWithPipe("not-at-all");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: "Failed to write to jsonl: Broken pipe (os error 32)\n",
    });
    expect((await versionsOf(machine))[0]).toBe("1.1");
  });

  it.each([
    ["a socket, as Node makes it", "pipe", "not a pipe"],
    ["stderr", "2", "Cannot use fd 2 for progress JSON"],
  ] as const)("refuse %s", async (_what, kind, message) => {
    await open();
    const fd = kind === "pipe" ? "3" : kind;
    const args = ["switch", "--progress-fd", fd, "--transport", "oci", layoutTarget(machine)];
    const child = spawn(join(BIN, "bootc"), args, { env: env(), stdio: ["ignore", "ignore", "pipe", "pipe"] });
    const [stderr] = await Promise.all([
      text(child.stderr as Readable),
      new Promise((resolve) => child.once("close", resolve)),
    ]);
    expect(stderr).toContain(message);
    expect((await hostOf(machine)).status.staged).toBe(null);
  });

  /** Runs what does not end by itself, until something is true. */
  async function endWhen(argv: readonly [string, ...string[]], isReached: () => boolean): Promise<void> {
    const ending = new AbortController();
    const run = machine.exec(argv, { timeoutMs: TIMEOUT_MS, signal: ending.signal });
    const outcome = run.then(
      () => "ended",
      () => "was ended",
    );
    await expect.poll(isReached, { timeout: TIMEOUT_MS }).toBe(true);
    ending.abort();
    expect(await outcome).toBe("was ended");
  }

  /** Runs a switch with the writing end of a FIFO, whose other end is read in one of three ways. */
  async function switchWithPipe(manner: "read" | "slowly" | "not-at-all") {
    const fifo = join(machine.root, "progress");
    await execOnHost(["mkfifo", fifo], { timeoutMs: TIMEOUT_MS });
    const readFd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writeFd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    const args = ["switch", "--progress-fd", "3", "--transport", "oci", layoutTarget(machine)];
    if (manner === "not-at-all") closeSync(readFd);
    const child = spawn(join(BIN, "bootc"), args, { env: env(), stdio: ["ignore", "ignore", "pipe", writeFd] });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const said = text(child.stderr as Readable);
    if (manner === "slowly") await untilFull(writeFd);
    closeSync(writeFd);
    const meanwhile =
      manner === "slowly" ? { versions: await versionsOf(machine), second: await switchToLayout(machine) } : undefined;
    const lines =
      manner === "not-at-all" ? "" : await text(new Socket({ fd: readFd, readable: true, writable: false }));
    const [exitCode, stderr] = await Promise.all([ended, said]);
    const events = lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    return { exitCode, stderr, events, meanwhile };
  }

  /** Puts empty lines into a pipe until it takes no more. */
  async function untilFull(fd: number): Promise<void> {
    for (;;) {
      try {
        writeSync(fd, "\n");
        await sleep(5);
      } catch (error) {
        if (errnoOf(error) === "EAGAIN") return;
        throw error;
      }
    }
  }
});
