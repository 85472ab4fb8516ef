/**
 * The two configurations that U-Boot gets (extlinux format: U-Boot doc/develop/distro.rst, boot/pxe_utils.c).
 *
 *     <boot>/extlinux/extlinux.conf     all entries in boot order: what `bootcmd` starts
 *     <boot>/extlinux/bootferry.conf    the good ones: what `altbootcmd` starts when the tries are used up
 *
 * U-Boot starts `default`, and the other labels in their order when its kernel cannot be loaded. Kernel arguments run
 * through U-Boot's own expansion (`cli_simple_process_macros`), which has no spelling for quotes and backslashes; by it
 * the counted kernel is told whether this start is counted (trial-word.ts): `upgrade_available` is 1 exactly then.
 */
import { BootError } from "./error.ts";
import { formatRecords, GENERATED, type MenuEntry } from "./standing.ts";
import { TRIAL_KEY, takesTrialWord } from "./trial-word.ts";

const TRIAL_WORD = ` ${TRIAL_KEY}\${upgrade_available}`;

/** @throws BootError BOOT_ARGUMENT_UNFIT */
export function formatExtlinux(entries: readonly MenuEntry[]): string {
  const trialWordOf = (entry: MenuEntry) => (takesTrialWord(entry, entries) ? TRIAL_WORD : "");
  return `${GENERATED}${formatRecords(entries)}${formatMenu(goodFirst(entries), trialWordOf)}`;
}

/** Without good ones all of them: a bad system is better than none. @throws BootError BOOT_ARGUMENT_UNFIT */
export function formatFallback(entries: readonly MenuEntry[]): string {
  const good = entries.filter(({ standing }) => standing.kind === "good");
  return `${GENERATED}${formatMenu(good.length > 0 ? good : entries, () => "")}`;
}

/** The first one as it is; should its kernel be missing, a good one has to come next. */
function goodFirst(entries: readonly MenuEntry[]): readonly MenuEntry[] {
  const [first, ...others] = entries;
  const isGood = ({ standing }: MenuEntry) => standing.kind === "good";
  return first === undefined ? [] : [first, ...others.filter(isGood), ...others.filter((entry) => !isGood(entry))];
}

function formatMenu(entries: readonly MenuEntry[], trialWordOf: (entry: MenuEntry) => string): string {
  const [first] = entries;
  if (first === undefined) return "";
  return [
    `\ndefault ${first.name}\nprompt 0\ntimeout 0\n`,
    ...entries.map((entry) => formatLabel(entry, trialWordOf(entry))),
  ].join("");
}

function formatLabel({ name, title, linux, initrd, options }: MenuEntry, trialWord: string): string {
  const unfit = /['\\]|\$[{(]/.exec(options);
  if (unfit !== null) {
    throw new BootError("BOOT_ARGUMENT_UNFIT", `U-Boot would change ${unfit[0]} in the kernel arguments ${options}`);
  }
  const initrdLines = initrd === undefined ? [] : [`  initrd ${initrd}\n`];
  return [
    `\nlabel ${name}\n`,
    `  menu label ${title}\n`,
    `  linux ${linux}\n`,
    ...initrdLines,
    `  append ${options}${trialWord}\n`,
  ].join("");
}
