/** A device whose trust changes over the years: roots and releases on sticks, reboots, and a clock that may lie. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { BuiltImage } from "../../bundle-format/vectors/source/image.ts";
import { MediumDraft } from "../../bundle-format/vectors/source/medium-draft.ts";
import { envelopeOf, rootEnvelope, SINGLE_ROOT, statementOf } from "../../bundle-format/vectors/source/parts.ts";
import { type TestKeyName, testKey } from "../../bundle-format/vectors/source/test-keys.ts";
import { trustStateFiles } from "../../src/agent/trust-memory.ts";
import type { Statement } from "../../src/bundle/statement.ts";
import { type Exec, execOnHost } from "../../src/host/exec.ts";
import type { RootDraft } from "../../src/trust/root.ts";
import type { TrustState } from "../../src/trust/state.ts";
import { readTrustCopies, type TrustStateFiles } from "../../src/trust/state-copies.ts";
import { type BadInputDevice, honestImage, openBadInputDevice, type Refusal, refusalOf } from "./bad-media.ts";
import type { CliRun } from "./cli.ts";
import { runInProcess } from "./cli-in-process.ts";

export interface RootOptions
  extends Partial<Pick<RootDraft, "createdAt" | "expiresAt" | "minSequences" | "downgrades" | "successors">> {
  /** Keys of the release role; by default those of root 1. */
  readonly release?: readonly TestKeyName[];
  readonly revoked?: readonly TestKeyName[];
  readonly signers?: readonly TestKeyName[];
}

/** The envelope of a root; version 1 is what the device is provisioned with. */
export function makeRoot(version: number, options: RootOptions = {}): Promise<Buffer> {
  const { release = ["release-a", "release-b"], revoked = [], signers = ["root-a"], ...rest } = options;
  const roles = {
    ...SINGLE_ROOT.roles,
    release: { keys: release.map((name) => testKey(name).publicKey), threshold: 1 },
  };
  const revokedKeys = revoked.map((name) => testKey(name).publicKey.keyId);
  return rootEnvelope({ ...SINGLE_ROOT, version, roles, revokedKeys, ...rest }, signers);
}

export interface StickContents {
  /** Envelopes, as version 1, 2, … of the first one on. */
  readonly roots?: Readonly<Record<number, Buffer>>;
  readonly release?: Partial<Statement>;
  readonly signers?: readonly TestKeyName[];
}

/** What the clock says, and whether systemd believes it. */
export interface DeviceClock {
  readonly now: string;
  readonly isSynchronised: boolean;
}

export class TrustingDevice implements Disposable {
  readonly #device: BadInputDevice;
  readonly #image: BuiltImage;
  #clock: DeviceClock = { now: "2026-12-01T00:00:00Z", isSynchronised: false };

  constructor(device: BadInputDevice, image: BuiltImage) {
    this.#device = device;
    this.#image = image;
    cpSync(this.#path("device"), this.#path("pristine"), { recursive: true, preserveTimestamps: true });
  }

  #path(...names: readonly string[]): string {
    return join(this.#device.directory, ...names);
  }

  /** As it was provisioned: release 41 is confirmed, and root 1 trusted. */
  reset(): void {
    rmSync(this.#path("device"), { recursive: true });
    cpSync(this.#path("pristine"), this.#path("device"), { recursive: true, preserveTimestamps: true });
    this.#clock = { now: "2026-12-01T00:00:00Z", isSynchronised: false };
  }

  setClock(now: string, isSynchronised = false): void {
    this.#clock = { now, isSynchronised };
  }

  get trustFiles(): TrustStateFiles {
    return trustStateFiles(this.#device.paths);
  }

  get trust(): TrustState {
    const { state } = readTrustCopies(this.trustFiles);
    if (state === undefined) throw new Error("there is no trust state");
    return state;
  }

  get floor(): number | undefined {
    return this.trust.floors["kiosk-os"]?.sequence;
  }

  /** Runs a command of the device with its clock. */
  run(...args: readonly string[]): Promise<CliRun> {
    const { now, isSynchronised } = this.#clock;
    const exec: Exec = async (argv, options) =>
      argv[0] === "timedatectl"
        ? { exitCode: 0, stdout: Buffer.from(isSynchronised ? "yes\n" : "no\n"), stderrTail: "" }
        : execOnHost(argv, options);
    return runInProcess(this.#device.directory, args, {}, { exec, clock: { nowUtc: () => new Date(now) } });
  }

  async stick({ roots = {}, release, signers = ["release-a"] }: StickContents): Promise<string> {
    const medium = new MediumDraft();
    for (const [version, envelope] of Object.entries(roots)) medium.addRoot(envelope, Number(version));
    if (release !== undefined) {
      const statement = this.statement(release);
      medium.addImage(this.#image, statement).addRelease(await envelopeOf(statement, signers), statement);
    }
    return this.#device.layOut(medium);
  }

  /** A release of the next image: 42 unless said otherwise. */
  statement(overrides: Partial<Statement>): Statement {
    const { sequence = 42 } = overrides;
    return statementOf(this.#image, { sequence, version: `${sequence}.0`, ...overrides });
  }

  insert(stick: string, ...args: readonly string[]): Promise<CliRun> {
    return this.run(...this.#device.insertion(stick, ...args));
  }

  /** Installs what the stick holds, boots it, and has it confirmed. @returns what the installing run said */
  async update(contents: StickContents, ...args: readonly string[]): Promise<string> {
    const installed = await this.insert(await this.stick(contents), ...args);
    expect(installed.stderr).not.toContain("error:");
    expect(installed.stdout).toMatch(/^.*Reboot/m);
    await this.boot(...args);
    return installed.stdout;
  }

  async boot(...args: readonly string[]): Promise<void> {
    const booted = await this.run("os", "simulate-boot", "--sysroot", "device");
    expect(booted.stderr).not.toContain("error:");
    const confirmed = await this.run("agent", "run", "--sysroot", "device", "--json", ...args);
    expect(JSON.parse(confirmed.stdout)).toMatchObject({ outcome: "confirmed" });
  }

  /** Inserts a stick that must be refused, and must not change what boots. @returns the whole run */
  async refuses(contents: StickContents, code: string, ...args: readonly string[]): Promise<CliRun> {
    const stick = await this.stick(contents);
    const run = await this.#device.staysAsItIs(() => this.insert(stick, ...args));
    const expected: Refusal = { code, exitStatus: 3, hasRemedy: true };
    expect(refusalOf(run), run.stderr).toEqual(expected);
    return run;
  }

  async status(): Promise<{ readonly trustRoot: { readonly version: number } | null; readonly message: string }> {
    return JSON.parse((await this.run("agent", "status", "--sysroot", "device", "--json")).stdout);
  }

  async bootedSequence(): Promise<string> {
    const run = await this.run("os", "status", "--sysroot", "device", "--json");
    return JSON.parse(run.stdout).status.booted.image.version;
  }

  async notes(): Promise<readonly string[]> {
    const run = await this.run("agent", "history", "--sysroot", "device", "--json");
    const records: readonly { kind: string; about?: string; message?: string }[] = JSON.parse(run.stdout).records;
    return records.flatMap(({ kind, about, message }) => (kind === "note" ? [`${about}: ${message}`] : []));
  }

  get directory(): string {
    return this.#device.directory;
  }

  [Symbol.dispose](): void {
    this.#device[Symbol.dispose]();
  }
}

export async function openTrustingDevice(): Promise<TrustingDevice> {
  return new TrustingDevice(await openBadInputDevice(), await honestImage("42"));
}
