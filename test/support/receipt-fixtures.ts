/** Receipts as devices make them, for tests. */
import { digestOf } from "../../src/oci/digest.ts";
import type { Receipt } from "../../src/receipt/receipt.ts";

export const DEVICE_ID = "0123456789abcdef0123456789abcdef";

/** A receipt with every member, changed as `overrides` say. */
export function makeReceipt(overrides: Partial<Receipt> = {}): Receipt {
  const release = { name: "os", version: "2.0", sequence: 2, payloadDigest: digestOf("release 2") };
  return {
    specVersion: "1",
    device: {
      ...{ id: DEVICE_ID, name: null, label: "kiosk-17", compatible: "acme" },
      ...{ architecture: "amd64", backend: "native" },
    },
    ...{ serial: 1, previous: null, atUtc: "2026-11-20T10:00:00Z", isClockTrusted: true, bootId: "boot-1" },
    ...{ attempt: "attempt-1", outcome: "confirmed", release, running: { release, deployment: "2-ab" } },
    held: [{ payloadDigest: release.payloadDigest, tree: `v1-sha256-12:${"ab".repeat(32)}` }],
    ...{
      follows: "os",
      floors: { sequence: 2, payloadDigest: release.payloadDigest, timeUtc: "2026-01-02T00:00:00Z" },
    },
    root: { version: 1, digest: digestOf("root") },
    ...{ refusedReleases: [], reason: null, health: "2 checks passed", agentVersion: "1.0.0" },
    ...overrides,
  };
}
