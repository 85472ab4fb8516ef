/** The initramfs matrix: dracut with systemd in the initramfs, by the same mount-root. */
import { describe } from "vitest";
import { matrixTest } from "./matrix.ts";
import { BOOTED, NOTHING_FALSE_IS_READ, SEALED } from "./outcomes.ts";
import { renameImage, spoilVictims } from "./spoil.ts";

const DRACUT = { kernel: "Debian forky with dracut", verity: "required" } as const;
const OTHER_HEX = "0123456789abcdef".repeat(4);

describe("initramfs: dracut", () => {
  matrixTest({
    title: "dracut, required: the deployment is mounted, and nothing false in it is read",
    ...{ ...DRACUT, spoil: spoilVictims },
    facts: { ...BOOTED, ...SEALED, ...NOTHING_FALSE_IS_READ },
  });
  matrixTest({
    title: "dracut, required: an image with another digest than the boot entry says is not mounted",
    ...{ ...DRACUT, spoil: renameImage(OTHER_HEX) },
    kargs: { "composefs.digest": `v1-sha256-12:${OTHER_HEX}` },
    refusal: /cannot start deployment .*expected sha256:0123456789abcdef.*, got sha256:/,
  });
  matrixTest({
    title: "dracut: a physical root that cannot be mounted ends in a reboot, not in a shell",
    ...{ ...DRACUT, kargs: { rootfstype: "btrfs" } },
    refusal: /bootferry: the root file system could not be mounted/,
  });
});
