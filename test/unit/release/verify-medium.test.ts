import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { digestHex, digestOf } from "../../../src/oci/digest.ts";
import { createRelease } from "../../../src/release/create-release.ts";
import { verifyMedium } from "../../../src/release/verify-medium.ts";
import { formatEnvelope } from "../../../src/trust/dsse.ts";
import { fixtureDraft, fixturePorts, fixtureRoot, writeFixtureImage } from "../../support/release-fixtures.ts";

describe("a medium that is about to travel", () => {
  it("gives back the roots that were put beside the release, or is refused", async () => {
    const directory = mkdtempSync(join(tmpdir(), "medium-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    await writeFixtureImage(directory);
    const root = await fixtureRoot();
    const draft = fixtureDraft(directory, { carriedRoots: [root] });
    const { manifestDigest } = await createRelease(draft, fixturePorts(directory));
    const verify = () =>
      verifyMedium(draft.destination, { manifestDigest, root, carriedRoots: [root] }, fixturePorts(directory));
    expect(await verify()).toMatchObject({ signaturesChecked: true });
    const envelope = formatEnvelope(root.envelope);
    const blob = join(draft.destination, "bootferry/blobs/sha256", digestHex(digestOf(envelope)));
    writeFileSync(blob, Buffer.alloc(envelope.length));
    await expect(verify()).rejects.toThrow(expect.objectContaining({ code: "RELEASE_WRITTEN_DIFFERS" }));
  });
});
