/** The initramfs matrix: each kernel at the levels of fs-verity that it can and cannot do. */
import { describe } from "vitest";
import { matrixTest } from "./matrix.ts";
import { BOOTED, NOTHING_FALSE_IS_READ, SEALED } from "./outcomes.ts";
import { spoilVictims } from "./spoil.ts";

describe("initramfs: kernels and levels of fs-verity", () => {
  matrixTest({
    title: "Debian 13, required: the deployment is mounted, and nothing false in it is read",
    ...{ kernel: "Debian 13", verity: "required", spoil: spoilVictims },
    facts: { ...BOOTED, ...SEALED, ...NOTHING_FALSE_IS_READ },
  });
  matrixTest({
    title: "Debian 13, on: no less than required, since this kernel can",
    ...{ kernel: "Debian 13", verity: "on", spoil: spoilVictims },
    facts: { ...BOOTED, ...SEALED, ...NOTHING_FALSE_IS_READ },
  });
  matrixTest({
    title: "Debian 12, required: refused, since this kernel cannot ask it of objects",
    ...{ kernel: "Debian 12", verity: "required" },
    refusal: /cannot start deployment .*this kernel cannot mount the image with bootferry.verity=required/,
  });
  matrixTest({
    title: "Debian 12, off: a store that was never sealed is mounted",
    ...{ kernel: "Debian 12", verity: "off", unsealed: true },
    facts: { ...BOOTED, "read missing": "ok", "read flipped": "ok" },
  });
  matrixTest({
    title: "forky, off: a store that was never sealed is mounted, and fs-verity not asked of it",
    ...{ kernel: "Debian forky", verity: "off", unsealed: true },
    facts: { ...BOOTED, "mount /": /^overlay ro,(?!.*verity)/, "read missing": "ok", "read flipped": "ok" },
  });
  matrixTest({
    title: "forky, required: a store that was never sealed is refused",
    ...{ kernel: "Debian forky", verity: "required", unsealed: true },
    refusal: /cannot start deployment .* is not sealed by fs-verity, and bootferry.verity=required/,
  });
});
