import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  changeRecord,
  keepImages,
  NO_RECORD,
  readRecord,
  recordFile,
  withImage,
} from "../../../../src/deploy/bootc/record.ts";
import { digestOf } from "../../../../src/oci/digest.ts";
import { type AbsPath, parseAbsPath } from "../../../../src/path.ts";

const D = digestOf("an image");
const RELEASE = { name: "edge-os", version: "2", sequence: 2 };

describe("our record of a bootc host", () => {
  let directory: AbsPath;
  beforeEach(() => {
    directory = parseAbsPath(mkdtempSync(`${tmpdir()}/record-`));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("is empty where nothing was written, and gives back what was", () => {
    expect(readRecord(directory)).toEqual(NO_RECORD);
    const written = changeRecord(directory, (record) => ({
      ...withImage(record, D, { payloadDigest: digestOf("payload"), release: RELEASE, standing: "new" }),
      sourceBefore: { image: "quay.io/x:1", transport: "registry" },
    }));
    expect(readRecord(directory)).toEqual(written);
    expect(written.images[D]).toMatchObject({ release: RELEASE, standing: "new", trials: [], countedBy: "us" });
  });

  it("writes nothing when nothing changes", () => {
    changeRecord(directory, (record) => withImage(record, D, {}));
    const { ino } = statSync(recordFile(directory));
    changeRecord(directory, (record) => withImage(record, D, {}));
    expect(statSync(recordFile(directory)).ino).toBe(ino);
  });

  it.each(["", "{", '{"version":2}', '{"version":1,"images":{"sha256:x":{}}}', "null", '{"version":1,"version":1}'])(
    "counts for none when it is torn or of another kind: %j",
    (text) => {
      writeFileSync(recordFile(directory), text);
      expect(readRecord(directory)).toEqual(NO_RECORD);
    },
  );

  it("passes over what a newer version has added, and has defaults for what an older one did not write", () => {
    const image = { payloadDigest: null, release: null, standing: "good", unheardOf: 1 };
    writeFileSync(recordFile(directory), JSON.stringify({ version: 1, images: { [D]: image }, unheardOf: {} }));
    expect(readRecord(directory)).toMatchObject({
      images: { [D]: { standing: "good", trials: [], countedBy: "us" } },
      sourceBefore: null,
      reorderedInBoot: null,
      undoing: null,
    });
  });

  it("is an error where it may not be read", () => {
    rmSync(directory, { recursive: true });
    writeFileSync(directory, "a file where the directory should be");
    expect(() => readRecord(directory)).toThrow(expect.objectContaining({ code: "HOST_NOT_FOUND" }));
    expect(readFileSync(directory, "utf8")).toMatch(/^a file/);
    rmSync(directory);
    directory = parseAbsPath(mkdtempSync(`${tmpdir()}/record-`));
  });

  it("forgets images that are nowhere any more", () => {
    const other = digestOf("another");
    const record = withImage(withImage(NO_RECORD, D, {}), other, {});
    expect(Object.keys(keepImages(record, (digest) => digest === D).images)).toEqual([D]);
  });
});
