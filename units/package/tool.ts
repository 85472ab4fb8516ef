/** Runs the tools that make packages; what is missing is named with the Debian package that has it. */
import { spawnSync } from "node:child_process";
import { InstallError } from "../install/error.ts";

const PACKAGES: Readonly<Record<string, string>> = {
  strip: "binutils",
  "dpkg-deb": "dpkg",
  "dpkg-shlibdeps": "dpkg-dev",
};

/**
 * @returns what it printed
 * @throws InstallError when it is missing or fails
 */
export function runTool(argv: readonly [string, ...string[]], options: { readonly cwd?: string } = {}): string {
  const [file, ...args] = argv;
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    ...options,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    env: { ...process.env, LC_ALL: "C" },
  });
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    const remedy = `Install it${PACKAGES[file] === undefined ? "" : ` (Debian: apt install ${PACKAGES[file]})`}, then run this again.`;
    throw new InstallError(`${file} is not installed`, remedy, { cause: error });
  }
  if (status === 0) return stdout;
  const said = error?.message ?? stderr.trim().split("\n").slice(-5).join("\n");
  throw new InstallError(
    `${argv.join(" ")} failed: ${said}`,
    "See what it says; the sources must be whole and `npm ci` done.",
  );
}
