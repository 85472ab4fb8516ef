/** What reading a layout makes of files that cannot be looked at, or not be closed, in order. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestHex, digestOf } from "../../../src/oci/digest.ts";
import { openLayout } from "../../../src/oci/layout.ts";
import { readVerifiedBlob } from "../../../src/oci/verified-blob.ts";
import { type AbsPath, parseAbsPath } from "../../../src/path.ts";
import { type CallKind, watchMedium } from "../../support/medium-calls.ts";

const bytes = Buffer.from("content");
const pinned = { digest: digestOf(bytes), size: bytes.length };
let directory: AbsPath;

beforeAll(() => {
  directory = parseAbsPath(mkdtempSync(join(tmpdir(), "layout-")));
  mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
  writeFileSync(join(directory, "blobs/sha256", digestHex(pinned.digest)), bytes);
  writeFileSync(join(directory, "index.json"), bytes);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Reads with every call of one kind failing; a file is closed then all the same. */
function failing(kind: CallKind, read: () => Promise<Buffer>) {
  const use = () => read().then(String, (error: unknown) => error);
  return watchMedium(directory, use, {
    async answer(call, honest) {
      if (call.kind !== kind) return honest();
      if (kind === "close") await honest();
      throw Object.assign(new Error("EIO: i/o error"), { errno: -5, code: "EIO" });
    },
  });
}

describe.each([
  ["a blob", () => readVerifiedBlob(openLayout(directory), pinned, 100)],
  ["index.json", () => openLayout(directory).readTopFile("index.json", 100)],
] as const)("%s", (_, read) => {
  it("that cannot be closed in order was read all the same", async () => {
    expect(await failing("close", read)).toMatchObject({ result: "content", leftOpen: [] });
  });

  it.each(["open", "fstat", "read"] as const)("of which %s fails is refused, and not left open", async (kind) => {
    expect(await failing(kind, read)).toMatchObject({ result: { code: "OCI_BLOB_UNREADABLE" }, leftOpen: [] });
  });
});
