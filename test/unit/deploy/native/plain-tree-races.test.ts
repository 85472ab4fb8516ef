/** A directory that other programs write to while it is read and copied. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PlainDirectory } from "../../../../src/deploy/native/plain-tree.ts";
import { readPlainTree } from "../../../../src/deploy/native/read-plain-tree.ts";
import { writePlainTree } from "../../../../src/deploy/native/write-plain-tree.ts";
import { type AbsPath, below, parseAbsPath } from "../../../../src/path.ts";
import { openTestDevice } from "../../../support/device-fixtures.ts";

let directory: AbsPath;
beforeEach(() => {
  directory = parseAbsPath(mkdtempSync(`${tmpdir()}/races-`));
  mkdirSync(below(directory, "etc"));
  for (const name of ["a", "b", "c"]) writeFileSync(below(directory, "etc", name), name);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const names = (tree: PlainDirectory) => [...tree.entries].map(([name, { kind }]) => `${name} ${kind}`);
const copy = async (tree: PlainDirectory) => {
  using device = await openTestDevice();
  return writePlainTree(tree, below(directory, "copy"), { store: device.store, isRoot: false, label: "/etc" });
};

describe("a live /etc", () => {
  it("is read with its sockets and FIFOs, which are reported and not copied", async () => {
    execFileSync("mkfifo", [below(directory, "etc", "fifo")]);
    const server = createServer().listen(below(directory, "etc", "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const tree = readPlainTree(below(directory, "etc"));
    expect(names(tree)).toEqual(["a file", "b file", "c file", "fifo special", "socket special"]);
    const notApplied = await copy(tree);
    expect(notApplied.filter(({ what }) => what === "special-file").map(({ path }) => path)).toEqual([
      "/etc/fifo",
      "/etc/socket",
    ]);
    server.close();
  });

  it("may lose a file between reading and copying", async () => {
    const tree = readPlainTree(below(directory, "etc"));
    rmSync(below(directory, "etc", "b"));
    await copy(tree);
    expect(readdirSync(below(directory, "copy"))).toEqual(["a", "c"]);
  });

  it("may have a file become something else between reading and copying", async () => {
    const tree = readPlainTree(below(directory, "etc"));
    rmSync(below(directory, "etc", "b"));
    mkdirSync(below(directory, "etc", "b"));
    rmSync(below(directory, "etc", "c"));
    execFileSync("mkfifo", [below(directory, "etc", "c")]);
    await copy(tree);
    expect(readdirSync(below(directory, "copy"))).toEqual(["a"]);
  });
});
