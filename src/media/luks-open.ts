/**
 * Opening an encrypted medium: LUKS2 only, read-only, its header checked first, by tokens, a key or a passphrase.
 * cryptsetup(8), systemd-ask-password(1).
 *
 *     /dev/mapper/bootferry-<kernel name>      closed when it is disposed of; the prefix keeps our udev rule away from it
 *
 * A stick can show cryptsetup another header than the one that was checked. So the memory limit is the kernel's too
 * (`prlimit`), and the cipher is asked of the mapping that came of it.
 */
import { HostError } from "../host/error.ts";
import type { Exec, ExecOptions, ExecResult } from "../host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";
import type { MediumDevice } from "./device-lookup.ts";
import { MediaError } from "./error.ts";
import { checkLuksHeader, isRealCipher } from "./luks-header.ts";
import { toolSaid } from "./tool-said.ts";

export type UnlockMeans = "token" | "key-file" | "ask";

export interface LuksKeys {
  /** The means to try, in order. */
  readonly unlock: readonly UnlockMeans[];
  /** The content of the key file; undefined when there is none. */
  readKey(): Promise<Uint8Array | undefined>;
  readonly askTimeoutSeconds: number;
  readonly maxKdfMemoryMib: number;
}

export interface Unlocked extends AsyncDisposable {
  /** The mapped device. */
  readonly path: AbsPath;
}

/** Exit status of cryptsetup(8): no permission (bad passphrase). */
export const WRONG_KEY = 2;

const MAPPER = parseAbsPath("/dev/mapper");
const OPEN_TIMEOUT_MS = 120_000; // key derivation on a slow board
const CLOSE_TIMEOUT_MS = 30_000;
const GRACE_MS = 10_000;
const ASK_TRIES = 3;
const MIB = 1 << 20;
/** What cryptsetup maps besides the memory of the key derivation: 32 MiB were enough for 2.6; the rest is for token plugins. */
const TOOL_MEMORY_MIB = 512;

function mappingName({ kernelName }: Pick<MediumDevice, "kernelName">): string {
  return `bootferry-${kernelName}`;
}

/** @throws MediaError MEDIA_LUKS_UNSUPPORTED, MEDIA_LUKS_KDF_TOO_LARGE, MEDIA_LUKS_LOCKED; HostError */
export async function openLuks(
  exec: Exec,
  device: MediumDevice,
  keys: LuksKeys,
  signal?: AbortSignal,
): Promise<Unlocked> {
  const name = mappingName(device);
  const options: ExecOptions = { timeoutMs: OPEN_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  checkLuksHeader(await readHeader(exec, device, options), device.path, keys.maxKdfMemoryMib);
  await close(exec, name); // of a run that was killed
  try {
    await unlock(exec, device, name, keys, options);
    await checkMapping(exec, name, options);
  } catch (error) {
    await close(exec, name); // an abort may have come after it was opened
    throw error;
  }
  return { path: below(MAPPER, name), [Symbol.asyncDispose]: () => close(exec, name) };
}

async function readHeader(exec: Exec, { path }: MediumDevice, options: ExecOptions): Promise<string> {
  try {
    const { stdout } = await exec(["cryptsetup", "luksDump", "--dump-json-metadata", path], options);
    return stdout.toString("utf8");
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "HOST_TOOL_FAILED") throw error;
    const message = `${path}: cryptsetup (2.4 or newer) cannot read its LUKS2 header: ${toolSaid(error)}`;
    throw new MediaError("MEDIA_LUKS_UNSUPPORTED", message, { cause: error });
  }
}

