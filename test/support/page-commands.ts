/** Runs what a page of the documentation tells people to run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The blocks of a page that are marked so (```` ```sh ````), in their order, as one script. */
export function commandsOf(page: string, mark: string): string {
  const blocks = readFileSync(page, "utf8").matchAll(new RegExp(`^\`\`\`${mark}\\n(.*?)^\`\`\`$`, "gms"));
  return [...blocks].map(([, block]) => block).join("\n");
}

/**
 * Runs `script` in `directory` by bash, with `bootferry` from the sources, `SIGNERS` for docs/signers and a passphrase for
 * all keys; the first command that fails ends it. @returns what it printed
 */
export function runCommands(script: string, directory: string, env: Readonly<Record<string, string>> = {}): string {
  const bin = mkdtempSync(join(tmpdir(), "bin-"));
  try {
    const command = `#!/bin/sh\nexec "${process.execPath}" "${repository("src/cli/main.ts")}" "$@"\n`;
    writeFileSync(join(bin, "bootferry"), command, { mode: 0o755 });
    return execFileSync("bash", ["-euo", "pipefail", "-c", script], {
      cwd: directory,
      encoding: "utf8",
      env: {
        PATH: `${bin}:${process.env["PATH"]}`,
        HOME: directory,
        TMPDIR: tmpdir(),
        NODE_COMPILE_CACHE: repository("node_modules/.cache/bootferry-tests"),
        BOOTFERRY_PASSPHRASE: "correct horse",
        SIGNERS: repository("docs/signers"),
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
  } finally {
    rmSync(bin, { recursive: true });
  }
}
