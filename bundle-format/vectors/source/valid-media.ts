/** Media that have to be accepted. */
import { RELEASE_ARTIFACT_TYPE } from "../../../src/bundle/media-type.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { MEDIA_TYPE } from "../../../src/oci/media-type.ts";
import { parseEnvelope } from "../../../src/trust/dsse.ts";
import { buildImage } from "./image.ts";
import { CONTEXT, envelopeOf, floor, goodMedium, rootEnvelope, SINGLE_ROOT, statementOf, targetOf } from "./parts.ts";
import type { Vector } from "./vector.ts";

const valid = { kind: "medium", context: CONTEXT } as const;

export async function validMedia(): Promise<readonly Vector[]> {
  return [
    await single(),
    await everyMember(),
    await twoOfThree(),
    await countersigned(),
    await severalReleases(),
    await brokenNeighbours(),
    await alreadyCurrent(),
    await lyingIndex(),
    await permittedDowngrade(),
    await permittedName(),
  ];
}

async function single(): Promise<Vector> {
  const { medium } = await goodMedium();
  return {
    ...valid,
    name: "single-release",
    clauses: ["BF-1.1", "BF-5.1"],
    about: "One release for one kind of device.",
    files: medium.files(),
    expect: { result: "valid", sequence: 42 },
  };
}

async function everyMember(): Promise<Vector> {
  const image = await buildImage({ version: "42.3.1" });
  const app = { name: "docker.io/acme/ui:7", image: image.manifest };
  const { medium } = await goodMedium({
    expiresAt: "2027-11-20T10:00:00Z",
    notes: "Two lines of notes:\nthe second has an ä.",
    requires: { minSequence: 30, minAgent: "1.0.0" },
    targets: [
      { ...targetOf(image), devices: ["kiosk-0006", "kiosk-0007"], apps: [app] },
      { ...targetOf(image), compatible: "acme-kiosk-v1", tree: null },
    ],
  });
  medium.addRoot(await rootEnvelope(SINGLE_ROOT, ["root-a"]), 1);
  const floors = { "kiosk-os": { sequence: 30, payloadDigest: digestOf("a release before") } };
  return {
    ...valid,
    name: "every-member",
    clauses: ["BF-4.2", "BF-6.5", "BF-6.7", "BF-6.8"],
    about: "A statement that uses every optional member, listed devices, and a root document beside it.",
    files: medium.files(),
    context: {
      ...CONTEXT,
      state: { ...CONTEXT.state, floors, timeFloorUtc: "2026-01-01T00:00:00Z" },
      synchronisedNowUtc: "2027-11-20T09:59:59Z",
    },
    expect: { result: "valid", sequence: 42 },
  };
}

async function permittedDowngrade(): Promise<Vector> {
  const { medium } = await goodMedium();
  return {
    ...valid,
    name: "downgrade-permitted",
    clauses: ["BF-6.12"],
    about: "The device has confirmed sequence 43, and the root permits to go back to this release.",
    files: medium.files(),
    context: { ...CONTEXT, root: "downgrade", state: floor(43) },
    expect: { result: "valid", sequence: 42 },
  };
}

async function permittedName(): Promise<Vector> {
  const { medium } = await goodMedium();
  return {
    ...valid,
    name: "name-permitted",
    clauses: ["BF-6.13"],
    about: "The device has confirmed releases of another name, and the root lets this name follow it.",
    files: medium.files(),
    context: { ...CONTEXT, root: "successor", state: { ...CONTEXT.state, followedName: "kiosk-classic" } },
    expect: { result: "valid", sequence: 42 },
  };
}

async function twoOfThree(): Promise<Vector> {
  const { medium } = await goodMedium({}, ["release-c", "stranger", "release-a"]);
  return {
    ...valid,
    name: "two-of-three",
    clauses: ["BF-2.7", "BF-2.8"],
    about: "Two of three keys have signed, and a key that nobody knows, which does no harm.",
    files: medium.files(),
    context: { ...CONTEXT, root: "two-of-three" },
    expect: { result: "valid", sequence: 42 },
  };
}

