import { describe, expect, it } from "vitest";
import {
  BOOT_OVERHEAD_BYTES,
  evaluatePreflight,
  type PreflightNeeds,
  type PreflightSpace,
  RESERVE_BYTES,
  requireFits,
} from "../../../src/deploy/preflight.ts";

const needs: PreflightNeeds = { storeBytes: 1000, storeInodes: 10, bootBytes: 500 };
const space: PreflightSpace = {
  storeFreeBytes: 1000 + RESERVE_BYTES,
  storeFreeInodes: 10,
  bootFreeBytes: 500 + BOOT_OVERHEAD_BYTES,
  bootReclaimableBytes: 0,
  isOneFilesystem: false,
};

describe("evaluatePreflight", () => {
  it.each<[string, Partial<PreflightNeeds>, Partial<PreflightSpace>, string | undefined]>([
    ["just fits", {}, {}, undefined],
    ["a byte too little in the store", {}, { storeFreeBytes: space.storeFreeBytes - 1 }, "DEPLOY_NO_SPACE"],
    ["an inode too little", {}, { storeFreeInodes: 9 }, "DEPLOY_NO_INODES"],
    ["a file system without a number of inodes", {}, { storeFreeInodes: undefined }, undefined],
    ["a byte too little on the boot partition", {}, { bootFreeBytes: space.bootFreeBytes - 1 }, "DEPLOY_BOOT_NO_SPACE"],
    [
      "room that obsolete kernels give back",
      {},
      { bootFreeBytes: 0, bootReclaimableBytes: space.bootFreeBytes },
      undefined,
    ],
    ["a kernel that is there already", { bootBytes: 0 }, { bootFreeBytes: 0 }, undefined],
    ["one file system that must hold both", {}, { isOneFilesystem: true }, "DEPLOY_NO_SPACE"],
  ])("decides: %s", (_what, changedNeeds, changedSpace, code) => {
    const preflight = evaluatePreflight({ ...needs, ...changedNeeds }, { ...space, ...changedSpace });
    expect(preflight.kind === "fits" ? undefined : preflight.code).toBe(code);
  });

  it("throws with the numbers", () => {
    expect(() => requireFits({ kind: "lacks", code: "DEPLOY_BOOT_NO_SPACE", needed: 7, free: 3 })).toThrow(
      expect.objectContaining({
        code: "DEPLOY_BOOT_NO_SPACE",
        message: expect.stringMatching(/needs 7 bytes, 3 are free/),
      }),
    );
  });
});
