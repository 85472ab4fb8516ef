import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostError } from "../../../src/host/error.ts";
import { type Exec, execOnHost } from "../../../src/host/exec.ts";
import { toAbsPath } from "../../../src/path.ts";
import type { ArchitectureChoice } from "../../../src/release/architecture.ts";
import { openImageSource } from "../../../src/release/image-source.ts";
import { buildTar, type FixtureEntry, type FixtureImage, writeOciLayout } from "../../support/oci-fixtures.ts";

const IMAGE: FixtureImage = { layers: [{ entries: [{ name: "file", content: "x" }] }] };
const ARM: FixtureImage = { ...IMAGE, architecture: "arm64" };
const refusal = (code: string) => expect.objectContaining({ code });

describe("openImageSource", () => {
  let directory: string;
  let scratch: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "release-"));
    scratch = join(directory, "scratch");
    mkdirSync(scratch);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (label: string, options: { readonly exec?: Exec; readonly choice?: ArchitectureChoice } = {}) =>
    openImageSource(label, {
      openProgress: () => ({ advance: () => undefined, [Symbol.dispose]: () => undefined }),
      exec: options.exec ?? execOnHost,
      workingDirectory: toAbsPath(directory),
      scratchDirectory: toAbsPath(scratch),
      architectures: options.choice ?? { kind: "only" },
      signal: new AbortController().signal,
    });

  /** The files of a layout as entries of an archive. */
  const archiveEntries = async (): Promise<FixtureEntry[]> => {
    const layout = join(directory, "layout");
    await writeOciLayout(layout, [{ tag: "v1", images: [IMAGE] }]);
    const names = readdirSync(layout, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { name: path.slice(layout.length + 1), content: readFileSync(path) };
    });
  };

  it("reads a layout in place", async () => {
    await writeOciLayout(join(directory, "layout"), [{ images: [IMAGE, ARM] }]);
    await using source = await open("oci:layout", { choice: { kind: "named", architectures: ["arm64"] } });
    expect(source.images.map(({ config }) => config.architecture)).toEqual(["arm64"]);
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("refuses two variants of one architecture, which no device could tell apart by it", async () => {
    const variants = ["v6", "v7"].map((variant) => ({ ...IMAGE, architecture: "arm", variant }));
    await writeOciLayout(join(directory, "layout"), [{ images: variants }]);
    await expect(open("oci:layout")).rejects.toThrow(refusal("RELEASE_SOURCE_AMBIGUOUS"));
  });

  it.each([
    { form: "plain", compress: (bytes: Buffer) => bytes },
    { form: "gzip", compress: gzipSync },
    { form: "zstd", compress: zstdCompressSync },
  ])("reads a $form archive and removes its scratch copy afterwards", async ({ compress }) => {
    writeFileSync(join(directory, "os.tar"), compress(await buildTar(await archiveEntries())));
    {
      await using source = await open("oci-archive:os.tar:v1");
      expect(source.images).toHaveLength(1);
      expect(readdirSync(scratch)).toHaveLength(1);
    }
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("writes nothing of an archive outside its scratch directory, whatever the names are", async () => {
    const hostile: FixtureEntry[] = [
      { name: "../escaped", content: "x" },
      { name: `${directory}/absolute`, content: "x" },
      { name: "blobs/sha256/../../../escaped", content: "x" },
      { name: "blobs", type: "symlink", linkname: directory },
    ];
    writeFileSync(join(directory, "os.tar"), await buildTar([...hostile, ...(await archiveEntries())]));
    await using source = await open("oci-archive:os.tar");
    expect(source.images).toHaveLength(1);
    expect(existsSync(join(directory, "absolute"))).toBe(false);
    expect(existsSync(join(directory, "escaped")) || existsSync(join(scratch, "escaped"))).toBe(false);
  });

  it.each([
    {
      what: "is cut off",
      bytes: async () => (await buildTar([{ name: "index.json", content: "x".repeat(5000) }])).subarray(0, 2000),
    },
    { what: "is no archive", bytes: async () => createHash("sha512").update("x").digest() },
    { what: "does not inflate", bytes: async () => Buffer.concat([gzipSync("x").subarray(0, 12), Buffer.alloc(600)]) },
  ])("refuses an archive that $what and leaves no scratch copy", async ({ bytes }) => {
    writeFileSync(join(directory, "os.tar"), await bytes());
    await expect(open("oci-archive:os.tar")).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/RELEASE_ARCHIVE_INVALID|OCI_LAYOUT_MISSING/) }),
    );
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("says that skopeo is wanted when it is not installed", async () => {
    const exec: Exec = async ([tool]) => {
      throw new HostError("HOST_TOOL_MISSING", `${tool} is not installed`);
    };
    await expect(open("docker://reg.example/os:1", { exec })).rejects.toThrow(refusal("RELEASE_SKOPEO_MISSING"));
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("asks skopeo what there is before it fetches, and fetches the named architectures only", async () => {
    const calls: string[] = [];
    const exec: Exec = async (argv) => {
      calls.push(argv.filter((word) => !word.includes(scratch)).join(" "));
      if (argv.includes("inspect")) {
        const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
        const descriptor = {
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          digest: `sha256:${"0".repeat(64)}`,
          size: 1,
        };
        const manifests = ["amd64", "arm64", "riscv64"].map((name) => ({ ...descriptor, ...platform(name) }));
        return { exitCode: 0, stdout: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })), stderrTail: "" };
      }
      const [, into = "", tag = ""] = argv.at(-1)?.split(":") ?? [];
      const architecture = argv[argv.indexOf("--override-arch") + 1] ?? "";
      const earlier = existsSync(join(into, "index.json"))
        ? JSON.parse(readFileSync(join(into, "index.json"), "utf8"))
        : { manifests: [] };
      await writeOciLayout(into, [{ tag, images: [{ ...IMAGE, architecture }] }]);
      const index = JSON.parse(readFileSync(join(into, "index.json"), "utf8"));
      index.manifests.push(...earlier.manifests);
      writeFileSync(join(into, "index.json"), JSON.stringify(index));
      return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
    };
    const choice = { kind: "named", architectures: ["arm64", "amd64"] } as const;
    await using source = await open("docker://reg.example/os:1", { exec, choice });
    expect(source.images.map(({ config }) => config.architecture)).toEqual(["amd64", "arm64"]);
    expect(calls).toEqual([
      "skopeo inspect --raw docker://reg.example/os:1",
      `skopeo inspect --raw docker://reg.example/os@sha256:${"0".repeat(64)}`, // for the progress
      "skopeo --override-os linux --override-arch amd64 copy --quiet docker://reg.example/os:1",
      `skopeo inspect --raw docker://reg.example/os@sha256:${"0".repeat(64)}`,
      "skopeo --override-os linux --override-arch arm64 copy --quiet docker://reg.example/os:1",
    ]);
  });
});
