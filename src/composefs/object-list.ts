/**
 * The list of an object pack (bundle-format/spec.md, section 10): which file contents a medium carries for a tree, and the
 * releases of which a device needs one so that it has the others.
 *
 *     bootferry-objects 1
 *     tree v1-sha256-12:<64 hex>
 *     base kiosk-os 42.3.0 41 sha256:<64 hex> v1-sha256-12:<64 hex>
 *     <64 hex> 123456
 *
 * A pack is unsigned: its list is a claim that helps to plan. What is kept of the contents the signed tree says. Pure.
 */
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";
import type { ContentDigest } from "../tree/node.ts";
import { ComposefsError } from "./error.ts";
import { type ImageDigest, parseImageDigest } from "./image-digest.ts";

/** A release that a device may hold. Its words are a claim: only shown to people, and looked up among what is held. */
export interface BaseName {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly payloadDigest: Digest;
  /** Null where its target has no tree. */
  readonly tree: ImageDigest | null;
}

export interface ObjectList {
  /** The tree that the objects belong to; null where the target has none, and so no objects. */
  readonly tree: ImageDigest | null;
  /** Each of them does; ascending by payload digest, never empty. */
  readonly bases: readonly BaseName[];
  /** Ascending by digest, with sizes in bytes: the order of the contents. */
  readonly objects: ReadonlyMap<ContentDigest, number>;
}

/** What a reader takes (BF-10.3): 800,000 objects. The largest images that we know have 200,000. */
export const MAX_OBJECT_LIST_BYTES = 64 << 20;
const MAX_BASES = 64;
const MAX_HEAD_BYTES = 64 << 10; // 64 bases of some 300 bytes each, three times over
const MAX_OBJECT_LINE_BYTES = 82; // 64 digits, a space, 16 digits, a newline

/** What a list for a tree of so many objects has at most: a longer one names what the tree does not. */
export function maxObjectListBytes(treeObjects: number): number {
  return Math.min(MAX_OBJECT_LIST_BYTES, MAX_HEAD_BYTES + MAX_OBJECT_LINE_BYTES * treeObjects);
}

const FIRST_LINE = "bootferry-objects 1";
const NONE = "-";
const BASE_PATTERN =
  /^base ([a-z0-9][a-z0-9._-]{0,63}) ([0-9A-Za-z][0-9A-Za-z.+_~-]{0,63}) ([1-9]\d{0,15}) (\S+) (\S+)$/;
const OBJECT_PATTERN = /^([0-9a-f]{64}) ([1-9]\d{0,15})$/;

/** The same list gives the same bytes, in whatever order its parts come. */
export function formatObjectList({ tree, bases, objects }: ObjectList): Buffer {
  const baseLines = [...new Map(bases.map((base) => [base.payloadDigest, base])).values()]
    .toSorted((a, b) => (a.payloadDigest < b.payloadDigest ? -1 : 1))
    .map(
      ({ name, version, sequence, payloadDigest, tree: its }) =>
        `base ${name} ${version} ${sequence} ${payloadDigest} ${its ?? NONE}\n`,
    );
  const objectLines = sortObjects(objects).map(([digest, sizeBytes]) => `${digest} ${sizeBytes}\n`);
  return Buffer.from([`${FIRST_LINE}\n`, `tree ${tree ?? NONE}\n`, ...baseLines, ...objectLines].join(""));
}

/** In the order in which their contents follow each other. */
export function sortObjects(
  objects: ReadonlyMap<ContentDigest, number>,
): readonly (readonly [ContentDigest, number])[] {
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Strict: one list has one spelling, so that order, duplicates and sizes are settled before any content is read.
 * @throws ComposefsError COMPOSEFS_OBJECT_LIST_INVALID
 */
export function parseObjectList(bytes: Uint8Array): ObjectList {
  if (bytes.length > MAX_OBJECT_LIST_BYTES) throw invalid(`it has ${bytes.length} bytes`);
  const lines = Buffer.from(bytes).toString("latin1").split("\n"); // BF-10.3: bounded, and nothing but ASCII passes
  if (lines.pop() !== "") throw invalid("its last line has no end");
  if (lines[0] !== FIRST_LINE) throw invalid(`it does not begin with "${FIRST_LINE}"`);
  const tree = parseTree(lines[1]);
  let at = 2;
  const bases: BaseName[] = [];
  for (let base = parseBase(lines[at]); base !== undefined; base = parseBase(lines[++at])) {
    if (bases.length === MAX_BASES) throw invalid(`it names over ${MAX_BASES} bases`);
    if (base.payloadDigest <= (bases.at(-1)?.payloadDigest ?? "")) throw invalid(`line ${at + 1} is out of order`);
    bases.push(base);
  }
  if (bases.length === 0) throw invalid("it names no base");
  const objects = parseObjects(lines, at);
  if (tree === null && objects.size > 0) throw invalid("it lists objects of no tree");
  return { tree, bases, objects };
}

function parseTree(line = ""): ImageDigest | null {
  if (line.startsWith("tree ")) return parseTreeWord(line.slice("tree ".length), 2);
  throw invalid("its second line names no tree");
}

function parseTreeWord(word: string, line: number): ImageDigest | null {
  try {
    return word === NONE ? null : parseImageDigest(word);
  } catch (error) {
    throw invalid(`line ${line} names no tree`, error);
  }
}

function parseBase(line = ""): BaseName | undefined {
  if (!line.startsWith("base ")) return undefined;
  const [, name = "", version = "", digits = "", payloadDigest = "", tree = ""] = BASE_PATTERN.exec(line) ?? [];
  const sequence = Number(digits);
  if (!DIGEST_PATTERN.test(payloadDigest) || !Number.isSafeInteger(sequence))
    throw invalid(`no base is ${JSON.stringify(line.slice(0, 300))}`);
  return { name, version, sequence, payloadDigest: payloadDigest as Digest, tree: parseTreeWord(tree, 3) };
}

function parseObjects(lines: readonly string[], first: number): ReadonlyMap<ContentDigest, number> {
  const objects = new Map<ContentDigest, number>();
  let previous = "";
  let totalBytes = 0;
  for (let at = first; at < lines.length; at++) {
    const [, digest, digits] = OBJECT_PATTERN.exec(lines[at] ?? "") ?? [];
    if (digest === undefined) throw invalid(`line ${at + 1} is no object`);
    if (digest <= previous) throw invalid(`line ${at + 1} is out of order`); // BF-10.4: and so is a second copy
    previous = digest;
    totalBytes += Number(digits);
    if (!Number.isSafeInteger(totalBytes)) throw invalid("its objects have more bytes than can be counted");
    objects.set(digest as ContentDigest, Number(digits));
  }
  return objects;
}

function invalid(why: string, cause?: unknown): ComposefsError {
  return new ComposefsError("COMPOSEFS_OBJECT_LIST_INVALID", `the list of an object pack is not acceptable: ${why}`, {
    cause,
  });
}
