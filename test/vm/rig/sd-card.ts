/** A card in a slot on the board: /dev/mmcblk0. QEMU takes it only while the machine is off. */
import { statSync, truncateSync } from "node:fs";

/** The arguments for a machine with the image `file` in its slot, which becomes as large as cards are: a power of two. */
export function sdCard(file: string): readonly string[] {
  truncateSync(file, 2 ** Math.ceil(Math.log2(statSync(file).size)));
  const node = JSON.stringify({ driver: "raw", "node-name": "card", file: { driver: "file", filename: file } });
  return ["-blockdev", node, "-device", "sdhci-pci", "-device", "sd-card,drive=card"];
}
