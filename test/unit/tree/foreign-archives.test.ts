/** Archives as GNU tar and Python's tarfile write them. */
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatTreePath } from "../../../src/tree/tree-path.ts";
import { parseArchive } from "./parse-archive.ts";

const DEEP = `${"directory-".repeat(9)}/${"name-".repeat(30)}`;
const NOT_UTF8 = Buffer.from("not-utf8-\xff\xe9", "latin1");
const OWNER = ["--owner=1234", "--group=5678", "--numeric-owner"];

let directory = "";
let tree = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bootferry-tar-"));
  tree = join(directory, "tree");
  mkdirSync(join(tree, "sub"), { recursive: true });
  writeFileSync(join(tree, "sub/file"), "x".repeat(1000));
  linkSync(join(tree, "sub/file"), join(tree, "sub/link"));
  symlinkSync("../sub/file", join(tree, "sub/symlink"));
  execFileSync("mkfifo", ["-m", "600", join(tree, "fifo")]);
  for (const name of ["sub/file", "sub", "fifo"]) utimesSync(join(tree, name), 1_700_000_000.75, 1_700_000_000.75);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const pack = (format: string, ...more: readonly string[]) =>
  execFileSync("tar", ["-C", tree, "--sort=name", `--format=${format}`, ...OWNER, ...more, "-cf", "-", "."]);

describe.each(["v7", "oldgnu", "gnu", "ustar", "posix"])("an archive of GNU tar in the format %s", (format) => {
  it("holds the tree that was packed", () => {
    // V7 has no FIFOs.
    const entries = parseArchive(pack(format, ...(format === "v7" ? ["--exclude=./fifo"] : [])), 10_000);
    const shown = entries.map((entry) => [formatTreePath(entry.path), entry.kind]);
    const kinds = [
      [".", "directory"],
      ["fifo", "fifo"],
      ["sub", "directory"],
      ["sub/file", "file"],
      ["sub/link", "hardlink"],
      ["sub/symlink", "symlink"],
    ].filter(([, kind]) => format !== "v7" || kind !== "fifo");
    expect(shown).toEqual(kinds);
    expect(entries.find(({ kind }) => kind === "file")).toMatchObject({
      content: "x".repeat(1000),
      metadata: { uid: 1234, gid: 5678, mtimeSeconds: 1_700_000_000 },
    });
    expect(entries.find(({ kind }) => kind === "hardlink")).toMatchObject({ hardlinkTarget: ["sub", "file"] });
    expect(entries.find(({ kind }) => kind === "symlink")).toMatchObject({ linkTarget: "../sub/file" });
  });
});

describe.each(["gnu", "posix"])("an archive of GNU tar in the format %s", (format) => {
  it("holds long names, names that are no text, large owners and times before 1970", () => {
    const odd = join(directory, format);
    mkdirSync(join(odd, DEEP, ".."), { recursive: true });
    writeFileSync(join(odd, DEEP), "deep");
    writeFileSync(Buffer.concat([Buffer.from(`${odd}/`), NOT_UTF8]), "bytes");
    symlinkSync("t".repeat(300), join(odd, "long-link"));
    execFileSync("touch", ["-d", "@-86400", join(odd, DEEP)]); // Node takes a negative time for the present one
    const bytes = execFileSync("tar", [
      ...["-C", odd, "--sort=name", `--format=${format}`, "--owner=4000000000", "--group=3000000"],
      ...["--numeric-owner", "-cf", "-", "."],
    ]);
    const entries = new Map(parseArchive(bytes).map((entry) => [formatTreePath(entry.path) as string, entry]));
    expect(entries.get(DEEP)).toMatchObject({
      content: "deep",
      metadata: { uid: 4_000_000_000, gid: 3_000_000, mtimeSeconds: -86_400 },
    });
    expect(entries.get(NOT_UTF8.toString("latin1"))).toMatchObject({ content: "bytes" });
    expect(entries.get("long-link")).toMatchObject({ linkTarget: "t".repeat(300) });
  });
});

it("refuses the sparse files of GNU tar", () => {
  const sparse = join(directory, "sparse");
  mkdirSync(sparse);
  execFileSync("truncate", ["-s", "4M", join(sparse, "hole")]);
  for (const format of ["gnu", "posix"]) {
    const bytes = execFileSync("tar", ["-C", sparse, "--sparse", `--format=${format}`, "-cf", "-", "hole"]);
    expect(() => parseArchive(bytes)).toThrow(expect.objectContaining({ code: "TREE_SPARSE_UNSUPPORTED" }));
  }
});

it("reads extended attributes of Python's tarfile", () => {
  const script = `
import io, sys, tarfile
archive = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT)
info = tarfile.TarInfo("bin/ping")
info.size = 3
info.pax_headers = {"SCHILY.xattr.security.capability": "\\x01\\x00\\x00\\x02", "SCHILY.xattr.user.a": "b=c"}
archive.addfile(info, io.BytesIO(b"abc"))
archive.close()`;
  const [entry] = parseArchive(execFileSync("python3", ["-c", script]));
  expect(entry?.metadata.xattrs).toEqual(
    new Map([
      ["security.capability", Uint8Array.of(1, 0, 0, 2)],
      ["user.a", Uint8Array.from(Buffer.from("b=c"))],
    ]),
  );
});
