/** Carries the set-up's images over a medium into a simulated device, by the commands that a person would type. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zstdDecompressSync } from "node:zlib";
import { z } from "zod";
import { runCli, runCliJson } from "../support/cli.ts";

const IMAGES = fileURLToPath(new URL("../../.cache/images/", import.meta.url));

export type ImageName = "debian-v1" | "debian-v1-zstd" | "debian-v2" | "layers";

/** The OCI layout of one of the set-up's images. Fails, and never skips, where the set-up has not run. */
export function layoutOf(image: ImageName): string {
  const layout = join(IMAGES, image);
  if (!existsSync(join(layout, "index.json")))
    throw new Error(`${layout} is missing: run test/images/setup.sh as root`);
  return layout;
}

/** One place with keys, a medium and a device in it. Disposing removes everything. */
export interface Workshop extends Disposable {
  readonly directory: string;
  readonly medium: string;
  readonly sysroot: string;
  /** Runs bootferry in the directory and gives what it printed; fails when it fails. */
  bootferry(...args: readonly string[]): Promise<string>;
  /** Writes a release of `image` to the medium. */
  createRelease(image: ImageName, sequence: number): Promise<CreatedTree>;
}

/** What the statement says of the composefs image. */
export interface CreatedTree {
  /** Its fs-verity digest, 64 hexadecimal digits. */
  readonly imageDigest: string;
  /** The blob on the medium that holds it, compressed. */
  readonly blobDigest: string;
}

const Tree = z.object({ composefs: z.string(), image: z.object({ digest: z.string() }) });
const Created = z.object({ statement: z.object({ targets: z.tuple([z.object({ tree: Tree })]) }) });

export async function openWorkshop(): Promise<Workshop> {
  const directory = mkdtempSync(join(tmpdir(), "bootferry-images-"));
  const workshop: Workshop = {
    directory,
    medium: join(directory, "medium"),
    sysroot: join(directory, "device"),
    async bootferry(...args) {
      const run = await runCli(args, { cwd: directory });
      if (run.exitStatus !== 0)
        throw new Error(`bootferry ${args.join(" ")} ended with ${run.exitStatus}: ${run.stderr}`);
      return run.stdout;
    },
    async createRelease(image, sequence) {
      const what = ["--name", "images", "--release-version", `${sequence}`, "--sequence", `${sequence}`];
      const how = ["--compatible", "images", "--key", "release.key", "--root", "root.json"];
      const args = ["release", "create", `oci:${layoutOf(image)}:latest`, "--to", "medium", ...what, ...how];
      const { tree } = Created.parse(await runCliJson(args, { cwd: directory })).statement.targets[0];
      return { imageDigest: tree.composefs.replace(/^.*:/, ""), blobDigest: tree.image.digest };
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
  mkdirSync(workshop.medium);
  writeFileSync(join(directory, "agent.toml"), '[device]\ncompatible = "images"\n\n[follow]\nname = "images"\n');
  for (const name of ["root", "release"]) await workshop.bootferry("key", "generate", name, "--no-passphrase");
  await workshop.bootferry(
    ...["root", "create", "--root-key", "root.key", "--release-key", "release.pub", "--out", "root.json"],
  );
  return workshop;
}

/** The composefs image as it stands on the medium, for the device to store. */
export function imageOnMedium({ medium }: Workshop, { blobDigest }: CreatedTree): Buffer {
  return zstdDecompressSync(readFileSync(join(medium, "bootferry", "blobs", blobDigest.replace(":", "/"))));
}

/** What a device has of one deployment. */
export interface Carried {
  readonly image: Buffer;
  readonly imageFile: string;
  readonly objects: string;
}

export function carried({ sysroot }: Workshop, { imageDigest }: CreatedTree): Carried {
  const imageFile = join(sysroot, "bootferry", "images", `${imageDigest}.cfs`);
  return { image: readFileSync(imageFile), imageFile, objects: join(sysroot, "bootferry", "objects") };
}

/** Provisions the device from the one release that is on the medium, boots it and lets it confirm. */
export async function install({ bootferry, sysroot }: Workshop): Promise<void> {
  await bootferry(
    ...["os", "install", "to-filesystem", sysroot, "--medium", "medium", "--trust-root", "root.json"],
    ...["--agent-config", "agent.toml"],
  );
  await boot(bootferry, sysroot);
}

/** The device takes the newest release of the medium, boots it and confirms it. */
export async function update({ bootferry, sysroot }: Workshop): Promise<void> {
  await bootferry("agent", "run", "--sysroot", sysroot, "--medium", "medium");
  await boot(bootferry, sysroot);
}

async function boot(bootferry: Workshop["bootferry"], sysroot: string): Promise<void> {
  await bootferry("os", "simulate-boot", "--sysroot", sysroot);
  await bootferry("agent", "run", "--sysroot", sysroot);
}
