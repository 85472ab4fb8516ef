/**
 * Media during which the machine went down: a file system that crashes the kernel must not keep a device, into which it
 * stays plugged, in a circle of boots.
 *
 *     <state directory>/media.json     the medium that is in, by file system id and size, and those that crashed
 *
 * What is about to be done with a medium is on disk before it is done, and is taken back when the medium is closed in
 * order. When it is found there in another boot, the machine went down in between. Whether the medium was to blame cannot
 * be known: people switch devices off. So it counts by what was going on:
 *
 *     opening   mounting and looking at its directories, a second or two, what a broken file system crashes at: twice
 *     reading   minutes, in which anybody may cut the power: five times, and only when nothing new was stored meanwhile
 */
import { z } from "zod";
import type { MediumDevice } from "../media/device-lookup.ts";
import type { ProbedFilesystem } from "../media/probe-filesystem.ts";
import { type AbsPath, below } from "../path.ts";
import { AgentError } from "./error.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";

const LIMITS = { opening: 2, reading: 5 } as const;
const MAX_MEDIA = 16; // the oldest are forgotten

const phaseSchema = z.enum(["opening", "reading"]);

const mediumSchema = z.strictObject({
  label: z.string().nullable(),
  /** Crashes of the machine in a row, by what was going on. */
  crashes: z.strictObject({ opening: z.int().nonnegative(), reading: z.int().nonnegative() }),
  /** What is going on now; null when it was closed in order. */
  now: z
    .strictObject({
      phase: phaseSchema,
      bootId: z.string(),
      /** How many objects (or blobs) were stored when it began. */
      objects: z.int().nonnegative(),
    })
    .nullable(),
  atUtc: z.string(),
});

const quarantineSchema = z.strictObject({ version: z.literal(1), media: z.record(z.string(), mediumSchema) });

type Phase = z.infer<typeof phaseSchema>;
type Medium = Readonly<z.infer<typeof mediumSchema>>;
type Quarantine = Readonly<z.infer<typeof quarantineSchema>>;

function quarantineFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "media.json");
}

/** What stays the same when a medium is pulled and plugged in again, and differs between most. */
export function mediumKey({ type, uuid, label }: ProbedFilesystem, { sizeBytes }: MediumDevice): string {
  return `${type} ${uuid ?? label ?? "-"} ${sizeBytes}`;
}

export interface QuarantineFacts {
  /** Of the running system. */
  readonly bootId: string;
  /** How many objects (or blobs) are stored. */
  readonly objects: number;
  readonly atUtc: string;
}

/** What was found when the phase before began, judged by what is there now. Pure. */
function settleCrash(medium: Medium, { bootId, objects }: Pick<QuarantineFacts, "bootId" | "objects">): Medium {
  const { now, crashes } = medium;
  if (now === null || now.bootId === bootId) return { ...medium, now: null }; // the process ended, not the machine
  if (now.phase === "opening") return { ...medium, now: null, crashes: { ...crashes, opening: crashes.opening + 1 } };
  const hasStored = objects > now.objects;
  return { ...medium, now: null, crashes: { opening: 0, reading: hasStored ? 0 : crashes.reading + 1 } };
}

/**
 * Puts on disk that the medium is about to be opened or read, unless it is in quarantine.
 * @throws AgentError AGENT_MEDIUM_QUARANTINED; HostError
 */
export function enterPhase(
  stateDirectory: AbsPath,
  key: string,
  phase: Phase,
  facts: QuarantineFacts & { readonly label: string | undefined },
  onDamaged: (why: string) => void,
): void {
  const quarantine = readQuarantine(stateDirectory, onDamaged);
  const { bootId, objects, atUtc, label = null } = facts;
  const fresh: Medium = { label, crashes: { opening: 0, reading: 0 }, now: null, atUtc };
  const before = settleCrash(quarantine.media[key] ?? fresh, facts);
  const crashes = phase === "reading" ? { ...before.crashes, opening: 0 } : before.crashes; // it was opened well
  const isHeld = crashes.opening >= LIMITS.opening || crashes.reading >= LIMITS.reading;
  const now = isHeld ? null : { phase, bootId, objects };
  writeQuarantine(stateDirectory, { ...quarantine.media, [key]: { label, crashes, now, atUtc } });
  if (!isHeld) return;
  const [times, what] = crashes.opening >= LIMITS.opening ? [crashes.opening, "opened"] : [crashes.reading, "read"];
  throw new AgentError(
    "AGENT_MEDIUM_QUARANTINED",
    `the machine went down ${times} times while this medium (${key}) was being ${what}; it is not opened again`,
  );
}

/** The medium was closed in order: nothing is held against it. @throws HostError */
export function leaveMedium(stateDirectory: AbsPath, key: string): void {
  const { media } = readQuarantine(stateDirectory, () => undefined);
  const { [key]: left, ...others } = media;
  if (left !== undefined) writeQuarantine(stateDirectory, others);
}

/** A person allows all media another try. @returns those that were in quarantine, as messages name them */
export function releaseMedia(stateDirectory: AbsPath): readonly string[] {
  const { media } = readQuarantine(stateDirectory, () => undefined);
  writeQuarantine(stateDirectory, {});
  const isHeld = ([, { crashes }]: [string, Medium]) =>
    crashes.opening >= LIMITS.opening || crashes.reading >= LIMITS.reading;
  return Object.entries(media)
    .filter(isHeld)
    .map(([key, { label }]) => (label === null ? key : `${label} (${key})`));
}

function readQuarantine(stateDirectory: AbsPath, onDamaged: (why: string) => void): Quarantine {
  return readStateFile(quarantineFile(stateDirectory), quarantineSchema, onDamaged) ?? { version: 1, media: {} };
}

function writeQuarantine(stateDirectory: AbsPath, media: Quarantine["media"]): void {
  const newest = Object.entries(media).sort(([, a], [, b]) => (a.atUtc < b.atUtc ? 1 : -1));
  writeStateFile(quarantineFile(stateDirectory), { version: 1, media: Object.fromEntries(newest.slice(0, MAX_MEDIA)) });
}
