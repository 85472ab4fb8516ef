/**
 * Boot counters in file names (systemd: Automatic Boot Assessment; `boot_entry_parse_tries` of systemd-boot).
 *
 *     name.conf          no counter: the entry is good
 *     name+3.conf        3 tries left, none done
 *     name+2-1.conf      2 left, 1 done;  name+0-3.conf is bad: it sorts last
 *
 * The counter stands after the *last* `+`. A suffix that is no counter (`+`, `+x`, `+1-`, `+1-2-3`) is part of the name,
 * as for systemd-boot. Leading zeros are read; they are not kept, as systemd-boot drops them at the first boot too.
 */

export interface BootCounter {
  readonly triesLeft: number;
  readonly triesDone: number;
}

export interface CountedName {
  /** Without counter and suffix. */
  readonly stem: string;
  readonly counter: BootCounter | undefined;
}

/** systemd-boot refuses larger numbers as counters (INT_MAX). */
const MAX_TRIES = 0x7fffffff;

/**
 * Splits the file name of a Type 1 entry; undefined when it is none (hidden, or not ending in `.conf`).
 * @source systemd src/boot/boot.c boot_entry_parse_tries
 */
export function parseBootCounter(fileName: string): CountedName | undefined {
  const body = /^([^.].*)\.conf$/is.exec(fileName)?.[1];
  if (body === undefined) return undefined;
  const match = /^(.*)\+(\d+)(?:-(\d+))?$/s.exec(body);
  const stem = match?.[1];
  if (match === null || stem === undefined) return { stem: body, counter: undefined };
  const triesLeft = Number(match[2]);
  const triesDone = Number(match[3] ?? "0");
  if (triesLeft > MAX_TRIES || triesDone > MAX_TRIES) return { stem: body, counter: undefined };
  return { stem, counter: { triesLeft, triesDone } };
}

/** The file name; a counter that was not tried yet is written without `-0`, as people and systemd's tools write it. */
export function formatBootCounter({ stem, counter }: CountedName): string {
  if (counter === undefined) return `${stem}.conf`;
  const done = counter.triesDone > 0 ? `-${counter.triesDone}` : "";
  return `${stem}+${counter.triesLeft}${done}.conf`;
}

/** What systemd-boot makes of a counter before it starts the entry; zero stays zero. */
export function countOneTry(counter: BootCounter): BootCounter {
  return {
    triesLeft: Math.max(0, counter.triesLeft - 1),
    triesDone: Math.min(counter.triesDone + 1, MAX_TRIES),
  };
}

/** Entries without tries left are bad; systemd-boot sorts them last. */
export function isBad(counter: BootCounter | undefined): boolean {
  return counter?.triesLeft === 0;
}
