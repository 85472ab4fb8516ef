/**
 * The two configurations that U-Boot gets (extlinux format: U-Boot doc/develop/distro.rst, boot/pxe_utils.c).
 *
 *     <boot>/extlinux/extlinux.conf     all entries in boot order: what `bootcmd` starts
 *     <boot>/extlinux/bootferry.conf    the good ones: what `altbootcmd` starts when the tries are used up
 *
 * U-Boot starts `default`, and the other labels in their order when its kernel cannot be loaded. Kernel arguments run
 * through U-Boot's own expansion (`cli_simple_process_macros`), which has no spelling for quotes and backslashes.
 */
import { BootError } from "./error.ts";
import { formatRecords, GENERATED, type MenuEntry } from "./standing.ts";

/** @throws BootError BOOT_ARGUMENT_UNFIT */
export function formatExtlinux(entries: readonly MenuEntry[]): string {
  return `${GENERATED}${formatRecords(entries)}${formatMenu(goodFirst(entries))}`;
}

/** Without good ones all of them: a bad system is better than none. @throws BootError BOOT_ARGUMENT_UNFIT */
export function formatFallback(entries: readonly MenuEntry[]): string {
  const good = entries.filter(({ standing }) => standing.kind === "good");
  return `${GENERATED}${formatMenu(good.length > 0 ? good : entries)}`;
}

/** The first one as it is; should its kernel be missing, a good one has to come next. */
function goodFirst(entries: readonly MenuEntry[]): readonly MenuEntry[] {
  const [first, ...others] = entries;
  const isGood = ({ standing }: MenuEntry) => standing.kind === "good";
  return first === undefined ? [] : [first, ...others.filter(isGood), ...others.filter((entry) => !isGood(entry))];
}

function formatMenu(entries: readonly MenuEntry[]): string {
  const [first] = entries;
  if (first === undefined) return "";
  return [`\ndefault ${first.name}\nprompt 0\ntimeout 0\n`, ...entries.map(formatLabel)].join("");
}

function formatLabel({ name, title, linux, initrd, options }: MenuEntry): string {
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
    `  append ${options}\n`,
  ].join("");
}
