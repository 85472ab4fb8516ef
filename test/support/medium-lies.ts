/**
 * What a medium may answer that is not what it holds, and what may become of it between two calls.
 *
 * A lie is told at one call. Some are told from then on; some change the real directory below, which is put back when
 * the run has ended. Names are for the messages of tests.
 */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type AbsPath, below } from "../../src/path.ts";
import { type Answer, type Ask, type MediumCall, STALLS, unwatched } from "./medium-calls.ts";

export interface Lie {
  readonly name: string;
  /** Whether it can be told at this call. */
  fits(call: MediumCall, medium: LyingMedium): boolean;
  tell(call: MediumCall, honest: Ask, medium: LyingMedium): Promise<unknown>;
}

/** A medium in a directory, with what its lies need beside it. */
export class LyingMedium implements Disposable {
  readonly directory: AbsPath;
  /** Beside the medium: `honest/` holds the same, `other/` is another medium, `fifo` is one. */
  readonly aside: AbsPath;
  /** A file of this machine that a medium has no business with. */
  readonly secret: AbsPath;
  /** What is told at all later calls. */
  fromNowOn: Answer | undefined;
  #undo: (() => void)[] = [];

  /**
   * @param other directory of another medium, which may be put in the place of this one
   * @param aside a directory to be made, on the same file system
   */
  constructor(directory: AbsPath, other: AbsPath, aside: AbsPath) {
    this.directory = directory;
    this.aside = aside;
    this.secret = below(this.aside, "secret");
    mkdirSync(this.aside);
    cpSync(directory, below(this.aside, "honest"), { recursive: true });
    cpSync(other, below(this.aside, "other"), { recursive: true });
    writeFileSync(this.secret, '{"imageLayoutVersion":"1.0.0"}');
    execFileSync("mkfifo", [below(this.aside, "fifo")]);
  }

  /** The liar that tells `lies`, each at the call of its number; those that do not fit there are not told. */
  answer(lies: ReadonlyMap<number, Lie>): Answer {
    return async (call, honest) => {
      const lie = lies.get(call.number);
      const ask: Ask = (maxBytes) => this.fromNowOn?.(call, honest) ?? honest(maxBytes);
      return lie?.fits(call, this) === true ? lie.tell(call, ask, this) : ask();
    };
  }

  /** Puts `replacement` in the place of what is at `path`, if anything is there still. */
  swap(path: AbsPath, replacement: (path: AbsPath) => void): void {
    unwatched(() => {
      if (!isThere(path)) return;
      const kept = below(this.aside, `kept-${this.#undo.length}`);
      renameSync(path, kept);
      this.#undo.push(() => {
        rmSync(path, { recursive: true, force: true });
        renameSync(kept, path);
      });
      replacement(path);
    });
  }

  /** Changes the very file, which may be open. */
  change(path: AbsPath, act: (path: AbsPath) => void): void {
    unwatched(() => {
      const bytes = readFileSync(path);
      this.#undo.push(() => writeFileSync(path, bytes));
      act(path);
    });
  }

  /** Makes it what it was. */
  restore(): void {
    for (const undo of this.#undo.toReversed()) undo();
    this.#undo = [];
    this.fromNowOn = undefined;
  }

  [Symbol.dispose](): void {
    rmSync(this.aside, { recursive: true, force: true });
  }
}

function isThere(path: AbsPath): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // a link on the way leads nowhere
  }
}

const errno = (code: string) => Object.assign(new Error(`${code}: as the medium says`), { errno: -1, code });

const is =
  (...kinds: readonly MediumCall["kind"][]) =>
  ({ kind }: MediumCall) =>
    kinds.includes(kind);

/** A file that is closed is closed, whatever the answer is. */
const fails = (code: string): Answer => {
  return async ({ kind }, honest) => {
    if (kind === "close") await honest();
    throw errno(code);
  };
};

const stats = (changes: Partial<Record<keyof Stats, unknown>>): Lie["tell"] => {
  return async (_, honest) => Object.assign((await honest()) as Stats, changes);
};
const NO = () => false;
const YES = () => true;

type ReadAnswer = { readonly bytesRead: number; readonly buffer: Buffer };
const read = (distort: (into: Buffer, bytesRead: number) => number): Lie["tell"] => {
  return async ({ into }, honest) => {
    const { bytesRead, buffer } = (await honest()) as ReadAnswer;
    if (into === undefined) return { bytesRead, buffer };
    return { bytesRead: distort(into.buffer.subarray(into.offset, into.offset + into.length), bytesRead), buffer };
  };
};

