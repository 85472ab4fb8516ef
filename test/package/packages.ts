/** The packages that `test/package/setup.sh` has made, and the commands that look into them. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const CLONE = join(import.meta.dirname, "../..");
const OUT = join(CLONE, "dist/package");

export const { version: VERSION } = JSON.parse(readFileSync(join(CLONE, "package.json"), "utf8")) as {
  readonly version: string;
};

export const DEB = made(/\.deb$/);
export const TARBALL = made(/\.tgz$/);
export const EXECUTABLE = made(/-linux-\w+$/);

function made(pattern: RegExp): string {
  const [name, ...others] = readdirSync(OUT).filter((file) => pattern.test(file));
  if (name !== undefined && others.length === 0) return join(OUT, name);
  throw new Error(`expected one file like ${pattern} in ${OUT}: run test/package/setup.sh`);
}

/** @returns what it printed; throws with what it said when it fails */
export function output(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env, maxBuffer: 64 << 20 });
}
