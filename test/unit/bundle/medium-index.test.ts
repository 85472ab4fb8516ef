import { describe, expect, it } from "vitest";
import { addEntry, EMPTY_INDEX, MAX_INDEX_ENTRIES } from "../../../src/bundle/medium-index.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { MEDIA_TYPE } from "../../../src/oci/media-type.ts";

const entryOf = (number: number) => ({ mediaType: MEDIA_TYPE.manifest, digest: digestOf(`${number}`), size: 1 });
const full = { ...EMPTY_INDEX, manifests: Array.from({ length: MAX_INDEX_ENTRIES }, (_, number) => entryOf(number)) };

describe("an index that is as long as readers bear", () => {
  it("takes no entry more, since nobody could read the medium then", () => {
    expect(() => addEntry(full, entryOf(MAX_INDEX_ENTRIES))).toThrow(
      expect.objectContaining({ code: "BUNDLE_INDEX_TOO_LONG" }),
    );
  });

  it("still takes one that is there already", () => {
    expect(addEntry(full, entryOf(7)).manifests).toHaveLength(MAX_INDEX_ENTRIES);
  });
});
