/**
 * What a hostile layer is made of, and what must become of it.
 *
 * A case is data: entries written byte by byte, where the idea was published, and both outcomes. No file of the corpus
 * is kept; the bytes are the same on each run.
 */
import { archive, entry, header, octal, type TarFields } from "../unit/tree/tar-bytes.ts";

export const TAR = "application/vnd.oci.image.layer.v1.tar";

export interface LayerBlob {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface HostileLayer {
  readonly what: string;
  /** The advisory, the report or the clause that the idea is from. */
  readonly source: string;
  /** Layers that it stands on, lowest first. */
  readonly below: readonly Buffer[];
  /** The layer, as it stands on a medium. `honest` holds whole entries that follow the hostile ones, where they can. */
  readonly blob: (honest: Buffer) => LayerBlob;
  /** What the workstation makes of it: a refusal, or this tree and no other (`describeMerged` of merge-hostile.ts). */
  readonly onWorkstation: { readonly code: string } | { readonly tree: readonly string[] };
  /** What a device says of it when a signed tree asks for more than the layer holds. */
  readonly onDevice: string;
}

/** The device takes contents by their digest and nothing else, so most attacks are no more to it than "not that file". */
export const NOT_THERE = "STORE_OBJECT_MISSING_FROM_MEDIUM";

interface Outcome {
  readonly code?: string;
  readonly tree?: readonly string[];
  /** As on the workstation for what is wrong with an archive; NOT_THERE for what a tree holds. */
  readonly device?: string;
}

/** Hostile entries in a plain archive. */
function hostile(
  what: string,
  source: string,
  { code, tree = [], device }: Outcome,
  parts: readonly Buffer[],
  below: readonly Buffer[] = [],
): HostileLayer {
  const blob = (honest: Buffer) => ({ mediaType: TAR, bytes: archive(...parts, honest) });
  const onWorkstation = code === undefined ? { tree } : { code };
  return { what, source, below, blob, onWorkstation, onDevice: device ?? code ?? NOT_THERE };
}

/** Refused by whoever reads the archive. */
export function malformed(what: string, source: string, code: string, ...parts: Buffer[]): HostileLayer {
  return hostile(what, source, { code }, parts);
}

/** Refused where names matter; the device, which takes no names, has no use for it. */
export function unfit(what: string, source: string, code: string, parts: Buffer[], below?: Buffer[]): HostileLayer {
  return hostile(what, source, { code, device: NOT_THERE }, parts, below);
}

/** Allowed by the specifications, harmless because nothing is unpacked: `tree` is all that it makes. */
export function legal(what: string, source: string, tree: string[], parts: Buffer[], below?: Buffer[]): HostileLayer {
  return hostile(what, source, { tree }, parts, below);
}

/** A layer whose bytes are no plain archive: cut, compressed, followed by something. */
export function raw(
  what: string,
  source: string,
  outcome: Outcome,
  blob: (honest: Buffer) => Buffer,
  mediaType = TAR,
): HostileLayer {
  const plain = hostile(what, source, outcome, []);
  return { ...plain, blob: (honest) => ({ mediaType, bytes: blob(honest) }) };
}

/** What an escape would write; longer than the 64 bytes that a tree holds itself. */
export const EVIL = "written by a hostile layer, which must not happen\n".repeat(4);
/** Where escapes aim at. */
export const TARGET = "/tmp/bootferry-hostile-layer-escaped";
export const UP = "../".repeat(12).slice(0, -1);

export const file = (name: string, content = "x", fields: TarFields = {}) => entry({ name, ...fields }, content);
export const evil = (name: string, fields: TarFields = {}) => entry({ name, ...fields }, EVIL);
export const directory = (name: string, fields: TarFields = {}) =>
  header({ name, type: "5", mode: "0000700\0", ...fields });
export const symlink = (name: string, linkName: string) => header({ name, type: "2", linkName });
export const hardlink = (name: string, linkName: string) => header({ name, type: "1", linkName });
export const device = (name: string, type: "3" | "4", major: number, minor: number) =>
  header({ name, type, major: octal(major, 7), minor: octal(minor, 7) });
