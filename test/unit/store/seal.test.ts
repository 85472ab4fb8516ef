import { describe, expect, it } from "vitest";
import { HostError } from "../../../src/host/error.ts";
import type { Exec } from "../../../src/host/exec.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { ingestRelease } from "../../../src/store/ingest.ts";
import { unsealedFiles } from "../../../src/store/seal.ts";
import { findUnsealed, sealImages } from "../../../src/store/seal-images.ts";
import { codeOf, inStaging, noise, openTestStore, releaseFixture, scratchDirectory } from "./store-fixture.ts";

const fixture = await releaseFixture([{ a: noise("a", 5000), b: noise("b", 300) }]);
const failed = new HostError("HOST_TOOL_FAILED", "fsverity enable: Operation not supported");

/** A kernel and file system with fs-verity, as fsverity-utils and xargs show them. */
function sealingHost(options: { readonly refuse?: (argv: readonly string[]) => Error | undefined } = {}) {
  const sealed = new Set<string>();
  const runs: string[] = [];
  const exec: Exec = async (argv, { stdin }) => {
    const refusal = options.refuse?.(argv);
    if (refusal !== undefined) throw refusal;
    const done = { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
    if (argv[0] === "sync") return done;
    if (argv[0] === "fsverity") {
      runs.push("probe");
      return done;
    }
    const files = String(stdin).split("\0").slice(0, -1);
    if (argv.includes("measure")) {
      const known = argv.includes("256")
        ? files.slice(
            0,
            files.findIndex((file) => !sealed.has(file)),
          )
        : files;
      const lines = known.filter((file) => sealed.has(file)).map((file) => `sha256:${"0".repeat(64)} ${file}\n`);
      return {
        ...done,
        exitCode: files.every((file) => sealed.has(file)) ? 0 : 123,
        stdout: Buffer.from(lines.join("")),
      };
    }
    for (const file of files) {
      if (sealed.has(file)) throw new HostError("HOST_TOOL_FAILED", `${file}: File exists`);
      sealed.add(file);
    }
    runs.push(`seal ${files.length}`);
    return done;
  };
  return { exec, sealed, runs };
}

describe("sealing", () => {
  it("is done for all objects of a batch by one child, and for the image, before they are published", async () => {
    const host = sealingHost();
    const store = await openTestStore(scratchDirectory(), { exec: host.exec, fsVerity: "required" });
    const stored = await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
    expect(stored.isSealed).toBe(true);
    expect(host.runs).toEqual(["probe", "seal 1", "seal 2"]);
    expect([...host.sealed].every((file) => file.startsWith(store.stagingDirectory))).toBe(true);
  });

  it("is not tried at level off", async () => {
    const host = sealingHost();
    const store = await openTestStore(scratchDirectory(), { exec: host.exec, fsVerity: "off" });
    const stored = await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
    expect([stored.isSealed, host.runs]).toEqual([false, []]);
  });

  const absences: readonly (readonly [string, Error])[] = [
    ["the tool is missing", new HostError("HOST_TOOL_MISSING", "fsverity is not installed")],
    ["the file system cannot", failed],
  ];
  it.each(absences)("is left out at level on when %s", async (_, error) => {
    const host = sealingHost({ refuse: (argv) => (argv[0] === "fsverity" ? error : undefined) });
    const store = await openTestStore(scratchDirectory(), { exec: host.exec, fsVerity: "on" });
    const stored = await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
    expect([stored.isSealed, host.runs]).toEqual([false, []]);
  });

  it.each(absences)("ends the run at level required when %s, before anything is stored", async (_, error) => {
    const host = sealingHost({ refuse: (argv) => (argv[0] === "fsverity" ? error : undefined) });
    const store = await openTestStore(scratchDirectory(), { exec: host.exec, fsVerity: "required" });
    const run = () => ingestRelease(store, fixture.medium, fixture.release, fixture.target);
    expect(await codeOf(run)).toBe("STORE_VERITY_UNAVAILABLE");
    expect([[...store.listObjects()], inStaging(store)]).toEqual([[], []]);
  });

  it("publishes nothing when one of the files cannot be sealed", async () => {
    const host = sealingHost({ refuse: (argv) => (argv[0] === "xargs" ? failed : undefined) });
    const store = await openTestStore(scratchDirectory(), { exec: host.exec, fsVerity: "on" });
    const run = () => ingestRelease(store, fixture.medium, fixture.release, fixture.target);
    expect(await codeOf(run)).toBe("STORE_VERITY_UNAVAILABLE");
    expect([[...store.listObjects()], store.listImages()]).toEqual([[], []]);
  });

  it("is made good for objects that were stored without", async () => {
    const directory = scratchDirectory();
    const plain = await openTestStore(directory);
    await ingestRelease(plain, fixture.medium, fixture.release, fixture.target);
    const host = sealingHost();
    const store = await openTestStore(directory, { exec: host.exec, fsVerity: "required" });
    await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
    const files = [
      ...[...store.listObjects()].map(({ digest }) => store.objectFile(digest)),
      store.imageFile(fixture.imageDigest),
    ];
    expect(files.every((file) => host.sealed.has(file))).toBe(true);
    await ingestRelease(store, fixture.medium, fixture.release, fixture.target); // sealed ones are left alone
  });
});

describe("unsealedFiles", () => {
  it("finds the unsealed among the sealed although the tool stops at the first", async () => {
    const host = sealingHost();
    const files = ["/a", "/b", "/c", "/d"].map((path) => parseAbsPath(path));
    for (const file of ["/a", "/c", "/d"]) host.sealed.add(file);
    expect(await unsealedFiles(host.exec, files)).toEqual(["/b"]);
  });
});

describe("the seals of stored images", () => {
  it("are looked for on objects and images, and made where they are missing", async () => {
    const unsealing = sealingHost({ refuse: (argv) => (argv[0] === "fsverity" ? failed : undefined) });
    const directory = scratchDirectory();
    const before = await openTestStore(directory, { exec: unsealing.exec, fsVerity: "on" });
    const { imageDigest, unsealedReason } = await ingestRelease(
      before,
      fixture.medium,
      fixture.release,
      fixture.target,
    );
    expect(unsealedReason).toContain("Operation not supported");
    const host = sealingHost();
    const store = await openTestStore(directory, { exec: host.exec, fsVerity: "on" });
    const files = await findUnsealed(store, [imageDigest, imageDigest]);
    expect(files).toHaveLength(3);
    expect(files).toContain(store.imageFile(imageDigest));
    expect(await sealImages(store, [imageDigest])).toBe(3);
    expect(await sealImages(store, [imageDigest])).toBe(0);
    expect(host.runs).toEqual(["seal 3"]);
  });
});