const ANSWERS: readonly Lie[] = [
  { name: "EIO", fits: () => true, tell: fails("EIO") },
  {
    name: "EIO from then on",
    fits: () => true,
    tell(call, honest, medium) {
      medium.fromNowOn = fails("EIO");
      return medium.fromNowOn(call, honest);
    },
  },
  { name: "stalls", fits: () => true, tell: async () => STALLS },
  { name: "ENOENT", fits: is("lstat", "open"), tell: fails("ENOENT") },
  { name: "no file", fits: is("lstat", "fstat"), tell: stats({ isFile: NO, isDirectory: NO, isFIFO: YES }) },
  { name: "size 0", fits: is("lstat", "fstat"), tell: stats({ size: 0 }) },
  { name: "size 2^53", fits: is("lstat", "fstat"), tell: stats({ size: 2 ** 53 }) },
  {
    name: "one bit is wrong",
    fits: is("read"),
    tell: read((into, bytesRead) => {
      if (bytesRead > 0) into.writeUInt8(into.readUInt8(bytesRead >> 1) ^ 1, bytesRead >> 1);
      return bytesRead;
    }),
  },
  { name: "ends early", fits: is("read"), tell: read(() => 0) },
  {
    name: "goes on",
    fits: is("read"),
    tell: read((into, bytesRead) => {
      const extra = Math.min(7, into.length - bytesRead);
      into.fill(0x20, bytesRead, bytesRead + extra);
      return bytesRead + extra;
    }),
  },
  {
    name: "never ends",
    fits: is("read"),
    tell(first, honest, medium) {
      const fill = read((into) => into.fill(0x20).length);
      medium.fromNowOn = (call, ask) =>
        call.kind === "read" && call.path === first.path ? fill(call, ask, medium) : ask();
      return fill(first, honest, medium);
    },
  },
  {
    name: "few bytes at a time", // which is no lie: reads may be short
    fits: is("read"),
    tell(first, honest, medium) {
      let reads = 0;
      const trickle: Answer = (_, ask) => ask(reads++ < 16 ? 1 : 997);
      medium.fromNowOn = (call, ask) => (call.kind === "read" && call.path === first.path ? trickle(call, ask) : ask());
      return trickle(first, honest);
    },
  },
  {
    name: "a device in its place",
    fits: is("open"),
    tell: () => open("/dev/zero", "r"),
  },
];

/** Something else under the name, before it is looked up. */
const swapped = (name: string, replacement: (path: AbsPath, medium: LyingMedium) => void): Lie => ({
  name,
  fits: is("lstat", "open"),
  tell(call, honest, medium) {
    medium.swap(call.path, (path) => replacement(path, medium));
    return honest();
  },
});

/** Something else in the place of a directory on the way. */
const directorySwapped = (
  name: string,
  directory: string,
  replacement: (path: AbsPath, medium: LyingMedium) => void,
): Lie => ({
  name,
  fits: (call, medium) => is("lstat", "open")(call) && `${call.path}/`.startsWith(below(medium.directory, directory)),
  tell(_, honest, medium) {
    medium.swap(below(medium.directory, directory), (path) => replacement(path, medium));
    return honest();
  },
});

/** The file itself is changed while it is read; what was changed before is for bad-input-blobs.test.ts. */
const changed = (name: string, act: (path: AbsPath) => void): Lie => ({
  name,
  fits: (call) => is("fstat", "read")(call) && unwatched(() => isThere(call.path) && lstatSync(call.path).isFile()),
  tell(call, honest, medium) {
    medium.change(call.path, act);
    return honest();
  },
});

const honestCopy = (path: AbsPath, { directory, aside }: LyingMedium) =>
  join(aside, "honest", path.slice(directory.length));

const CHANGES: readonly Lie[] = [
  swapped("nothing in its place", () => undefined),
  swapped("a link to the same in its place", (path, medium) => symlinkSync(honestCopy(path, medium), path)),
  swapped("a link to a file of the device in its place", (path, { secret }) => symlinkSync(secret, path)),
  swapped("a link to itself in its place", (path) => symlinkSync(path, path)),
  swapped("a directory in its place", (path) => mkdirSync(path)),
  swapped("an empty file in its place", (path) => writeFileSync(path, "")),
  swapped("a pipe in its place", (path, { aside }) => linkSync(join(aside, "fifo"), path)),
  directorySwapped("bootferry/ links to the same", "bootferry", (path, medium) =>
    symlinkSync(honestCopy(path, medium), path),
  ),
  directorySwapped("blobs/sha256/ links to the same", "bootferry/blobs/sha256", (path, medium) =>
    symlinkSync(honestCopy(path, medium), path),
  ),
  directorySwapped("blobs/sha256/ links to itself", "bootferry/blobs/sha256", (path) => symlinkSync(path, path)),
  directorySwapped("blobs/ links to the directory that it is in", "bootferry/blobs", (path) =>
    symlinkSync(dirname(path), path),
  ),
  directorySwapped("blobs/sha256/ is a file", "bootferry/blobs/sha256", (path) => writeFileSync(path, "")),
  directorySwapped("another medium in its place", "", (path, { aside }) =>
    cpSync(join(aside, "other"), path, { recursive: true }),
  ),
  changed("shrinks", (path) => truncateSync(path, statSync(path).size >> 1)),
  changed("grows", (path) => appendFileSync(path, "more")),
  changed("is overwritten", (path) => writeFileSync(path, Buffer.alloc(statSync(path).size, 0x20), { flag: "r+" })),
];

export const LIES: readonly Lie[] = [...ANSWERS, ...CHANGES];

/** One of each sort, for media with many calls. */
export const FEW_LIES: readonly Lie[] = LIES.filter(({ name }) =>
  ["EIO", "stalls", "one bit is wrong", "nothing in its place", "a link to itself in its place"].includes(name),
);
