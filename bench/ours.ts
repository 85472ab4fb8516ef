/** bootferry as a contestant: what `npm run build` emits and a package installs, under the same Node as the bench itself. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Contestant, run } from "./measure.ts";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

export function bootferry(...args: readonly string[]): [string, ...string[]] {
  return [MAIN, ...args]; // by its first line, which sets how Node uses memory; npm puts the right Node on the PATH
}

/** Keys, a root document and the configuration of the device, made once for all runs. */
export interface Signing {
  readonly root: string;
  readonly releaseKey: string;
  readonly agentConfig: string;
}

export async function makeSigning(directory: string): Promise<Signing> {
  const rootKey = join(directory, "root.key");
  const releaseKey = join(directory, "release.key");
  const root = join(directory, "root.json");
  for (const name of ["root", "release"]) {
    await run(bootferry("key", "generate", join(directory, name), "--no-passphrase"));
  }
  const publicKey = join(directory, "release.pub");
  await run(bootferry("root", "create", "--root-key", rootKey, "--release-key", publicKey, "--out", root));
  const agentConfig = join(directory, "agent.toml");
  writeFileSync(agentConfig, '[device]\ncompatible = "bench"\n\n[follow]\nname = "bench"\n');
  return { root, releaseKey, agentConfig };
}

/** The arguments of `release create` for one of the set-up's images. */
export function createArguments(layout: string, to: string, sequence: number, signing: Signing): string[] {
  const identity = ["--name", "bench", "--release-version", `${sequence}.0.0`, "--sequence", `${sequence}`];
  const target = ["--compatible", "bench", "--key", signing.releaseKey, "--root", signing.root];
  return ["release", "create", `oci:${layout}:latest`, "--to", to, ...identity, ...target, "--no-verify-written"];
}

/** `release create` onto an empty stick. */
export function releaseCreate(layout: string, scratch: string, signing: Signing, ...flags: string[]): Contestant {
  const out = join(scratch, "created");
  return {
    name: ["release create", ...flags, "--no-verify-written"].join(" "),
    prepare() {
      rmSync(out, { recursive: true, force: true });
      mkdirSync(out);
      return { argv: bootferry(...createArguments(layout, out, 1, signing), ...flags), syncDirectory: scratch };
    },
    cleanUp: () => rmSync(out, { recursive: true }),
  };
}

/** `release verify`: the signature, and every blob that the statement pins. */
export function releaseVerify(stick: string, signing: Signing): Contestant {
  return {
    name: "release verify",
    prepare: () => ({ argv: bootferry("release", "verify", stick, "--root", signing.root) }),
  };
}

/** Verify, store and deploy into an empty sysroot: every object is new. */
export function installRelease(stick: string, scratch: string, signing: Signing): Contestant {
  const sysroot = join(scratch, "installed");
  return {
    name: "store + stage",
    prepare() {
      rmSync(sysroot, { recursive: true, force: true });
      mkdirSync(sysroot);
      return { argv: bootferry(...installArguments(sysroot, stick, signing)), syncDirectory: scratch };
    },
    cleanUp: () => rmSync(sysroot, { recursive: true }),
  };
}

export function installArguments(sysroot: string, stick: string, signing: Signing): string[] {
  const trust = ["--trust-root", signing.root, "--agent-config", signing.agentConfig];
  return ["os", "install", "to-filesystem", sysroot, "--medium", stick, ...trust];
}
