import { describe, expect, it } from "vitest";
import { HostError } from "../../../src/host/error.ts";
import { toolSaid } from "../../../src/media/tool-said.ts";

describe("what a tool said", () => {
  it.each([
    [
      "mount -t vfat /dev/sdb1: exit status 32: mount: /m: can't read superblock.\n       dmesg(1) may tell more.",
      "mount: /m: can't read superblock. dmesg(1) may tell more.",
    ],
    ["cryptsetup open --token-only /dev/sdb1 x: exit status 1", "exit status 1"],
    [
      "cryptsetup open: exit status 2: No key available with this passphrase.",
      "No key available with this passphrase.",
    ],
    ["blkid was ended by SIGKILL", "blkid was ended by SIGKILL"],
  ])("of %j is %j", (message, expected) => {
    expect(toolSaid(new HostError("HOST_TOOL_FAILED", message))).toBe(expected);
  });
});
