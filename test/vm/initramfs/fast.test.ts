/** The part of the initramfs matrix that every submission runs: the best kernel, the oldest one, and a refusal. */
import { describe } from "vitest";
import { matrixTest } from "./matrix.ts";
import { BOOTED, NOTHING_FALSE_IS_READ, REPLACED_OBJECTS_ARE_READ, SEALED } from "./outcomes.ts";
import { renameImage, spoilVictims } from "./spoil.ts";

const OTHER_HEX = "0123456789abcdef".repeat(4);

describe("initramfs: what matters most", () => {
  matrixTest({
    title: "forky, required: the deployment is mounted, and nothing false in it is read",
    ...{ kernel: "Debian forky", verity: "required", spoil: spoilVictims },
    facts: { ...BOOTED, ...SEALED, ...NOTHING_FALSE_IS_READ },
  });
  matrixTest({
    title: "forky, required: an image with another digest than the boot entry says is not mounted",
    ...{ kernel: "Debian forky", verity: "required", spoil: renameImage(OTHER_HEX) },
    kargs: { "composefs.digest": `v1-sha256-12:${OTHER_HEX}` },
    refusal: /cannot start deployment .*expected sha256:0123456789abcdef.*, got sha256:/,
  });
  matrixTest({
    title: "Debian 12, on: the deployment is mounted without what this kernel lacks",
    ...{ kernel: "Debian 12", verity: "on", spoil: spoilVictims },
    facts: { ...BOOTED, ...SEALED, ...REPLACED_OBJECTS_ARE_READ },
  });
});
