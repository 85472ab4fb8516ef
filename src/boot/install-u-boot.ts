/**
 * Makes a boot partition one that U-Boot starts. U-Boot itself comes with the board and is not touched, nor is its
 * environment, which may be on another machine than the one that installs.
 *
 *     <boot>/extlinux/bootferry.conf    without entries yet; that it is there says that this device has U-Boot
 */
import type { Exec } from "../host/exec.ts";
import type { AbsPath } from "../path.ts";
import { readOptional } from "./entry-files.ts";
import { flushJournal } from "./flush-journal.ts";
import { publishFile } from "./publish-file.ts";
import { formatFallback } from "./u-boot-config.ts";
import { uBootMarker } from "./u-boot-loader.ts";

/** Idempotent. @throws HostError */
export async function installForUBoot(exec: Exec, boot: AbsPath): Promise<void> {
  const marker = uBootMarker(boot);
  if (readOptional(marker) !== undefined) return;
  await publishFile(exec, marker, Buffer.from(formatFallback([])));
  await flushJournal(exec, boot);
}
