/** Runs a program of this machine that makes or reads images of disks. */
import { execFileSync } from "node:child_process";

/** @returns its stdout @throws with what it said on stderr */
export function tool(program: string, ...args: readonly string[]): string {
  return toolBytes(program, ...args).toString("utf8");
}

/** The same for what is no text. */
export function toolBytes(program: string, ...args: readonly string[]): Buffer {
  return execFileSync(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 26,
    // mtools checks the geometry of disks, which means nothing here.
    env: { ...process.env, LC_ALL: "C", MTOOLS_SKIP_CHECK: "1" },
  });
}

/** Copies an image of a disk and leaves its holes holes. */
export function copyImage(from: string, to: string): void {
  tool("cp", "--sparse=always", from, to);
}
