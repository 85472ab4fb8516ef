import { describe, expect, it } from "vitest";
import { mediumWriteError } from "../../../src/bundle/write-error.ts";
import { HostError } from "../../../src/host/error.ts";
import { OciError } from "../../../src/oci/error.ts";

function failed(code: string): Error {
  return Object.assign(new Error(code), { code, errno: -1, syscall: "write" });
}

describe("a failed write to a medium", () => {
  it.each([
    ["ENOSPC", "BUNDLE_NO_SPACE", 5],
    ["EDQUOT", "BUNDLE_NO_SPACE", 5],
    ["EFBIG", "BUNDLE_BLOB_TOO_LARGE_FOR_FAT", 6],
    ["EROFS", "BUNDLE_MEDIUM_READ_ONLY", 6],
    ["EIO", "BUNDLE_MEDIUM_FAILED", 6],
    ["ENODEV", "BUNDLE_MEDIUM_FAILED", 6],
    ["EACCES", "HOST_PERMISSION", 1],
  ])("is told by its %s", (errno, code, exitStatus) => {
    const direct = mediumWriteError(failed(errno), "writing");
    expect(direct).toMatchObject({ code, exitStatus, message: expect.stringMatching(`^writing: .*${errno}\\)?$`) });
    const wrapped = new HostError("HOST_IO", "writing", { cause: failed(errno) });
    if (code.startsWith("BUNDLE_")) expect(mediumWriteError(wrapped, "writing")).toMatchObject({ code });
  });

  it("is left alone when it has a code already", () => {
    const error = new OciError("OCI_BLOB_DIGEST_MISMATCH", "no");
    expect(mediumWriteError(error, "writing")).toBe(error);
  });

  it("is left alone when it is no system call", () => {
    const error = new Error("the source failed");
    expect(mediumWriteError(error, "writing")).toBe(error);
  });
});
