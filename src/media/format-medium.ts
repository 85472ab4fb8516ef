/**
 * Makes a medium as planned. Everything that can be missing is looked for before the disk is touched; when a step fails,
 * the container is closed again and the disk stays without a label: no device takes it for a medium.
 */
import { statSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { HasTool } from "../host/find-tool.ts";
import type { Sleep } from "../host/sleep.ts";
import type { AbsPath } from "../path.ts";
import { MediaError } from "./error.ts";
import type { FormatPlan, FormatStep } from "./plan-format.ts";

export interface FormatPorts {
  readonly exec: Exec;
  readonly hasTool: HasTool;
  readonly sleep: Sleep;
  readonly exists: (device: AbsPath) => boolean;
  readonly signal: AbortSignal;
  /** Told before each step. */
  readonly note: (text: string) => void;
}

/** Debian's packages; other distributions call them much the same. */
const PACKAGES: Readonly<Record<string, string>> = {
  wipefs: "util-linux",
  sfdisk: "fdisk or util-linux",
  cryptsetup: "cryptsetup-bin or cryptsetup",
  "mkfs.vfat": "dosfstools",
  fatlabel: "dosfstools",
  "mkfs.exfat": "exfatprogs",
  exfatlabel: "exfatprogs",
  "mkfs.ext4": "e2fsprogs",
  e2label: "e2fsprogs",
};

const STEP_TIMEOUT_MS = 10 * 60_000; // mkfs of a large, slow stick writes its tables for minutes
const CLOSE_TIMEOUT_MS = 60_000;
const NODE_LOOKS = 50;
const BETWEEN_LOOKS_MS = 200; // ten seconds in all for a partition to appear

/** @throws MediaError MEDIA_TOOL_MISSING */
export function verifyTools({ tools }: FormatPlan, hasTool: HasTool): void {
  const missing = tools.filter((tool) => !hasTool(tool)).map((tool) => `${tool} (package ${PACKAGES[tool] ?? tool})`);
  if (missing.length > 0) throw new MediaError("MEDIA_TOOL_MISSING", `not installed: ${missing.join(", ")}`);
}

/**
 * Makes the file system, not yet labelled, and leaves an encrypted container open for whoever fills it.
 * @param key of the LUKS container; needed when the plan is encrypted
 * @throws MediaError MEDIA_TOOL_MISSING, MEDIA_NO_PARTITION; HostError HOST_TOOL_FAILED, HOST_TOOL_TIMEOUT
 */
export async function makeFilesystem(plan: FormatPlan, key: Uint8Array | undefined, ports: FormatPorts): Promise<void> {
  verifyTools(plan, ports.hasTool);
  try {
    await runSteps(plan.steps, key, ports);
  } catch (error) {
    if (plan.mapping !== undefined) await closeMapping(ports.exec, plan.mapping);
    throw error;
  }
}

/** Labels what {@link makeFilesystem} made, and closes the container. From now on devices take it for a medium. */
export async function labelMedium(plan: FormatPlan, ports: FormatPorts): Promise<void> {
  await runSteps(plan.labelSteps, undefined, ports);
}

/** Closes a container that this process has opened; one that is not open is left alone. */
export async function closeMapping(exec: Exec, mapping: string): Promise<void> {
  try {
    await exec(["cryptsetup", "close", mapping], { timeoutMs: CLOSE_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError)) throw error; // it was not open yet, and what failed first is what counts
  }
}

async function runSteps(steps: readonly FormatStep[], key: Uint8Array | undefined, ports: FormatPorts): Promise<void> {
  for (const step of steps) {
    ports.signal.throwIfAborted();
    const [tool] = step.argv;
    if (tool === "udevadm" && !ports.hasTool(tool)) continue; // a machine without udev has nothing to wait for
    if (step.waitsFor !== undefined) await waitForNode(step.waitsFor, ports);
    ports.note(`  ${step.does}`);
    const stdin = step.takesKey ? key : step.stdin;
    await ports.exec(step.argv, {
      timeoutMs: STEP_TIMEOUT_MS,
      ...(stdin === undefined ? {} : { stdin }),
      ...(tool === "udevadm" ? { accept: [1] } : {}), // a queue that does not empty in time is no failure of ours
    });
  }
}

async function waitForNode(node: AbsPath, { exists, sleep, signal }: FormatPorts): Promise<void> {
  for (let look = 0; look < NODE_LOOKS; look++) {
    if (exists(node)) return;
    await sleep(BETWEEN_LOOKS_MS, signal);
    signal.throwIfAborted();
  }
  throw new MediaError("MEDIA_NO_PARTITION", `the kernel does not show the new partition ${node}`);
}

/** Whether there is a block device at this path. */
export function isBlockDevice(path: AbsPath): boolean {
  try {
    return statSync(path).isBlockDevice();
  } catch (error) {
    if (errnoOf(error) !== undefined) return false;
    throw error;
  }
}
