/** The initramfs matrix: boot entries and stores that do not fit. Each is refused by a reboot, never by a shell. */
import { describe } from "vitest";
import { matrixTest } from "./matrix.ts";
import { flipImage, removeImage } from "./spoil.ts";

const FORKY = { kernel: "Debian forky", verity: "required" } as const;

describe("initramfs: refusals", () => {
  matrixTest({
    title: "no image of the digest",
    ...{ ...FORKY, spoil: removeImage },
    refusal: /cannot start deployment .*there is no \/bootferry\/images\/[0-9a-f]{64}\.cfs on the physical root/,
  });
  matrixTest({
    title: "no directory of the deployment",
    ...{ ...FORKY, kargs: { "bootferry.deployment": "0123456789ab.7" } },
    refusal: /cannot start deployment 0123456789ab\.7: there is no \/bootferry\/deploy\/0123456789ab\.7\/etc/,
  });
  matrixTest({
    title: "a digest that is none",
    ...{ ...FORKY, kargs: { "composefs.digest": "v1-sha256-12:abc" } },
    refusal: /cannot start deployment .*composefs\.digest= is not v1-sha256-12:HEX/,
  });
  // On trial it is refused (scenario e, a damaged image); here nothing tells of a trial, and nothing false can be read.
  matrixTest({
    title: "a sealed image with a flipped bit boots, that is said, and what stood in that block cannot be read",
    ...{ ...FORKY, spoil: flipImage },
    said: /bootferry: .*\/images\/[0-9a-f]{64}\.cfs is damaged: what stands in the damaged part cannot be read/,
    facts: { version: "tiny 1", "read whole": "Input/output error" },
  });
  matrixTest({
    title: "a root that is not there: initramfs-tools reboots by itself, because of panic=",
    ...{ ...FORKY, kargs: { root: "/dev/vdz", rootdelay: "1" } },
    refusal: /does not exist|Gave up waiting/,
  });
});
