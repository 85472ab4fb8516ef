/**
 * Why boots of a system on trial were given up before the agent could tell, one line each:
 *
 *     <state directory>/given-up-boots     <deployment id> <reason>
 *
 * Written by `reboot-if-unassessed` (a hang, emergency mode), which runs where Node may not; read when the boot loader
 * has gone back, by the agent of the system before.
 */
import { readFileSync, rmSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import { type AbsPath, below } from "../path.ts";

const MAX_BYTES = 64 << 10; // the script stops far below

function givenUpFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "given-up-boots");
}

/** `the boot ended in emergency mode (twice)`, or undefined when nothing is known. @throws HostError */
export function describeGivenUp(stateDirectory: AbsPath, deployment: string): string | undefined {
  const counts = new Map<string, number>();
  for (const line of readIfThere(givenUpFile(stateDirectory)).split("\n")) {
    const reason = line.startsWith(`${deployment} `) ? line.slice(deployment.length + 1).trim() : "";
    if (reason !== "") counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  return [...counts].map(([reason, count]) => (count === 1 ? reason : `${reason} (${count} times)`)).join("; ");
}

/** Forgets all of it: the attempt has ended. @throws HostError */
export function forgetGivenUp(stateDirectory: AbsPath): void {
  const file = givenUpFile(stateDirectory);
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw hostError(error, `removing ${file}`);
  }
}

function readIfThere(file: AbsPath): string {
  try {
    // A torn or foreign byte is shown as such: the text is for people, and decides nothing.
    return readFileSync(file)
      .subarray(0, MAX_BYTES)
      .toString("utf8")
      .replaceAll(/[^\P{C}\n]/gu, "\u{fffd}");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw hostError(error, `reading ${file}`);
  }
}