async function countersigned(): Promise<Vector> {
  const { medium } = await goodMedium({}, ["release-a", "countersign"]);
  return {
    ...valid,
    name: "countersigned",
    clauses: ["BF-3.8"],
    about: "The root asks for a countersignature and the release has it.",
    files: medium.files(),
    context: { ...CONTEXT, root: "countersigned" },
    expect: { result: "valid", sequence: 42 },
  };
}

async function severalReleases(): Promise<Vector> {
  const { medium, image } = await goodMedium();
  const older = statementOf(image, { version: "41.0.0", sequence: 41 });
  medium.addRelease(await envelopeOf(older), older);
  const other = statementOf(image, { name: "gateway-os", version: "7.0", sequence: 99 });
  medium.addRelease(await envelopeOf(other), other);
  const newer = await buildImage({ version: "43.0.0" });
  const newest = statementOf(newer, { version: "43.0.0", sequence: 43, createdAt: "2026-11-21T10:00:00Z" });
  medium.addImage(newer, newest);
  medium.addRelease(await envelopeOf(newest), newest);
  return {
    ...valid,
    name: "several-releases",
    clauses: ["BF-1.1", "BF-6.1", "BF-6.4"],
    about: "Four releases share one layout; the newest of the followed name is chosen.",
    files: medium.files(),
    expect: { result: "valid", sequence: 43 },
  };
}

async function brokenNeighbours(): Promise<Vector> {
  const { medium, statement } = await goodMedium();
  const missing = digestOf("a manifest that is not there");
  medium.addEntry({ mediaType: MEDIA_TYPE.manifest, digest: missing, size: 7, artifactType: RELEASE_ARTIFACT_TYPE });
  medium.addRelease(Buffer.from("{}"), statement);
  const sha512 = `sha512:${"0".repeat(128)}` as Digest;
  medium.addEntry({ mediaType: MEDIA_TYPE.manifest, digest: sha512, size: 7 });
  return {
    ...valid,
    name: "broken-neighbours",
    clauses: ["BF-1.7"],
    about: "A missing manifest, an envelope that is none and a foreign digest do not hide the good release.",
    files: medium.files(),
    expect: { result: "valid", sequence: 42 },
  };
}

async function alreadyCurrent(): Promise<Vector> {
  const { medium, envelope } = await goodMedium({ expiresAt: "2026-12-01T00:00:00Z" });
  const payloadDigest = digestOf(parseEnvelope(envelope).payload);
  return {
    ...valid,
    name: "already-current",
    clauses: ["BF-6.3", "BF-6.5"],
    about: "The device has confirmed this very release: nothing to do, even after it expired.",
    files: medium.files(),
    context: {
      ...CONTEXT,
      state: { ...CONTEXT.state, floors: { "kiosk-os": { sequence: 42, payloadDigest } } },
      synchronisedNowUtc: "2027-06-01T00:00:00Z",
    },
    expect: { result: "valid", sequence: 42, current: true },
  };
}

/** The index names things wrongly in every way that must not matter. */
async function lyingIndex(): Promise<Vector> {
  const { medium } = await goodMedium();
  const text = medium
    .indexText()
    .replaceAll("kiosk-os-42.3.1", "something-else")
    .replaceAll('"architecture":"amd64"', '"architecture":"riscv64"')
    .replace(`,"artifactType":"${RELEASE_ARTIFACT_TYPE}"`, "");
  return {
    ...valid,
    name: "index-is-only-a-hint",
    clauses: ["BF-1.5", "BF-5.2"],
    about: "Tags and platforms in the index are wrong and the artifact type is missing there; the statement decides.",
    files: medium.override("bootferry/index.json", { text }).files(),
    expect: { result: "valid", sequence: 42 },
  };
}
