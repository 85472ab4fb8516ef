import { describe, expect, it } from "vitest";
import { HostError, hostError } from "../../../src/host/error.ts";

const failed = (code: string) => Object.assign(new Error(code), { code, errno: -1 });

describe("a failed system call", () => {
  it.each([
    ["ENOSPC", "HOST_NO_SPACE", 5],
    ["EDQUOT", "HOST_NO_SPACE", 5],
    ["EROFS", "HOST_READ_ONLY", 1],
    ["EACCES", "HOST_PERMISSION", 1],
    ["EPERM", "HOST_PERMISSION", 1],
    ["ENOENT", "HOST_NOT_FOUND", 1],
    ["EIO", "HOST_IO", 1],
    ["EMFILE", "HOST_IO", 1],
  ])("is told by its %s", (errno, code, exitStatus) => {
    const error = hostError(failed(errno), "writing x");
    expect(error).toMatchObject({
      code,
      exitStatus,
      message: expect.stringMatching(`^writing x: .*${errno}\\)?$`),
      cause: { code: errno },
    });
    expect(error).toHaveProperty("remedy", expect.stringMatching(/\.$/));
  });

  it("passes what is no system call, and what has a code of ours, as it is", () => {
    const coded = new HostError("HOST_BUSY", "x");
    expect(hostError(coded, "y")).toBe(coded);
    const other = new TypeError("z");
    expect(hostError(other, "y")).toBe(other);
    expect(hostError("text", "y")).toMatchObject({ message: "y", cause: "text" });
  });
});
