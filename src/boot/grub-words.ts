/**
 * Words for GRUB's shell, and kernel arguments that come through it unchanged.
 *
 * In single quotes GRUB takes everything as it is. But its `linux` command puts the kernel's command line together again
 * (grub-core/lib/cmdline.c): it writes a backslash before `"`, `'` and `\`, and puts double quotes around an argument with
 * blanks. The kernel takes quotes around a whole argument as well as around its value (`next_arg`), so that quotes of our
 * own are left out; for the rest there is no spelling that arrives. (Newer GRUBs leave `\xNN` alone, 2.06 was seen not to.)
 */
import { BootError } from "./error.ts";

/** One word, whatever is in it. */
export function quoteForGrub(word: string): string {
  if (/^[A-Za-z0-9_./:=,+@%-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The words after `linux PATH` that make this command line.
 * @param options as a boot entry holds them: separated by blanks, which double quotes may contain
 * @throws BootError BOOT_ARGUMENT_UNFIT
 */
export function kernelWordsForGrub(options: string): readonly string[] {
  const words = options.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => {
    const bare = word.replaceAll('"', "");
    if (/['\\]/.test(bare)) {
      throw new BootError("BOOT_ARGUMENT_UNFIT", `GRUB would hand the kernel another argument than ${word}`);
    }
    return quoteForGrub(bare);
  });
}
