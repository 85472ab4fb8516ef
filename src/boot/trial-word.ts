/**
 * How a kernel learns that the boot loader has counted this start: `bootferry.trial=1` at the end of its command line.
 *
 * systemd-boot says it in an EFI variable (LoaderBootCountPath). For GRUB and U-Boot it otherwise stands on the boot
 * partition alone, and a new system that cannot mount that would wait in emergency mode for a person. The word is made by
 * the loader when it counts, and never part of an entry, so that a confirmed system is not started with it; nor is a
 * system without another good one to go back to. What is confirmed in the boot that it was tried in keeps the word until
 * it reboots: see the mark that `confirm` leaves, deploy/native/confirm.ts.
 */
import type { MenuEntry } from "./standing.ts";

export const TRIAL_KEY = "bootferry.trial=";

/** Whether an entry is started with the word when its try is counted. */
export function takesTrialWord(entry: MenuEntry, entries: readonly MenuEntry[]): boolean {
  return entry.standing.kind === "counted" && entries.some(({ standing }) => standing.kind === "good");
}
