/**
 * The port to a boot loader that counts its tries: what is booted next, and what falls back when it does not come up.
 *
 * An entry is *counted* while it has a counter (it must prove itself), *good* without one, *bad* at zero tries left.
 * Which entry is booted is no question to the loader: the kernel command line of the running system says so.
 */
import type { RelPath } from "../path.ts";
import type { BootCounter } from "./boot-counter.ts";

declare const entryName: unique symbol;

/** The name of an entry without counter and suffix: `bootferry-0123456789ab.7` of `bootferry-0123456789ab.7+2-1.conf`. */
export type EntryName = string & { readonly [entryName]: true };

/** What an entry of ours says; paths are relative to the boot partition. */
export interface BootEntryContent {
  readonly name: EntryName;
  readonly title: string;
  /** Entries of ours are ordered by it, highest first: the serial of a deployment, never a release's version. */
  readonly serial: number;
  readonly machineId?: string | undefined;
  readonly linux: RelPath;
  readonly initrd?: RelPath | undefined;
  /** The kernel command line, in order. */
  readonly options: readonly string[];
}

export interface BootEntry extends BootEntryContent {
  /** Undefined for a good entry. */
  readonly counter: BootCounter | undefined;
}

export interface BootLoaderProbe {
  readonly kind: "systemd-boot" | "grub" | "u-boot" | "simulated";
  /** Why this loader would not boot the first entry of {@link BootLoader.list}, or would not fall back from it. */
  readonly problem: string | undefined;
}

export interface BootLoader {
  probe(): Promise<BootLoaderProbe>;
  /** The entries of ours in the order in which the loader tries them: the first is booted next. */
  list(): readonly BootEntry[];
  /**
   * Publishes an entry, durably, as the last step of an activation.
   * @param tries how often it may be tried before it must be good; undefined publishes it as good
   * @throws BootError BOOT_ENTRY_EXISTS
   */
  arm(content: BootEntryContent, tries: number | undefined): Promise<void>;
  /**
   * Takes the counter away: the entry has proved itself. Nothing happens to an entry that is good already.
   * @throws BootError BOOT_ENTRY_MISSING
   */
  markGood(name: EntryName): Promise<void>;
  /** Sets the tries left to zero. @throws BootError BOOT_ENTRY_MISSING */
  markBad(name: EntryName): Promise<void>;
  /** Removes an entry, durably; nothing happens when it is not there. */
  remove(name: EntryName): Promise<void>;
  /** Clears what an interrupted run left behind: unfinished and empty files, counted twins of good entries. */
  sweep(): Promise<void>;
}
