/** Calling the double in tests: its verbs with whatever status they end, and its status as our own parser reads it. */
import { type Host, parseHost } from "../../../src/deploy/host-status.ts";
import type { AbsPath } from "../../../src/path.ts";
import { below } from "../../../src/path.ts";
import { type FixtureImage, writeOciLayout } from "../oci-fixtures.ts";
import type { DoubleMachine } from "./machine.ts";

export interface VerbResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 60_000;
const FAILURES = [1, 2, 101];

export async function runVerb({ exec }: DoubleMachine, ...args: readonly string[]): Promise<VerbResult> {
  const { exitCode, stdout, stderrTail } = await exec(["bootc", ...args], { timeoutMs: TIMEOUT_MS, accept: FAILURES });
  return { exitCode, stdout: stdout.toString(), stderr: stderrTail };
}

export async function hostOf(machine: DoubleMachine): Promise<Host> {
  const { stdout } = await runVerb(machine, "status", "--format=json", "--format-version=1");
  return parseHost(JSON.parse(stdout));
}

/** Versions of what is staged, booted and behind it. */
export async function versionsOf(machine: DoubleMachine): Promise<readonly (string | null)[]> {
  const { staged, booted, rollback } = (await hostOf(machine)).status;
  return [staged, booted, rollback].map((entry) => entry?.image?.version ?? null);
}

/** The place of the one layout of these tests, and the target that names it. */
export function layoutPath({ root }: DoubleMachine): AbsPath {
  return below(root, "var", "os");
}

export function layoutTarget(machine: DoubleMachine): string {
  return `${layoutPath(machine)}:current`;
}

/** Writes an image into the layout, in place of the one before. @returns the digest of its manifest */
export async function writeLayout(machine: DoubleMachine, image: FixtureImage): Promise<string> {
  const [descriptor] = await writeOciLayout(layoutPath(machine), [{ tag: "current", images: [image] }]);
  return descriptor?.digest ?? "";
}

export async function switchToLayout(machine: DoubleMachine, ...options: readonly string[]): Promise<VerbResult> {
  return await runVerb(machine, "switch", "--transport", "oci", ...options, layoutTarget(machine));
}
