/** Media that are whole and rightly signed, but not for this device, or not now. */
import type { Statement } from "../../../src/bundle/statement.ts";
import { buildImage } from "./image.ts";
import { MediumDraft } from "./medium-draft.ts";
import { CONTEXT, envelopeOf, floor, goodMedium, statementOf, targetOf } from "./parts.ts";
import type { Vector, VectorContext } from "./vector.ts";

interface Case {
  readonly name: string;
  readonly clause: string;
  readonly about: string;
  readonly code: string;
  readonly statement?: Partial<Statement>;
  readonly context?: Partial<VectorContext>;
}

const EXPIRES = "2026-12-01T00:00:00Z";

const CASES: readonly Case[] = [
  {
    name: "other-compatible",
    clause: "BF-6.6",
    about: "The release is for another kind of device.",
    code: "BUNDLE_COMPATIBLE_MISMATCH",
    context: { device: { ...CONTEXT.device, compatible: "acme-kiosk-v1" } },
  },
  {
    name: "other-architecture",
    clause: "BF-6.6",
    about: "The release has no image for the device's architecture.",
    code: "BUNDLE_ARCHITECTURE_MISMATCH",
    context: { device: { ...CONTEXT.device, architecture: "arm64" } },
  },
  {
    name: "other-name",
    clause: "BF-6.1",
    about: "The device follows another release name.",
    code: "BUNDLE_NAME_NOT_FOLLOWED",
    context: { followName: "gateway-os" },
  },
  {
    name: "older-sequence",
    clause: "BF-6.2",
    about: "The device has confirmed sequence 43.",
    code: "TRUST_SEQUENCE_OLDER",
    context: { state: floor(43) },
  },
  {
    name: "equal-sequence-other-payload",
    clause: "BF-6.3",
    about: "The device has confirmed sequence 42 with another payload.",
    code: "TRUST_SEQUENCE_CONFLICT",
    context: { state: floor(42) },
  },
  {
    name: "expired-by-the-time-floor",
    clause: "BF-6.5",
    about: "A device without a clock has confirmed a release that was made after this one expired.",
    code: "TRUST_EXPIRED",
    statement: { expiresAt: EXPIRES },
    context: { state: { ...CONTEXT.state, timeFloorUtc: EXPIRES } },
  },
  {
    name: "expired-by-the-clock",
    clause: "BF-6.5",
    about: "The synchronised clock is past the expiry.",
    code: "TRUST_EXPIRED",
    statement: { expiresAt: EXPIRES },
    context: { synchronisedNowUtc: "2026-12-01T00:00:01Z" },
  },
  {
    name: "root-expired",
    clause: "BF-6.5",
    about: "The root that the device trusts has expired.",
    code: "TRUST_ROOT_EXPIRED",
    context: { root: "expiring", synchronisedNowUtc: "2027-01-01T00:00:00Z" },
  },
  {
    name: "step-needed",
    clause: "BF-6.8",
    about: "The release wants sequence 41 confirmed first; the device has confirmed 40.",
    code: "BUNDLE_STEP_NEEDED",
    statement: { requires: { minSequence: 41 } },
    context: { state: floor(40) },
  },
  {
    name: "below-the-minimum",
    clause: "BF-6.11",
    about: "The root wants sequence 43 or a later one, of devices too that have confirmed nothing.",
    code: "TRUST_SEQUENCE_BELOW_MINIMUM",
    context: { root: "minimum" },
  },
  {
    name: "downgrade-at-the-floor",
    clause: "BF-6.3",
    about: "The root permits a downgrade to this release, and the device has confirmed another one of its sequence.",
    code: "TRUST_SEQUENCE_CONFLICT",
    context: { root: "downgrade", state: floor(42) },
  },
  {
    name: "name-not-permitted",
    clause: "BF-6.13",
    about: "The device has confirmed releases of another name; that it is configured for this one does not suffice.",
    code: "TRUST_NAME_NOT_PERMITTED",
    context: { state: { ...CONTEXT.state, followedName: "kiosk-classic" } },
  },
  {
    name: "agent-too-old",
    clause: "BF-6.7",
    about: "The release wants a newer bootferry; a release candidate of it is older.",
    code: "BUNDLE_AGENT_TOO_OLD",
    statement: { requires: { minAgent: "1.2.0" } },
    context: { device: { ...CONTEXT.device, agentVersion: "1.2.0-rc.1" } },
  },
];

export async function unfitMedia(): Promise<readonly Vector[]> {
  return [
    ...(await Promise.all(CASES.map(vectorOf))),
    ...(await unlistedDevices()),
    await noRelease(),
    await twoOfEqualSequence(),
  ];
}

async function vectorOf({ name, clause, about, code, statement, context }: Case): Promise<Vector> {
  const { medium } = await goodMedium(statement);
  return refused({ name, clause, about, code, ...(context === undefined ? {} : { context }) }, medium);
}

/** A device that is not on the list, and one that has no name to be on it. */
async function unlistedDevices(): Promise<readonly Vector[]> {
  const image = await buildImage({ version: "42.3.1" });
  const { medium } = await goodMedium({ targets: [{ ...targetOf(image), devices: ["kiosk-0001", "kiosk-0002"] }] });
  const code = "BUNDLE_DEVICE_NOT_LISTED";
  const { deviceId: _, ...nameless } = CONTEXT.device;
  return [
    refused({ name: "device-not-listed", clause: "BF-6.6", about: "The release lists other devices.", code }, medium),
    refused(
      {
        name: "device-without-a-name",
        clause: "BF-6.6",
        about: "The release lists devices and this one has no name.",
        code,
        context: { device: nameless },
      },
      medium,
    ),
  ];
}

async function noRelease(): Promise<Vector> {
  const image = await buildImage({ version: "42.3.1" });
  const medium = new MediumDraft().addImage(image, statementOf(image));
  const about = "The layout holds an image and no release.";
  return refused({ name: "no-release", clause: "BF-1.5", about, code: "BUNDLE_NO_RELEASE" }, medium);
}

async function twoOfEqualSequence(): Promise<Vector> {
  const { medium, image } = await goodMedium();
  const twin = statementOf(image, { version: "42.3.2" });
  medium.addRelease(await envelopeOf(twin), twin);
  const about = "Two releases of sequence 42 with different payloads, both rightly signed.";
  return refused({ name: "two-of-equal-sequence", clause: "BF-6.4", about, code: "TRUST_SEQUENCE_CONFLICT" }, medium);
}

function refused({ name, clause, about, code, context }: Omit<Case, "statement">, medium: MediumDraft): Vector {
  return {
    name,
    kind: "medium",
    clauses: [clause],
    about,
    files: medium.files(),
    context: { ...CONTEXT, ...context },
    expect: { result: "refused", code },
  };
}