async function unlock(
  exec: Exec,
  device: MediumDevice,
  name: string,
  keys: LuksKeys,
  options: ExecOptions,
): Promise<void> {
  const limit = `--as=${(keys.maxKdfMemoryMib + TOOL_MEMORY_MIB) * MIB}`;
  const open = (how: readonly string[], stdin?: Uint8Array): Promise<Failure | undefined> => {
    const argv = [
      "prlimit",
      limit,
      "cryptsetup",
      "open",
      "--type",
      "luks2",
      "--readonly",
      ...how,
      device.path,
      name,
    ] as const;
    return failureOf(exec(argv, { ...options, accept: [WRONG_KEY], ...(stdin === undefined ? {} : { stdin }) }));
  };
  const failures: string[] = [];
  for (const means of keys.unlock) {
    const failure = await openBy(means);
    if (failure === undefined) return;
    failures.push(failure);
  }
  throw new MediaError("MEDIA_LUKS_LOCKED", `${device.path} cannot be unlocked: ${failures.join("; ")}`);

  async function openBy(means: UnlockMeans): Promise<string | undefined> {
    switch (means) {
      case "token": {
        const failure = await open(["--token-only"]);
        return failure && `no token fits (${failure.said})`;
      }
      case "key-file": {
        const key = await keys.readKey();
        if (key === undefined) return "there is no key file";
        const failure = await open(["--key-file", "-"], key);
        return failure && describeFailure("the key file", failure);
      }
      case "ask":
        return askAndOpen();
    }
  }

  async function askAndOpen(): Promise<string | undefined> {
    for (let attempt = 1; attempt <= ASK_TRIES; attempt++) {
      const passphrase = await askPassphrase(exec, device, keys.askTimeoutSeconds, attempt > 1, options.signal);
      if (passphrase === undefined) return "nobody gave a passphrase";
      const failure = await open(["--key-file", "-"], passphrase);
      if (failure === undefined) return undefined;
      if (!failure.isWrongKey) return describeFailure("the passphrase", failure); // another one would do no better
    }
    return "the passphrase does not fit";
  }
}

/** Undefined when nobody answers in time, or there is nobody to ask. */
async function askPassphrase(
  exec: Exec,
  { kernelName }: MediumDevice,
  timeoutSeconds: number,
  isAgain: boolean,
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  const question = `${isAgain ? "That did not fit. " : ""}Passphrase of the update medium (${kernelName}):`;
  const argv = [
    "systemd-ask-password",
    `--timeout=${timeoutSeconds}`,
    "--no-tty",
    "--icon=drive-removable-media",
    `--id=bootferry:${kernelName}`,
    question,
  ] as const;
  const timeoutMs = timeoutSeconds * 1000 + GRACE_MS;
  try {
    const { stdout } = await exec(argv, signal === undefined ? { timeoutMs } : { timeoutMs, signal });
    return stdout.at(-1) === 0x0a ? stdout.subarray(0, -1) : stdout;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof HostError) return undefined;
    throw error;
  }
}

/** The mapping as the kernel has it: read-only, and really encrypted. */
async function checkMapping(exec: Exec, name: string, options: ExecOptions): Promise<void> {
  const { stdout } = await exec(["cryptsetup", "status", name], options);
  const facts = new Map(
    [...stdout.toString("utf8").matchAll(/^\s*(\w+):\s+(.*)$/gm)].map(([, key, value]) => [key, value]),
  );
  const cipher = facts.get("cipher") ?? "none";
  if (!isRealCipher(cipher) || facts.get("mode")?.startsWith("readonly") !== true) {
    throw new MediaError(
      "MEDIA_LUKS_UNSUPPORTED",
      `${name} was opened with cipher ${cipher}, mode ${facts.get("mode")}`,
    );
  }
}

/** Closing never fails: the medium may be gone, and a mapping in use goes when its last user does (`--deferred`). */
async function close(exec: Exec, name: string): Promise<void> {
  try {
    await exec(["cryptsetup", "close", "--deferred", name], { timeoutMs: CLOSE_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}

interface Failure {
  /** Otherwise the key was never tried: too little memory, a device that cannot be used. */
  readonly isWrongKey: boolean;
  readonly said: string;
}

/** @param running with {@link WRONG_KEY} accepted */
async function failureOf(running: Promise<ExecResult>): Promise<Failure | undefined> {
  try {
    const { exitCode, stderrTail } = await running;
    if (exitCode === 0) return undefined;
    return { isWrongKey: true, said: stderrTail.replace(/\s+/g, " ").trim() || `exit status ${exitCode}` };
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "HOST_TOOL_FAILED") throw error;
    return { isWrongKey: false, said: toolSaid(error) };
  }
}

function describeFailure(what: string, { isWrongKey, said }: Failure): string {
  return `${what} ${isWrongKey ? "does not fit" : "could not be tried"} (${said})`;
}
