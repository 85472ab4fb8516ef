/** After a release of a medium has verified: whether it is to take receipts, and who waits for that. */
import { CodedError } from "../error.ts";
import type { MediumOrigin } from "./medium-origin.ts";
import { noteOnce } from "./note-once.ts";
import { dropDue, markDue } from "./receipts-due.ts";
import type { Session } from "./session.ts";

/**
 * File systems that are mounted for writing. Neither ext4, whose journal would be replayed from what a stranger wrote, nor
 * encrypted ones, which would need keys and device-mapper in a unit that has no other use for them.
 */
export const WRITABLE_FILESYSTEMS: readonly string[] = ["vfat", "exfat"];

/**
 * Leaves the mark that lets bootferry-receipts@.service write to the medium, where agent.toml allows it. Never fails.
 * @param extent a run that only stores is one of udev's: the unit follows it, and until then the medium stays in
 */
export function expectReceipts(session: Session, origin: MediumOrigin, extent: "install" | "store"): void {
  const { ports, bootId } = session;
  if (!ports.config.receipts["write-to-media"]) return;
  if (origin.kind === "device" && !WRITABLE_FILESYSTEMS.includes(origin.filesystem.type)) {
    const { type } = origin.filesystem;
    noteOnce(session, `receipts are not written to media with ${type}: vfat or exfat, not encrypted, is needed`);
    return;
  }
  try {
    const isAwaited = extent === "store" && origin.kind === "device";
    markDue(ports.paths.runtimeDirectory, origin, { bootId, isAwaited });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    noteOnce(session, `receipts cannot be written to this medium: ${error.message}`);
  }
}

/** The medium was pulled out: nobody can write to it. Never fails. */
export function expectNoReceipts({ ports }: Pick<Session, "ports">, origin: MediumOrigin): void {
  try {
    dropDue(ports.paths.runtimeDirectory, origin);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error; // it is worth nothing for another medium
  }
}
