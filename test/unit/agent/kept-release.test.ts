import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keepRelease, keptReleaseFile, openKeptRelease } from "../../../src/agent/kept-release.ts";
import { listReleases } from "../../../src/bundle/read-release.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { parseEnvelope } from "../../../src/trust/dsse.ts";
import { makeRelease } from "./agent-fixture.ts";
import { scratchDirectory } from "./scratch.ts";

describe("the kept release", () => {
  it("is a medium with one release and nothing else", async () => {
    const directory = scratchDirectory();
    const release = await makeRelease(1);
    keepRelease(directory, parseEnvelope(release.envelope));
    const medium = openKeptRelease(directory);
    if (medium === undefined) return expect.fail("nothing was kept");
    const { releases, problems } = await listReleases(medium);
    expect(problems).toEqual([]);
    expect(releases.map(({ envelope }) => digestOf(envelope.payload))).toEqual([release.payloadDigest]);
    await expect(medium.layout.openBlob(release.layerBlob)).rejects.toMatchObject({ code: "OCI_BLOB_MISSING" });
    expect(await medium.layout.blobSizeBytes(release.layerBlob)).toBeUndefined();
  });

  it("is none before one is kept", () => {
    expect(openKeptRelease(scratchDirectory())).toBeUndefined();
  });

  it("is refused when it is damaged", async () => {
    const directory = scratchDirectory();
    keepRelease(directory, parseEnvelope((await makeRelease(1)).envelope));
    const bytes = readFileSync(keptReleaseFile(directory));
    for (const damaged of [Buffer.alloc(0), bytes.subarray(0, 100)]) {
      writeFileSync(keptReleaseFile(directory), damaged);
      expect(() => openKeptRelease(directory)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(TRUST|OCI)_/) }),
      );
    }
  });
});
