/**
 * The configuration that GRUB gets, `<boot>/grub/bootferry.cfg`: menu entries in boot order, and the counting of the first.
 *
 * It is also the record of what each entry is worth, in comments, since GRUB has no names with counters; its rename is
 * the moment at which a change takes place. Debian's GRUB has no blscfg and no arithmetic: entries are written out, and
 * counting is a chain of comparisons. A count that cannot be read, or not be saved, means the good entry and not a try
 * more: an entry that has to prove itself is started only after its try was counted, so that it can never be tried
 * for ever. Neither a key nor a time-out is needed.
 *
 * A kernel that was started by a counted try is told so (trial-word.ts), by a variable that is set only then.
 */
import { BOOT_COUNTER, BOOT_SUCCESS, COUNTED_ENTRY } from "./grub-environment.ts";
import { kernelWordsForGrub, quoteForGrub } from "./grub-words.ts";
import { formatRecords, GENERATED, type MenuEntry } from "./standing.ts";
import { TRIAL_KEY, takesTrialWord } from "./trial-word.ts";

/** The highest count that the chain knows, as of `install.tries`; one digit, see grub-environment.ts. */
export const MAX_GRUB_TRIES = 9;

/** Unset, it makes no word at all. */
const TRIAL_VARIABLE = "bootferry_trial";

const HEADER = `${GENERATED}# To change the menu, write into grub.cfg, after the line that sources this file (docs/boot-loaders.md).
`;

/** @param entries in the order in which they are tried, bad ones last. @throws BootError BOOT_ARGUMENT_UNFIT */
export function formatGrubConfig(entries: readonly MenuEntry[]): string {
  return [
    HEADER,
    formatRecords(entries),
    ...chooseDefault(entries),
    ...entries.map((entry) => formatMenuEntry(entry, takesTrialWord(entry, entries))),
  ].join("");
}

/** `timeout=0` boots the default without a menu; `fallback` is what GRUB starts when its kernel cannot be loaded. */
function chooseDefault(entries: readonly MenuEntry[]): readonly string[] {
  const [first] = entries;
  if (first === undefined) return [];
  const good = entries.find(({ standing }) => standing.kind === "good") ?? first;
  const lines = ["\nset timeout=0\n", ...setDefault(entries, good)];
  return first.standing.kind === "counted" ? [...lines, ...countTry(entries, first)] : lines;
}

function setDefault(entries: readonly MenuEntry[], entry: MenuEntry, indent = ""): readonly string[] {
  const others = entries.filter((other) => other !== entry);
  const isGood = ({ standing }: MenuEntry) => standing.kind === "good";
  const fallback = [...others.filter(isGood), ...others.filter((other) => !isGood(other))];
  // By number: GRUB does not find names in a list of several (normal/menu.c, get_and_remove_first_entry_number).
  const numbers = fallback.map((other) => entries.indexOf(other)).join(" ");
  return [`${indent}set default=${entry.name}\n`, `${indent}set fallback=${quoteForGrub(numbers)}\n`];
}

/**
 * The default is the good entry until the try of the first one is counted, for good, or it was found to have proved itself.
 * `boot_success=1` and a `boot_counter` that is gone are greenboot's ways to say that.
 */
function countTry(entries: readonly MenuEntry[], first: MenuEntry): readonly string[] {
  const isCount = (count: number) => `[ "$${BOOT_COUNTER}" = "${count}" ]; then\n    set bootferry_left=${count - 1}\n`;
  const chain = Array.from({ length: MAX_GRUB_TRIES }, (_, index) => `  elif ${isCount(index + 1)}`);
  return [
    `\n# ${first.name} has to prove itself: each try is counted before it is started.\n`,
    `if load_env ${BOOT_COUNTER} ${BOOT_SUCCESS} ${COUNTED_ENTRY}; then\n`,
    `  if [ "$${COUNTED_ENTRY}" != "${first.name}" ]; then\n    set bootferry_left=\n`,
    `  elif [ "$${BOOT_SUCCESS}" = "1" ]; then\n    set bootferry_left=good\n`,
    `  elif [ "$${BOOT_COUNTER}" = "" ]; then\n    set bootferry_left=good\n`,
    ...chain,
    "  fi\nfi\n",
    `if [ "$bootferry_left" = "good" ]; then\n`,
    ...setDefault(entries, first, "  "),
    `elif [ "$bootferry_left" != "" ]; then\n`,
    `  set ${BOOT_COUNTER}="$bootferry_left"\n`,
    `  if save_env ${BOOT_COUNTER}; then\n`,
    ...setDefault(entries, first, "    "),
    ...(takesTrialWord(first, entries) ? [`    set ${TRIAL_VARIABLE}=${TRIAL_KEY}1\n`] : []),
    "  fi\nfi\n",
  ];
}

/** `--unrestricted`: an integrator may set a password for the menu, and a kiosk must come up without it. */
function formatMenuEntry({ name, title, linux, initrd, options }: MenuEntry, isTold: boolean): string {
  const trial = isTold ? [`$${TRIAL_VARIABLE}`] : [];
  const kernel = ["linux", quoteForGrub(linux), ...kernelWordsForGrub(options), ...trial].join(" ");
  const lines = [kernel, ...(initrd === undefined ? [] : [`initrd ${quoteForGrub(initrd)}`])];
  const body = lines.map((line) => `  ${line}\n`).join("");
  return `\nmenuentry ${quoteForGrub(title.replace(/^-/, " -"))} --id ${name} --unrestricted {\n${body}}\n`;
}
