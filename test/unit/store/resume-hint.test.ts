import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ingestRelease } from "../../../src/store/ingest.ts";
import { readResumeHint, removeResumeHint, writeResumeHint } from "../../../src/store/resume-hint.ts";
import { openStaging } from "../../../src/store/staging.ts";
import { lyingLayout } from "../../support/lying-layout.ts";
import { noise, openTestStore, releaseFixture } from "./store-fixture.ts";

const fixture = await releaseFixture([{ a: noise("a", 5000) }, { b: noise("b", 300) }]);
const { imageDigest, layerBlobs } = fixture;

describe("the resume hint", () => {
  it("is read as it was written, for its image only, until it is removed", async () => {
    const store = await openTestStore();
    await using _staging = await openStaging(store);
    writeResumeHint(store, imageDigest, new Set(layerBlobs));
    const other = await releaseFixture([{ a: noise("other", 5000) }]);
    expect(readResumeHint(store, imageDigest)).toEqual(new Set(layerBlobs));
    expect(readResumeHint(store, other.imageDigest).size).toBe(0);
    removeResumeHint(store);
    expect(readResumeHint(store, imageDigest).size).toBe(0);
  });

  it.each(["", "null", "{", '{"image":1,"layers":[]}', "\0\0\0\0"])("is nothing when it is %j", async (text) => {
    const store = await openTestStore();
    writeFileSync(join(store.directory, "resume.json"), text);
    expect(readResumeHint(store, imageDigest).size).toBe(0);
  });

  it("does no harm when it is wrong: layers that it names are read after the others", async () => {
    const store = await openTestStore();
    const hint = JSON.stringify({ image: imageDigest, layers: layerBlobs });
    writeFileSync(join(store.directory, "resume.json"), hint);
    expect(readResumeHint(store, imageDigest).size).toBe(layerBlobs.length);
    const medium = lyingLayout(fixture.medium);
    await ingestRelease(store, medium, fixture.release, fixture.target);
    expect([...store.listObjects()]).toHaveLength(2);
    expect(readResumeHint(store, imageDigest).size).toBe(0);
  });
});
