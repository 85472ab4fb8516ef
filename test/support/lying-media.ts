/** Media for telling lies with, honest to begin with, and the telling of every lie at every call. */
import { join } from "node:path";
import type { MediumDraft } from "../../bundle-format/vectors/source/medium-draft.ts";
import {
  envelopeOf,
  ROOT_DRAFTS,
  rootEnvelope,
  SINGLE_ROOT,
  targetOf,
} from "../../bundle-format/vectors/source/parts.ts";
import { toAbsPath } from "../../src/path.ts";
import { type BadInputDevice, honestImage, mediumOf, rootFiles } from "./bad-media.ts";
import type { MediumCall } from "./medium-calls.ts";
import { type Lie, LyingMedium } from "./medium-lies.ts";
import { packFixture } from "./pack-fixtures.ts";

export interface MediumToLie {
  readonly medium: LyingMedium;
  /** The digests of the images that a device may install of it, or of what is put in its place. */
  readonly signed: ReadonlySet<string>;
}

/** One release, which follows what the device runs; the medium that may be put in its place has a newer one. */
export async function mediumOfOne(device: BadInputDevice): Promise<MediumToLie> {
  const one = await mediumOf(await honestImage("42"));
  const other = await newerRelease();
  const signed = new Set([one, other].map(({ image }) => image.tree.composefs));
  return { medium: layOut(device, one.medium, other.medium), signed };
}

/** One release as a delta since what the device runs: a pack in place of its layers. */
export async function mediumOfDelta(device: BadInputDevice): Promise<MediumToLie> {
  const one = await mediumOf(await honestImage("42"));
  const { medium, image } = one;
  const { layers } = JSON.parse(medium.blobs.get(image.manifest.digest)?.toString() ?? "");
  for (const { digest } of layers) medium.blobs.delete(digest);
  const files = rootFiles("42").flatMap((entry) => ("content" in entry ? [Buffer.from(entry.content ?? "")] : []));
  const large = files.filter(({ length }) => length > 64);
  const pack = packFixture({ subject: image.manifest, tree: image.tree.composefs, files: large });
  for (const blob of pack.blobs) medium.addBlob(blob);
  medium.addEntry({ ...medium.addBlob(pack.manifest), artifactType: "application/vnd.bootferry.objects.v1" });
  const other = await newerRelease();
  const signed = new Set([one, other].map((it) => it.image.tree.composefs));
  return { medium: layOut(device, medium, other.medium), signed };
}

/** Two releases for the device, one for another kind of device, and two roots. */
export async function mediumOfSeveral(device: BadInputDevice): Promise<MediumToLie> {
  const newer = await newerRelease();
  const older = await mediumOf(await honestImage("42"));
  const { medium } = newer;
  medium.addImage(older.image, older.statement);
  medium.addRelease(older.envelope, older.statement);
  const target = { ...targetOf(older.image), compatible: "acme-gate-v1" };
  const foreign = { ...older.statement, name: "gate-os", targets: [target] };
  medium.addRelease(await envelopeOf(foreign), foreign);
  for (const version of [1, 2]) {
    const signers = ROOT_DRAFTS["single"]?.signers ?? [];
    medium.addRoot(await rootEnvelope({ ...SINGLE_ROOT, version }, signers), version);
  }
  const signed = new Set([newer, older].map(({ image }) => image.tree.composefs));
  return { medium: layOut(device, medium, older.medium), signed };
}

async function newerRelease() {
  return mediumOf(await honestImage("43"), { version: "43.0.0", sequence: 43 });
}

function layOut(device: BadInputDevice, medium: MediumDraft, other: MediumDraft): LyingMedium {
  const [name, otherName] = [device.layOut(medium), device.layOut(other)];
  const place = (it: string) => toAbsPath(join(device.directory, it));
  return new LyingMedium(place(name), place(otherName), toAbsPath(`${device.directory}-${name}`));
}

/** What became of each lie that was told. */
export interface Tally {
  readonly cases: number;
  /** What was told → how often. */
  readonly told: ReadonlyMap<string, number>;
  /** What was not as it must be, with call and lie. */
  readonly wrong: readonly string[];
}

/** Tells each of `lies` at each of `calls`, one in each run. */
export async function tellEach(
  medium: LyingMedium,
  calls: readonly MediumCall[],
  lies: readonly Lie[],
  run: (lies: ReadonlyMap<number, Lie>) => Promise<{ readonly told: string; readonly wrong: readonly string[] }>,
): Promise<Tally> {
  let cases = 0;
  const told = new Map<string, number>();
  const wrong: string[] = [];
  for (const call of calls) {
    for (const lie of lies.filter((it) => it.fits(call, medium))) {
      const result = await run(new Map([[call.number, lie]]));
      cases += 1;
      told.set(result.told, (told.get(result.told) ?? 0) + 1);
      const what = `${call.kind} ${call.path.slice(medium.directory.length)}: ${lie.name}: ${result.told}`;
      wrong.push(...result.wrong.map((why) => `${what}: ${why}`));
    }
  }
  return { cases, told, wrong };
}
