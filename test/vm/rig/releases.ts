/** What the workstation does before a stick travels: keys, a root, signed releases, all by the real command. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CliRun, runCli } from "../../support/cli.ts";
import { CLONE, cached, hashOfFiles } from "./cache.ts";
import { baseImage, type ImageVariant, image, type MadeImage } from "./images.ts";

const RELEASE_NAME = "rig-os";
const COMPATIBLE = "rig";
/** The sequence that installed devices have: one below it is older, one above is an update. */
export const INSTALLED = 10;
export const UPDATE = 11;

export interface ReleaseOptions {
  readonly sequence: number;
  /** Without one it is the base image. */
  readonly variant?: ImageVariant;
  /** Which key signs; `stranger` is one that no device trusts. */
  readonly key?: "release" | "stranger";
}

const AGENT_CONFIG = `[device]
compatible = "${COMPATIBLE}"

[follow]
name = "${RELEASE_NAME}"

[reboot]
delay-seconds = 1
`;

/** A directory with root.json, agent.toml and the keys of this clone. */
export function provisioning(): Promise<string> {
  return cached("keys", AGENT_CONFIG, async (directory) => {
    for (const key of ["root", "release", "stranger"])
      await bootferry(directory, "key", "generate", key, "--no-passphrase");
    await bootferry(
      directory,
      "root",
      "create",
      "--root-key",
      "root.key",
      "--release-key",
      "release.pub",
      "--out",
      "root.json",
    );
    writeFileSync(join(directory, "agent.toml"), AGENT_CONFIG);
  });
}

/** A directory with what belongs on a stick: one release. */
export async function release(options: ReleaseOptions): Promise<string> {
  const { sequence, variant, key = "release" } = options;
  const made: MadeImage = variant === undefined ? await baseImage() : await image(variant);
  const keys = await provisioning();
  const name = `release-${sequence}-${variant?.name ?? "base"}-${key}`;
  return cached(name, [made.key, keys, hashOfFiles(join(CLONE, "src"))], async (directory) => {
    await signRelease(directory, made.layout, { sequence, key });
  });
}

/** Puts a release of an OCI layout into `directory`, as it goes onto a stick. */
export async function signRelease(directory: string, layout: string, options: Omit<ReleaseOptions, "variant">) {
  const { sequence, key = "release" } = options;
  await bootferry(
    directory,
    ...["release", "create", `oci:${layout}:latest`, "--to", directory, "--name", RELEASE_NAME],
    ...["--sequence", `${sequence}`, "--release-version", `${sequence}.0`, "--compatible", COMPATIBLE],
    ...["--key", join(await provisioning(), `${key}.key`)],
  );
}

/** The digest of the composefs image that a release signs, as it stands on the kernel command line. */
export async function signedTree(options: ReleaseOptions): Promise<string> {
  const { stdout } = await bootferry(await release(options), "release", "inspect", ".", "--json");
  return JSON.parse(stdout).statement.targets[0].tree.composefs;
}

/** Runs the command of this clone in `cwd`. @throws with what it said when it fails */
export async function bootferry(cwd: string, ...args: readonly string[]): Promise<CliRun> {
  const run = await runCli(args, { cwd });
  if (run.exitStatus !== 0) throw new Error(`bootferry ${args.join(" ")} ended with ${run.exitStatus}:\n${run.stderr}`);
  return run;
}
