/**
 * What bootc has no words for and this device must not forget: which release an image came with, whether it has proved
 * itself, and which source the host followed before us.
 *
 *     <state directory>/bootc.json     this document, replaced durably; in the one /var, so every deployment reads it
 *
 * One that cannot be read counts as absent, and then every deployment is taken for one that bootc's own means have brought
 * and is good: nothing is rolled back, rebooted or removed for want of a record.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest } from "../../oci/digest.ts";
import { type AbsPath, below } from "../../path.ts";
import { openRecordFile } from "../record-file.ts";

const digest = z.string().regex(DIGEST_PATTERN) as unknown as z.ZodType<Digest, string>;

const imageSchema = z.object({
  /** Of the signed statement; null for an image of which only that it is good is known. */
  payloadDigest: digest.nullable(),
  release: z.object({ name: z.string(), version: z.string(), sequence: z.int() }).nullable(),
  /** `new`: it has to prove itself; `bad`: it was given up, or the loader went back from it. */
  standing: z.enum(["new", "good", "bad"]),
  /** The boots in which it ran while it had to prove itself. */
  trials: z.array(z.string()).default([]),
  /** Who counts its tries and goes back when they are used up. */
  countedBy: z.enum(["us", "grub", "greenboot"]).default("us"),
});

const recordSchema = z.object({
  version: z.literal(1),
  /** By the digest of the image manifest. */
  images: z.record(digest, imageSchema).default({}),
  /** What the host followed when it was first given an image of ours; null when that is not known. */
  sourceBefore: z.object({ image: z.string(), transport: z.string() }).nullable().default(null),
  /** The boot in which the boot order was last changed by us; in it, what waits in the rollback slot is not fallen. */
  reorderedInBoot: z.string().nullable().default(null),
  /** A staged image is being dropped by rolling back twice: how the order was, and in which boot. */
  undoing: z.object({ rollbackQueued: z.boolean(), bootId: z.string() }).nullable().default(null),
});

export type BootcRecord = Readonly<z.infer<typeof recordSchema>>;
export type RecordedImage = Readonly<z.infer<typeof imageSchema>>;

export const NO_RECORD: BootcRecord = recordSchema.parse({ version: 1 });

export function recordFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "bootc.json");
}

/** @throws HostError when it is there and may not be read */
export function readRecord(stateDirectory: AbsPath): BootcRecord {
  return recordOf(stateDirectory).read();
}

/** Replaces the record by what `change` makes of it. @throws HostError */
export function changeRecord(stateDirectory: AbsPath, change: (record: BootcRecord) => BootcRecord): BootcRecord {
  return recordOf(stateDirectory).change(change);
}

function recordOf(stateDirectory: AbsPath) {
  return openRecordFile<BootcRecord>(recordFile(stateDirectory), recordSchema, NO_RECORD);
}

/** With `facts` laid over what is known of an image; one that nothing is known of begins as good and without a release. */
export function withImage(record: BootcRecord, manifestDigest: Digest, facts: Partial<RecordedImage>): BootcRecord {
  const known = record.images[manifestDigest] ?? {
    payloadDigest: null,
    release: null,
    standing: "good" as const,
    trials: [],
    countedBy: "us" as const,
  };
  return { ...record, images: { ...record.images, [manifestDigest]: { ...known, ...facts } } };
}

/** Without the images that are nowhere any more. */
export function keepImages(record: BootcRecord, isKept: (manifestDigest: Digest) => boolean): BootcRecord {
  const kept = Object.entries(record.images).filter(([manifestDigest]) => isKept(manifestDigest as Digest));
  return { ...record, images: Object.fromEntries(kept) };
}
