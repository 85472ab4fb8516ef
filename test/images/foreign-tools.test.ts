/**
 * A medium is an OCI layout to every OCI tool, and a release can be checked by hand: the commands are taken from the code
 * blocks of bundle-format/README.md, so that what is documented is what is run.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { layoutOf, openWorkshop, type Workshop } from "./carried.ts";

const README = fileURLToPath(new URL("../../bundle-format/README.md", import.meta.url));
const IMAGE_TAG = "images-1-images-amd64";
const RELEASE_TAG = "images-1.release";

let workshop: Workshop;

beforeAll(async () => {
  workshop = await openWorkshop();
  await workshop.createRelease("layers", 1);
});

afterAll(() => workshop[Symbol.dispose]());

describe("other tools read the layout of a medium", () => {
  it("skopeo inspects the image and finds the layers that went in", () => {
    expect(inspect(`${workshop.medium}/bootferry`, IMAGE_TAG)).toEqual(inspect(layoutOf("layers"), "latest"));
  });

  it("umoci lists the image and the release", () => {
    const tags = execFileSync("umoci", ["ls", "--layout", `${workshop.medium}/bootferry`], { encoding: "utf8" });
    expect(tags.split("\n")).toEqual(expect.arrayContaining([IMAGE_TAG, RELEASE_TAG]));
  });

  it("skopeo copies the image out, the same to its manifest", () => {
    const copy = join(workshop.directory, "copy");
    const from = `oci:${workshop.medium}/bootferry:${IMAGE_TAG}`;
    execFileSync("skopeo", ["--insecure-policy", "copy", "--quiet", from, `oci:${copy}:latest`]);
    expect(inspect(copy, "latest")).toEqual(inspect(layoutOf("layers"), "latest"));
  });
});

describe("the documented commands", () => {
  it("accept the release and check every blob that it pins", () => {
    const { status, output } = runDocumented(workshop.medium, "release.pub");
    expect(output).toContain("Signature Verified Successfully");
    expect(output.match(/: OK$/gm)?.length).toBe(2 + 1 + 1 + 6 + 1); // two documents; manifest, config, layers, tree image
    expect(status).toBe(0);
  });

  it("refuse another key", () => {
    expect(runDocumented(workshop.medium, "root.pub").status).not.toBe(0);
  });

  it.each([
    ["the envelope", (text: string) => text.includes("payloadType")],
    ["the configuration of the image", (text: string) => text.includes("diff_ids")],
  ])("refuse a medium with one byte changed in %s", (_what, isMeant) => {
    const medium = tampered(isMeant, (bytes) => {
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      return bytes;
    });
    expect(runDocumented(medium, "release.pub").status).not.toBe(0);
  });
});

/** What skopeo says of an image, without the name that it was asked for. */
function inspect(layout: string, tag: string): unknown {
  const output = execFileSync("skopeo", ["inspect", `oci:${layout}:${tag}`], { encoding: "utf8" });
  return z
    .object({ Digest: z.string(), Layers: z.array(z.string()).length(6), Architecture: z.string() })
    .parse(JSON.parse(output));
}

/** Runs the blocks of the README that are marked as `sh`, in their order, in one shell as a person would. */
function runDocumented(medium: string, key: string): { status: number | null; output: string } {
  const blocks = [...readFileSync(README, "utf8").matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => commands);
  expect(blocks.length).toBeGreaterThan(0);
  const directory = join(workshop.directory, "by-hand");
  mkdirSync(directory, { recursive: true });
  const { status, stdout, stderr } = spawnSync("bash", [], {
    input: blocks.join("\n"),
    cwd: directory,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], STICK: medium, TAG: RELEASE_TAG, KEY: join(workshop.directory, key) },
  });
  return { status, output: stdout + stderr };
}

/** A copy of the medium in which the one blob that `isMeant` finds is changed. */
function tampered(isMeant: (text: string) => boolean, change: (bytes: Buffer) => Buffer): string {
  const medium = join(workshop.directory, "tampered");
  cpSync(workshop.medium, medium, { recursive: true });
  const blobs = join(medium, "bootferry", "blobs", "sha256");
  const found = execFileSync("ls", [blobs], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((name) => join(blobs, name))
    .filter((path) => isMeant(readFileSync(path, "latin1")));
  expect(found.length).toBe(1);
  for (const path of found) writeFileSync(path, change(readFileSync(path)));
  return medium;
}
