/**
 * Merging account files three ways, line by line: passwd, group, shadow, gshadow, subuid, subgid.
 *
 * A device that added a user and an image that brings a new system user have both changed /etc/passwd; taking either file
 * would lose one of them. The device wins where both changed one line. Members of a group are merged as sets, so that an
 * image that changes `sudo` does not throw the operator out of it.
 */
import { type ByteString, bytesToString, stringToBytes } from "../../path.ts";

/** Names below /etc → how their lines are told apart. */
const ACCOUNT_FILES = {
  passwd: { key: "name", members: undefined, id: 2 },
  group: { key: "name", members: [3], id: 2 },
  shadow: { key: "name", members: undefined, id: undefined },
  gshadow: { key: "name", members: [2, 3], id: undefined },
  // One user may have several ranges, so that a whole line is the key.
  subuid: { key: "line", members: undefined, id: undefined },
  subgid: { key: "line", members: undefined, id: undefined },
} as const;

export type AccountFile = keyof typeof ACCOUNT_FILES;

export interface AccountMerge {
  readonly bytes: Buffer;
  /** Names whose lines were changed on both sides; the device's line was kept. */
  readonly conflicts: readonly string[];
  /** Names that share a numeric id after the merge and did not before: `alice and _chrony: 998`. */
  readonly sharedIds: readonly string[];
}

export function isAccountFile(name: string): name is AccountFile {
  return Object.hasOwn(ACCOUNT_FILES, name);
}

/**
 * Merges by key. Lines of the new image keep their order; lines that only the device has follow in theirs.
 * @param old the file of the image that runs, or empty
 */
export function mergeAccounts(file: AccountFile, old: Uint8Array, local: Uint8Array, fresh: Uint8Array): AccountMerge {
  const [before, mine, theirs] = [parseLines(file, old), parseLines(file, local), parseLines(file, fresh)];
  const conflicts: string[] = [];
  const merged = new Map<string, string>();
  for (const key of new Set([...theirs.keys(), ...mine.keys()])) {
    const line = mergeLine(file, { old: before.get(key), local: mine.get(key), fresh: theirs.get(key) });
    if (line.isConflict) conflicts.push(key);
    if (line.text !== undefined) merged.set(key, line.text);
  }
  const known = new Set([...sharedIds(file, mine), ...sharedIds(file, theirs)]);
  return {
    bytes: stringToBytes([...merged.values()].map((line) => `${line}\n`).join("") as ByteString),
    conflicts,
    sharedIds: sharedIds(file, merged).filter((shared) => !known.has(shared)),
  };
}

interface Versions {
  readonly old: string | undefined;
  readonly local: string | undefined;
  readonly fresh: string | undefined;
}

function mergeLine(
  file: AccountFile,
  { old, local, fresh }: Versions,
): { text: string | undefined; isConflict: boolean } {
  if (local === old) return { text: fresh, isConflict: false };
  if (fresh === old || fresh === local) return { text: local, isConflict: false };
  const { members } = ACCOUNT_FILES[file];
  if (members === undefined || local === undefined || fresh === undefined) return { text: local, isConflict: true };
  const fields = { old: (old ?? "").split(":"), local: local.split(":"), fresh: fresh.split(":") };
  const isMembers = (index: number) => (members as readonly number[]).includes(index);
  const others = (parts: readonly string[]) => parts.map((part, index) => (isMembers(index) ? "" : part)).join(":");
  // Only members differ on one of the sides: nothing of substance was changed twice.
  const base = others(fields.local) === others(fields.old) ? fields.fresh : fields.local;
  const isConflict = base === fields.local && others(fields.fresh) !== others(fields.old) && old !== undefined;
  const text = base.map((part, index) => (isMembers(index) ? mergeMembers(fields, index) : part)).join(":");
  return { text, isConflict };
}

function mergeMembers(fields: Readonly<Record<keyof Versions, readonly string[]>>, index: number): string {
  const names = (parts: readonly string[]) => (parts[index] ?? "").split(",").filter((name) => name !== "");
  const [old, local, fresh] = [names(fields.old), names(fields.local), names(fields.fresh)];
  const kept = fresh.filter((name) => local.includes(name) || !old.includes(name));
  const added = local.filter((name) => !old.includes(name) && !fresh.includes(name));
  return [...kept, ...added].join(",");
}

/** Comments and NIS lines (`+::::`) are keyed by their whole text; of two lines of one key the first counts, as for getpwnam(3). */
function parseLines(file: AccountFile, bytes: Uint8Array): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const line of bytesToString(bytes).split("\n")) {
    if (line === "") continue;
    const name = ACCOUNT_FILES[file].key === "name" ? /^([^:#+-][^:]*):/.exec(line)?.[1] : undefined;
    const key = name ?? line;
    if (!lines.has(key)) lines.set(key, line);
  }
  return lines;
}

function sharedIds(file: AccountFile, lines: ReadonlyMap<string, string>): readonly string[] {
  const field = ACCOUNT_FILES[file].id;
  if (field === undefined) return [];
  const names = new Map<string, string[]>();
  for (const [name, line] of lines) {
    const id = line.split(":")[field];
    if (id === undefined || id === "") continue;
    names.set(id, [...(names.get(id) ?? []), name]);
  }
  return [...names]
    .filter(([, users]) => users.length > 1)
    .map(([id, users]) => `${users.sort().join(" and ")}: ${id}`);
}
