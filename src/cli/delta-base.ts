/** What a delta may leave out: releases whose contents the devices have that would take it. Pure. */
import type { Digest } from "../oci/digest.ts";
import type { KnownDevice, Ledger } from "../receipt/ledger/ledger.ts";
import type { ReceiptRelease } from "../receipt/receipt.ts";

/** Of a release that nobody has named only the digest is known. */
export type NamedRelease = Pick<ReceiptRelease, "payloadDigest"> & Partial<ReceiptRelease>;

/** Every release that some receipt names, by payload digest. */
export function releaseNames({ devices }: Ledger): ReadonlyMap<Digest, ReceiptRelease> {
  const named = devices.flatMap(({ receipts }) =>
    receipts.flatMap(({ receipt: { release, running } }) => [release, running.release]),
  );
  return new Map(named.flatMap((release) => (release === null ? [] : [[release.payloadDigest, release] as const])));
}

/** What the device has, the newest first; those without a name last. */
export function heldBy(device: KnownDevice, names: ReadonlyMap<Digest, ReceiptRelease>): readonly NamedRelease[] {
  const held = device.receipts.at(-1)?.receipt.held ?? [];
  const named = held.map(({ payloadDigest }): NamedRelease => names.get(payloadDigest) ?? { payloadDigest });
  return named.toSorted((a, b) => (b.sequence ?? 0) - (a.sequence ?? 0));
}

/** The newest release that all of them have, or undefined when there is none, or none of them. */
export function commonBase(held: readonly (readonly NamedRelease[])[]): NamedRelease | undefined {
  const [first, ...others] = held;
  return first?.find(({ payloadDigest }) =>
    others.every((releases) => releases.some((release) => release.payloadDigest === payloadDigest)),
  );
}
